//! What an executor shares with the join handles of its tasks: its tasks and its queues.

use std::{
    panic::Location,
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{Ordering, fence},
    },
    task::{Poll, Waker},
};

use super::{
    abort::AbortHandle,
    counts::Counts,
    future::{LocalTask, MakeTask, Name},
    join_error::Outcome,
    outcomes::Answer,
    queue::{Order, ReadyQueue},
    queues::Queues,
    remote::{Message, RemoteQueue},
    remote_join::RemoteJoin,
    task::JoinState,
    tasks::Tasks,
};
use crate::{
    current,
    id::TaskId,
    trace::{Cause, EventKind, Tracer, Warning},
    user_code,
};

pub(crate) struct Shared {
    pub(crate) tasks: Tasks,
    pub(super) queues: Rc<Queues>,
    /// Shared with every [`Handle`](crate::Handle), to see whether there are any.
    handles: Arc<()>,
    pub(crate) counts: Counts,
}

impl Shared {
    #[track_caller]
    pub(super) fn new(unparker: Waker, order: Order, tracer: Rc<Tracer>) -> Shared {
        let remote = Arc::new(RemoteQueue::new(unparker));
        let tasks = Tasks::new(Arc::clone(&remote), Rc::clone(tracer.clock()));
        let queues = Queues { ready: ReadyQueue::new(order), remote, tracer };
        Shared { tasks, queues: Rc::new(queues), handles: Arc::new(()), counts: Counts::default() }
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.queues.tracer
    }

    /// Returns what each [`Handle`](crate::Handle) has a clone of.
    pub(super) fn handles(&self) -> &Arc<()> {
        &self.handles
    }

    /// Says whether there is any [`Handle`](crate::Handle).
    pub(crate) fn has_handles(&self) -> bool {
        let any = Arc::strong_count(&self.handles) > 1;
        // Acquire: what the last handle has sent happened before it went.
        fence(Ordering::Acquire);
        any
    }

    /// Gives the memory of a crowd that has ended back.
    pub(super) fn shrink(&self) {
        self.queues.ready.shrink();
        self.tasks.shrink();
    }

    /// Makes a task of a future, and queues it.
    pub(super) fn add(
        &self,
        future: LocalTask,
        location: &'static Location<'static>,
        name: Name,
        join: JoinState,
    ) -> TaskId {
        let id = self.tasks.insert(future, location, name.clone(), join);
        self.queues.ready.push(id);
        self.counts.add_spawned();
        self.tracer().emit(Some(id), || EventKind::Spawned { name, location });
        id
    }

    // Joins: the methods of `Tasks`, and the events.

    /// Takes the outcome of a task that is done. Otherwise leaves the waker of the task that is polled.
    /// `location` is where it polls the handle.
    #[inline]
    pub(super) fn poll_outcome(
        &self,
        id: TaskId,
        waker: &Waker,
        location: &'static Location<'static>,
    ) -> Poll<Outcome> {
        let joiner = current::task();
        match self.tasks.poll_outcome(id, waker, joiner) {
            Answer::Ready(outcome) => return Poll::Ready(outcome),
            Answer::Left { before } if self.tracer().is_on() => {
                self.report_join(id, before, joiner, location);
            }
            _ => {}
        }
        Poll::Pending
    }

    /// Reports which task waits for the end of this one, if that was another one, or none, `before`.
    #[cold]
    fn report_join(
        &self,
        id: TaskId,
        before: Option<TaskId>,
        after: Option<TaskId>,
        location: &'static Location<'static>,
    ) {
        if before == after {
            return;
        }
        if before.is_some() {
            self.tracer().emit(before, || EventKind::JoinEnded { task: id });
        }
        if let Some(joiner) = after {
            // If a task's whole future is a join handle, this crate polls it, so the location is not
            // in the user's code.
            let spawned = self.tasks.location(joiner).filter(|_| is_ours(location));
            let location = spawned.unwrap_or(location);
            self.tracer().emit(after, || EventKind::Joining { task: id, location });
        }
    }

    /// Wakes the task that waits for the end of this one.
    #[inline]
    pub(super) fn wake_joiner(&self, id: TaskId, joiner: Waker) {
        self.report_join_end(id);
        user_code::wake(joiner);
    }

    /// Reports that the waker of the task that waits for the end of this one was taken.
    #[inline]
    pub(super) fn report_join_end(&self, id: TaskId) {
        if self.tracer().is_on() {
            self.emit_join_end(id);
        }
    }

    #[cold]
    fn emit_join_end(&self, id: TaskId) {
        if let Some(joiner) = self.tasks.joiner(id) {
            self.tracer().emit(Some(joiner), || EventKind::JoinEnded { task: id });
        }
    }

    /// Takes the waker of the handle that waits for the task, if one does.
    pub(super) fn take_join_waker(&self, id: TaskId) -> Option<Waker> {
        let waker = self.tasks.take_join_waker(id);
        if waker.is_some() {
            self.report_join_end(id);
        }
        waker
    }

    /// Does what the messages of other threads ask for.
    pub(super) fn receive(&self, messages: &mut Vec<Message>) {
        self.queues.remote.take(messages);
        for message in messages.drain(..) {
            match message {
                Message::Wake(id) if self.tasks.mark_received(id) => {
                    self.counts.add_wake_remote();
                    self.queues.push_woken(id, Cause::OtherThread);
                }
                Message::Wake(_) => {}
                Message::Spawn(make, location, join) => self.spawn_for(make, location, join),
            }
        }
    }

    /// Makes a task for a handle on another thread.
    fn spawn_for(&self, make: MakeTask, location: &'static Location<'static>, join: RemoteJoin) {
        let started = join.on_started();
        let id = self.add(make(), location, None, JoinState::Remote(join));
        let abort = AbortHandle::new(id, self.tasks.header(id));
        started(Arc::new(move || abort.abort()));
    }

    /// Says whether there is a task to poll, or a message to receive.
    pub(crate) fn has_work(&self) -> bool {
        !self.queues.ready.is_empty() || self.queues.remote.is_pending()
    }

    /// Says whether the sleep that was announced is over: there is work, or a sender has ended it. That sender may be
    /// late, for a message that was received before. But no other sender unparks the executor from then on, so it
    /// must not sleep before the next announcement.
    pub(crate) fn sleep_is_over(&self) -> bool {
        self.has_work() || self.queues.remote.is_awake()
    }

    /// Does what a sender does that is late: it unparks the executor for a message that was received already.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn announce_sleep_and_be_late(&self) {
        assert!(self.queues.remote.prepare_park());
        self.queues.remote.unpark();
    }

    /// Says whether there is a message, for sure: also one of a thread that is done since.
    pub(crate) fn has_messages(&self) -> bool {
        self.queues.remote.has_messages()
    }

    /// Lists the tasks that are ready.
    pub(crate) fn ready_tasks(&self) -> Vec<TaskId> {
        self.queues.ready.list()
    }

    /// Warns if the task waits and can never run again.
    pub(crate) fn warn_if_lost(&self, id: TaskId) {
        if self.tasks.is_lost(id) {
            self.warn_of_lost_waker(id);
        }
    }

    #[cold]
    pub(super) fn warn_of_lost_waker(&self, id: TaskId) {
        self.tracer().warn(id, Warning::LostWaker, &self.tasks.describe(id));
    }
}

/// Says whether a place is in the source of this crate. The compiler names the files of a workspace relative to
/// it; Rust 1.85 names those of generic functions by their whole path.
fn is_ours(location: &Location<'_>) -> bool {
    let (relative, file) = (Path::new(file!()), Path::new(location.file()));
    let sources = relative.parent().and_then(Path::parent);
    let absolute = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources.is_some_and(|sources| file.starts_with(sources)) || file.starts_with(absolute)
}

/// Ends the root, also after a panic of the loop.
pub(super) struct EndRoot<'a>(&'a Shared);

impl<'a> EndRoot<'a> {
    pub(super) fn new(shared: &'a Shared) -> EndRoot<'a> {
        EndRoot(shared)
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.0.tasks.end_root()
    }
}

impl Drop for EndRoot<'_> {
    fn drop(&mut self) {
        drop(self.outcome());
    }
}

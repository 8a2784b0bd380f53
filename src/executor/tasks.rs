//! All tasks of one executor: the slab that owns every spawned future.
//!
//! Each method borrows the slab for as long as it runs, and runs no code of the user. It
//! returns to its caller what has to be polled, woken or dropped.

use std::{
    cell::{Cell, RefCell},
    mem,
    panic::Location,
    rc::Rc,
    sync::Arc,
    task::Waker,
};

use super::{
    future::{LocalTask, Name, RootStandIn},
    join_error::Outcome,
    remote::RemoteQueue,
    remote_join::RemoteJoin,
    task::{JoinState, Task, take_outcome},
    waker::{Header, Spares, is_lost},
};
use crate::{
    clock::Clock,
    id::TaskId,
    slab::{SecondaryMap, Slab},
    table::{TaskInfo, TaskState, WaitsFor},
};

pub(crate) struct Tasks {
    pub(super) slab: RefCell<Slab<Task>>,
    /// The names of the tasks that have one. Most have none, so they are not in the slab.
    names: RefCell<SecondaryMap<Rc<str>>>,
    spares: RefCell<Spares>,
    /// How many tasks are not done, the root not counted.
    alive: Cell<usize>,
    /// The id of the root: of the future that `block_on` runs, or did run.
    root: Cell<TaskId>,
    /// For the time that a task waits.
    clock: Rc<Clock>,
    /// Where the tasks' wakers lead.
    remote: Arc<RemoteQueue>,
}

/// What the executor needs for the turn of a task.
pub(super) struct TakenTask {
    pub(super) future: LocalTask,
    pub(super) waker: Waker,
    /// It is to be dropped, not polled.
    pub(super) is_aborted: bool,
}

/// What is left to do for a task that has ended, or was detached, with nothing borrowed.
pub(super) enum Finished {
    Nothing,
    /// The waker of the handle that waits for the outcome.
    Joiner(Waker),
    /// An outcome that no handle will ask for.
    Unclaimed(Outcome),
    /// The handle on any thread that gets the outcome.
    Remote(RemoteJoin, Outcome),
}

impl Tasks {
    #[track_caller]
    pub(super) fn new(remote: Arc<RemoteQueue>, clock: Rc<Clock>) -> Tasks {
        let (mut slab, now) = (Slab::new(), clock.coarse());
        // The first entry is the root's for good.
        let stand_in: LocalTask = Box::pin(RootStandIn);
        let mut root = Task::new(stand_in, JoinState::Detached, Location::caller(), now);
        root.future = None;
        let root = TaskId(slab.insert(root));
        debug_assert!(root.is_root());
        Tasks {
            slab: RefCell::new(slab),
            names: RefCell::new(SecondaryMap::new()),
            spares: RefCell::default(),
            alive: Cell::new(0),
            root: Cell::new(root),
            clock,
            remote,
        }
    }

    /// Returns how many tasks are not done.
    pub(crate) fn alive(&self) -> usize {
        self.alive.get()
    }

    /// Gives the memory of a crowd that has ended back.
    #[inline]
    pub(super) fn shrink(&self) {
        self.slab.borrow_mut().shrink();
    }

    /// Stores a task, which the caller queues.
    pub(super) fn insert(
        &self,
        future: LocalTask,
        location: &'static Location<'static>,
        name: Name,
        join: JoinState,
    ) -> TaskId {
        let task = Task::new(future, join, location, self.clock.coarse());
        let id = TaskId(self.slab.borrow_mut().insert(task));
        self.alive.set(self.alive.get() + 1);
        if let Some(name) = name {
            self.names.borrow_mut().get_or_insert_with(id.0, || name);
        }
        id
    }

    /// Makes the root of one call of `block_on`, which the caller queues. Its id is new, so that a
    /// waker of an earlier call touches nothing.
    pub(super) fn start_root(&self, location: &'static Location<'static>) -> TaskId {
        let mut slab = self.slab.borrow_mut();
        let Some(id) = slab.renew(self.root.get().0) else { unreachable!("the root stays") };
        if let Some(root) = slab.get_mut(id) {
            *root =
                Task::new(Box::pin(RootStandIn), JoinState::Joined, location, self.clock.coarse());
        }
        self.root.set(TaskId(id));
        TaskId(id)
    }

    /// Ends the root, and returns its outcome, if it has one.
    pub(super) fn end_root(&self) -> Option<Outcome> {
        let mut slab = self.slab.borrow_mut();
        let root = slab.get_mut(self.root.get().0)?;
        root.future = None;
        if let (Some(header), Some(waker)) = (root.header.take(), root.waker.take()) {
            self.spares.borrow_mut().put(header, waker);
        }
        match mem::replace(&mut root.join, JoinState::Detached) {
            JoinState::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Says whether `block_on` runs.
    pub(crate) fn has_root(&self) -> bool {
        let slab = self.slab.borrow();
        slab.get(self.root.get().0).is_some_and(|root| !matches!(root.join, JoinState::Detached))
    }

    /// Takes a task's future out for its turn, and clears the marks. `None` if it has none: the
    /// entry of the queue was stale.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is a part of the loop's body")]
    pub(super) fn start_poll(&self, id: TaskId) -> Option<TakenTask> {
        let mut slab = self.slab.borrow_mut();
        let task = slab.get_mut(id.0)?;
        let future = task.future.take()?;
        let waker = task.waker.take().unwrap_or_else(|| self.first_waker(id, task));
        let is_aborted = task.header.as_ref()?.clear_marks();
        task.polls = task.polls.saturating_add(1);
        Some(TakenTask { future, waker, is_aborted })
    }

    /// Makes the waker for the first poll.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a task that ends in its first poll has no other")]
    fn first_waker(&self, id: TaskId, task: &mut Task) -> Waker {
        let (header, waker) = self.spares.borrow_mut().take(id, &self.remote);
        task.header = Some(header);
        waker
    }

    /// Puts the future back after a poll that returned Pending. True if the task can never run
    /// again. If it was aborted meanwhile, the future comes back to be dropped.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is a part of the loop's body")]
    pub(super) fn end_poll(
        &self,
        id: TaskId,
        future: LocalTask,
        waker: Waker,
    ) -> Result<bool, (LocalTask, Waker)> {
        let mut slab = self.slab.borrow_mut();
        match slab.get_mut(id.0) {
            Some(Task { header: Some(header), future: place, waker: kept, since, .. })
                if !header.is_aborted() =>
            {
                // Optimisation: they were taken out before, so there is nothing to drop.
                mem::forget(place.replace(future));
                mem::forget(kept.replace(waker));
                *since = self.clock.coarse();
                Ok(is_lost(header, 0))
            }
            _ => Err((future, waker)),
        }
    }

    /// Records the outcome of a task whose future is dropped.
    pub(super) fn finish(&self, id: TaskId, outcome: Outcome, waker: Waker) -> Finished {
        let mut slab = self.slab.borrow_mut();
        let Some(task) = slab.get_mut(id.0) else {
            unreachable!("a task stays in the slab until it is done");
        };
        if let Some(header) = task.header.take() {
            self.spares.borrow_mut().put(header, waker);
        }
        if !id.is_root() {
            self.alive.set(self.alive.get() - 1);
        }
        self.names.borrow_mut().remove(id.0);
        match mem::replace(&mut task.join, JoinState::Done(outcome)) {
            joined @ JoinState::Joined => {
                // Optimisation: there is nothing to drop, which the compiler does not see.
                mem::forget(joined);
                Finished::Nothing
            }
            JoinState::Awaited(joiner) => Finished::Joiner(joiner),
            JoinState::Remote(handle) => Finished::Remote(handle, take_outcome(&mut slab, id)),
            JoinState::Detached | JoinState::Done(_) => {
                Finished::Unclaimed(take_outcome(&mut slab, id))
            }
        }
    }

    /// Says whether the task is done.
    pub(super) fn is_done(&self, id: TaskId) -> bool {
        self.slab.borrow().get(id.0).is_none_or(Task::is_done)
    }

    /// Returns what the clones of the task's waker share, to abort it; `None` if the task is done.
    pub(super) fn header(&self, id: TaskId) -> Option<Arc<Header>> {
        let mut slab = self.slab.borrow_mut();
        let task = slab.get_mut(id.0).filter(|task| !task.is_done())?;
        if task.header.is_none() {
            task.waker = Some(self.first_waker(id, task));
        }
        task.header.clone()
    }

    /// Returns the task's name, if it has one.
    pub(crate) fn name(&self, id: TaskId) -> Option<Rc<str>> {
        self.names.borrow().get(id.0).cloned()
    }

    /// Marks a task as queued because of a message. True if the message is not stale and the task
    /// was not queued.
    pub(super) fn mark_received(&self, id: TaskId) -> bool {
        let slab = self.slab.borrow();
        let header = slab.get(id.0).and_then(|task| task.header.as_ref());
        header.is_some_and(|header| header.mark_received(id))
    }

    /// Returns all tasks that have a future, because the executor goes away and drops them.
    pub(crate) fn pending(&self) -> Vec<TaskId> {
        let slab = self.slab.borrow();
        slab.iter().filter(|(_, task)| task.future.is_some()).map(|(key, _)| TaskId(key)).collect()
    }

    /// Gives all futures up without dropping them. Returns how many there were.
    pub(crate) fn leak_all(&self) -> usize {
        let (pending, mut slab) = (self.pending(), self.slab.borrow_mut());
        let futures = pending.iter().filter_map(|id| slab.get_mut(id.0)?.future.take());
        futures.map(mem::forget).count()
    }

    /// Returns the task's name, if it has one, and where it was spawned, as a text for people.
    pub(crate) fn describe(&self, id: TaskId) -> String {
        let (slab, names) = (self.slab.borrow(), self.names.borrow());
        let Some(Task { location, .. }) = slab.get(id.0) else { return String::new() };
        match names.get(id.0) {
            _ if id.is_root() => format!("the future given to `block_on` at {location}"),
            Some(name) => format!("{name:?}, spawned at {location}"),
            None => format!("spawned at {location}"),
        }
    }

    pub(super) fn is_lost(&self, id: TaskId) -> bool {
        self.slab.borrow().get(id.0).is_some_and(|task| task.is_lost(0))
    }

    /// Lists all tasks that are alive, the root first. Of what each waits for, it knows the joins.
    pub(crate) fn list(&self) -> Vec<TaskInfo> {
        let has_root = self.has_root();
        let (slab, names, now) = (self.slab.borrow(), self.names.borrow(), self.clock.coarse());
        let is_alive = |id: TaskId, task: &Task| !task.is_done() && (has_root || !id.is_root());
        let mut list = Vec::with_capacity(slab.len());
        for (key, task) in slab.iter().filter(|(key, task)| is_alive(TaskId(*key), task)) {
            list.push(TaskInfo {
                id: TaskId(key),
                name: names.get(key).cloned(),
                location: task.location,
                state: match &task.future {
                    None => TaskState::Running,
                    Some(_) if task.is_queued() => TaskState::Ready,
                    Some(_) => TaskState::Waiting,
                },
                polls: task.polls,
                waits_for: Vec::new(),
                since: now.since(task.since),
            });
        }
        for (key, task) in slab.iter().filter(|(_, task)| task.join_waker().is_some()) {
            if let Some(info) = task.joiner.and_then(|joiner| TaskInfo::find(&mut list, joiner)) {
                info.waits_for.push(WaitsFor::Join(TaskId(key)));
            }
        }
        list
    }

    /// Says whether no task can ever run again, if no source and no timer will call a waker: each
    /// task waits, and nothing holds its waker but join handles of such tasks, and the `inert`
    /// holders, which call nothing. Of each holder, the task that left the waker and the waker's
    /// data are known.
    pub(crate) fn are_all_lost(&self, inert: &[(Option<TaskId>, *const ())]) -> bool {
        let slab = self.slab.borrow();
        let mut idle = SecondaryMap::new();
        let mut count = |task: Option<TaskId>, data: *const ()| {
            let Some(id) = task else { return };
            let header = slab.get(id.0).and_then(|task| task.header.as_ref());
            if header.is_some_and(|header| std::ptr::eq(Arc::as_ptr(header).cast(), data)) {
                *idle.get_or_insert_with(id.0, || 0) += 1;
            }
        };
        for (task, data) in inert {
            count(*task, *data);
        }
        for (_, task) in slab.iter() {
            if let Some(waker) = task.join_waker() {
                count(task.joiner, waker.data());
            }
        }
        let is_over = |task: &Task| match task.join {
            JoinState::Done(_) => true,
            // The root, while there is none.
            _ => task.future.is_none() && task.header.is_none(),
        };
        slab.iter()
            .all(|(key, task)| is_over(task) || task.is_lost(idle.get(key).copied().unwrap_or(0)))
    }
}

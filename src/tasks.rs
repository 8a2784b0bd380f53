//! Tasks as plain data: the slab that owns every spawned future, and what a waker knows of one.
//!
//! ```text
//!                       insert
//!                         │
//!                         ▼      start_poll
//!              ┌───────  Idle ─────────────▶ Polling ──┐
//!              │          ▲                     │      │ ready, or panicked
//!      aborted │          └─────────────────────┘      │
//!              │            end_poll: pending          │
//!              │                                       │
//!              └──▶ the future is dropped by the executor, then
//!                                    │ finish
//!                                    ▼
//!                     Finished ─────────────▶ the place is free
//!                               take_outcome, detach
//! ```
//!
//! While a future is polled or dropped it is outside the slab, so whatever that code does
//! (spawn, wake, abort, drop other handles) finds the slab unborrowed. A waker owns no future:
//! it has a [`Header`], which names the task and leads back to its executor. A socket keeps even
//! less of a task that waits for it: the name.

use std::{
    any::Any,
    cell::{Cell, RefCell, RefMut},
    mem,
    panic::Location,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{
    by_waker::ByWaker,
    header::{Header, OWNERS, is_lost, leads_from, new_waker, owners},
    id::TaskId,
    inbox::Inbox,
    join::Outcome,
    ready::{Pushes, ReadyQueue},
    root::Root,
    slots::{Beside, Key, Slots},
    table::{TaskInfo, TaskState, WaitsFor},
};

/// A future whose output is boxed when it is ready, so that the slab need not know its type. An
/// output of no size, such as `()`, takes no allocation.
pub(crate) trait TaskFuture {
    fn poll_boxed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<dyn Any>>;
}

impl<F> TaskFuture for F
where
    F: Future,
    F::Output: 'static,
{
    fn poll_boxed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<dyn Any>> {
        self.poll(cx).map(|output| Box::new(output) as Box<dyn Any>)
    }
}

/// A task's future, as the slab keeps it.
pub(crate) type LocalTask = Pin<Box<dyn TaskFuture>>;

/// A task's future on its way from another thread.
pub(crate) type SendTask = Pin<Box<dyn TaskFuture + Send>>;

/// A coarse time: hundredths of a second since the executor was made. 32 bits last for 497 days.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tick(u32);

impl Tick {
    pub(crate) fn new(since_start: Duration) -> Tick {
        Tick(u32::try_from(since_start.as_millis() / 10).unwrap_or(u32::MAX))
    }

    pub(crate) fn since(self, earlier: Tick) -> Duration {
        Duration::from_millis(u64::from(self.0.saturating_sub(earlier.0)) * 10)
    }
}

/// A spawned future, from spawn until its outcome is taken. The waker stays for the next task in
/// this place, if nobody else holds it by then.
///
/// The stages of the drawing above are not an enum, but what is there: idle with a future,
/// finished with an outcome, polling with neither. So the parts move by themselves, in registers.
struct Task {
    /// What the waker leads to, for the marks.
    header: Arc<Header>,
    /// The task's waker. Away while the task is polled.
    waker: Option<Waker>,
    /// Away while it is polled or dropped. `None` for good when the task is finished.
    future: Option<LocalTask>,
    /// Who asks for the outcome; or that, when the task is finished.
    end: End,
    /// Where it was spawned.
    place: Option<&'static Location<'static>>,
    /// `abort` was called before the task finished.
    aborted: bool,
    /// It was warned that nobody holds its waker.
    warned: bool,
    /// How many sockets it waits for by its name; not up to date while it is polled.
    waits: i32,
    /// How often it was polled, as far as 32 bits count.
    polls: u32,
    /// The tick of the loop at which it was spawned, or its last poll ended.
    since: Tick,
}

/// What there is to do at the end of a task, and then, its outcome.
enum End {
    /// Nobody will ask for the outcome.
    Detached,
    /// A join handle may ask for it.
    Joined,
    /// A join handle has asked, and is to be woken.
    Awaited(Waker),
    /// The task is finished, and its handle has not asked yet.
    Reached(Outcome),
}

impl Task {
    /// A place for a first task, with the waker for it.
    fn new(key: Key, inbox: &Arc<Inbox>) -> Task {
        let (header, waker) = new_waker(TaskId(key), inbox);
        Task {
            header,
            waker: Some(waker),
            future: None,
            end: End::Detached,
            place: None,
            aborted: false,
            warned: false,
            waits: 0,
            polls: 0,
            since: Tick::default(),
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.end, End::Reached(_))
    }

    /// Who waits for the outcome.
    fn joiner(&self) -> Option<&Waker> {
        match &self.end {
            End::Awaited(joiner) => Some(joiner),
            _ => None,
        }
    }

    /// Makes the waker that was left here that of a new task, marked as queued; or a new waker.
    fn renew_waker(&mut self, key: Key, inbox: &Arc<Inbox>) {
        if self.waker.is_some() && owners(&self.header) == OWNERS {
            self.header.rename(TaskId(key));
        } else {
            let (header, waker) = new_waker(TaskId(key), inbox);
            (self.header, self.waker) = (header, Some(waker));
        }
    }
}

/// What the executor has to do with a task whose turn it is.
pub(crate) enum Due {
    /// Poll this future.
    Poll(LocalTask, Waker),
    /// Drop this future: it was aborted.
    Drop(LocalTask, Waker),
    /// Nothing: the task is over, the queue's entry was stale.
    Stale,
}

/// What is left to do for a finished task, with the slab unborrowed.
pub(crate) struct Farewell {
    /// Who is to be woken.
    pub(crate) joiner: Option<Waker>,
    /// An outcome that nobody will ask for, to be dropped.
    pub(crate) unclaimed: Option<Outcome>,
}

/// All tasks of one executor.
pub(crate) struct Tasks {
    slots: RefCell<Slots<Task>>,
    /// Those that are ready, and the future in `block_on` among them.
    pub(crate) ready: ReadyQueue,
    /// The names of those that were given one, until they finish. Most have none, so they stand
    /// beside the slab.
    names: RefCell<Beside<Rc<str>>>,
    /// How many are not finished.
    alive: Cell<usize>,
    /// The time, as the loop last looked at it.
    tick: Cell<Tick>,
    /// Where the tasks' wakers lead.
    inbox: Arc<Inbox>,
}

impl Tasks {
    pub(crate) fn new(inbox: Arc<Inbox>, ready: ReadyQueue) -> Tasks {
        Tasks {
            slots: RefCell::new(Slots::new()),
            ready,
            names: RefCell::new(Beside::new()),
            alive: Cell::new(0),
            tick: Cell::new(Tick::default()),
            inbox,
        }
    }

    /// How many tasks are ready, running or waiting.
    pub(crate) fn alive(&self) -> usize {
        self.alive.get()
    }

    /// Takes a future in, and queues it.
    pub(crate) fn insert(
        &self,
        future: LocalTask,
        place: &'static Location<'static>,
        name: Option<Rc<str>>,
        joined: bool,
    ) -> TaskId {
        let mut slots = self.slots.borrow_mut();
        let (key, task) = slots.claim(|key| Task::new(key, &self.inbox));
        // (What was made just now is only marked as queued, which it is.)
        task.renew_waker(key, &self.inbox);
        task.future = Some(future);
        task.place = Some(place);
        task.end = if joined { End::Joined } else { End::Detached };
        task.aborted = false;
        task.warned = false;
        task.waits = 0;
        task.polls = 0;
        task.since = self.tick.get();
        drop(slots);
        self.alive.set(self.alive.get() + 1);
        if let Some(name) = name {
            self.names.borrow_mut().insert(key, name);
        }
        self.ready.push(TaskId(key));
        TaskId(key)
    }

    /// Notes that a task that is not running waits for one socket less by its name.
    pub(crate) fn end_wait(&self, id: TaskId) {
        if let Some(task) = self.slots.borrow_mut().get_mut(id.0) {
            task.waits -= 1;
        }
    }

    /// To end waits for sockets by their tasks' names, as many as there are.
    #[inline]
    pub(crate) fn wake_by_names(&self) -> WakeByNames<'_> {
        WakeByNames { slots: self.slots.borrow_mut(), ready: self.ready.pushes() }
    }

    /// Marks a task as queued because of a letter. True if the letter is not stale and the task
    /// was not queued: then it is to be pushed.
    pub(crate) fn mark_for_letter(&self, id: TaskId) -> bool {
        let slots = self.slots.borrow();
        slots.get(id.0).is_some_and(|task| task.header.mark_for_letter(id))
    }

    /// Takes a task's future out for its turn, and clears the marks.
    #[inline]
    pub(crate) fn start_poll(&self, id: TaskId) -> Due {
        let mut slots = self.slots.borrow_mut();
        let Some(task) = slots.get_mut(id.0) else { return Due::Stale };
        let Some(future) = task.future.take() else { return Due::Stale };
        let Some(waker) = task.waker.take() else { unreachable!("an idle task has its waker") };
        task.header.clear_marks();
        task.polls = task.polls.saturating_add(1);
        if task.aborted { Due::Drop(future, waker) } else { Due::Poll(future, waker) }
    }

    /// Puts the future back after a poll that returned Pending, or gives it back to be dropped,
    /// if the task was aborted meanwhile. True if it can never run again, which is to be told once:
    /// it is not queued, nobody holds its waker, and it waits for no socket by its name, having
    /// begun to wait for so many more in this turn.
    #[inline]
    pub(crate) fn end_poll(
        &self,
        id: TaskId,
        future: LocalTask,
        waker: Waker,
        waits: i32,
    ) -> Result<bool, (LocalTask, Waker)> {
        match self.slots.borrow_mut().get_mut(id.0) {
            Some(task) if !task.aborted => {
                // They were taken out, and nobody but this puts them back.
                mem::forget(task.future.replace(future));
                mem::forget(task.waker.replace(waker));
                task.since = self.tick.get();
                task.waits += waits;
                let lost = task.waits == 0 && is_lost(&task.header, 0);
                Ok(lost && !mem::replace(&mut task.warned, true))
            }
            _ => Err((future, waker)),
        }
    }

    /// Records the outcome of a task whose future is dropped.
    pub(crate) fn finish(&self, id: TaskId, outcome: Outcome, waker: Waker) -> Farewell {
        let mut slots = self.slots.borrow_mut();
        let Some(task) = slots.get_mut(id.0) else {
            unreachable!("a task stays in the slab until it has finished");
        };
        task.waker = Some(waker);
        let farewell = if let End::Detached = task.end {
            slots.release(id.0);
            Farewell { joiner: None, unclaimed: Some(outcome) }
        } else {
            let joiner = match mem::replace(&mut task.end, End::Reached(outcome)) {
                End::Awaited(joiner) => Some(joiner),
                _ => None,
            };
            Farewell { joiner, unclaimed: None }
        };
        self.alive.set(self.alive.get() - 1);
        let mut names = self.names.borrow_mut();
        if !names.is_empty() {
            names.remove(id.0);
        }
        farewell
    }

    /// Whether the task is over.
    pub(crate) fn is_finished(&self, id: TaskId) -> bool {
        self.slots.borrow().get(id.0).is_none_or(Task::is_finished)
    }

    /// Takes the outcome of a finished task, or keeps the waker for when there is one.
    pub(crate) fn poll_outcome(&self, id: TaskId, waker: &Waker) -> Poll<Outcome> {
        if self.is_finished(id) {
            return Poll::Ready(self.take_outcome(id));
        }
        let is_kept = |task: &Task| task.joiner().is_some_and(|joiner| joiner.will_wake(waker));
        if self.slots.borrow().get(id.0).is_some_and(is_kept) {
            return Poll::Pending;
        }
        // A foreign waker's clone and drop are foreign code: the slab is not borrowed.
        let joiner = waker.clone();
        if self.is_finished(id) {
            // That code has run the executor.
            return Poll::Ready(self.take_outcome(id));
        }
        let wait = |task: &mut Task| mem::replace(&mut task.end, End::Awaited(joiner));
        let old = self.slots.borrow_mut().get_mut(id.0).map(wait);
        drop(old);
        Poll::Pending
    }

    fn take_outcome(&self, id: TaskId) -> Outcome {
        let mut slots = self.slots.borrow_mut();
        match slots.release(id.0).map(|task| mem::replace(&mut task.end, End::Detached)) {
            Some(End::Reached(outcome)) => outcome,
            _ => unreachable!("a task stays in the slab, with its outcome, until it is joined"),
        }
    }

    /// Forgets the join handle. An outcome that waited for it comes back, to be dropped.
    pub(crate) fn detach(&self, id: TaskId) -> Farewell {
        let mut slots = self.slots.borrow_mut();
        let Some(task) = slots.get_mut(id.0) else {
            return Farewell { joiner: None, unclaimed: None };
        };
        match mem::replace(&mut task.end, End::Detached) {
            End::Detached | End::Joined => Farewell { joiner: None, unclaimed: None },
            End::Awaited(joiner) => Farewell { joiner: Some(joiner), unclaimed: None },
            End::Reached(outcome) => {
                slots.release(id.0);
                Farewell { joiner: None, unclaimed: Some(outcome) }
            }
        }
    }

    /// Marks the task as aborted. The waker that brings it its last turn comes back, unless it is
    /// over, or being polled: then the end of the poll looks at the mark.
    pub(crate) fn abort(&self, id: TaskId) -> Option<Waker> {
        let mut slots = self.slots.borrow_mut();
        let task = slots.get_mut(id.0)?;
        if task.is_finished() {
            return None;
        }
        task.aborted = true;
        // Our own waker: its clone runs no foreign code.
        task.waker.clone()
    }

    /// Marks all tasks as aborted, because the executor goes away, and returns them, so that each
    /// gets its last turn. Empty when there are no more.
    pub(crate) fn abort_all(&self) -> Vec<TaskId> {
        let mut slots = self.slots.borrow_mut();
        let mut ids = Vec::new();
        for task in slots.values_mut() {
            if task.future.is_some() {
                task.aborted = true;
                ids.push(task.header.id());
            }
        }
        ids
    }

    /// Gives all futures up without dropping them. Returns how many there were.
    pub(crate) fn leak_all(&self) -> usize {
        let mut slots = self.slots.borrow_mut();
        let mut leaked = 0;
        for task in slots.values_mut() {
            if let Some(future) = task.future.take() {
                mem::forget(future);
                leaked += 1;
            }
        }
        leaked
    }

    /// The time, as the loop last looked at it.
    pub(crate) fn tick(&self) -> Tick {
        self.tick.get()
    }

    /// Tells the time.
    pub(crate) fn set_tick(&self, tick: Tick) {
        self.tick.set(tick);
    }

    /// The task's name, if it has one, and the place where it was spawned.
    pub(crate) fn describe(&self, id: TaskId) -> String {
        let (slots, names) = (self.slots.borrow(), self.names.borrow());
        match (names.get(id.0), slots.get(id.0).and_then(|task| task.place)) {
            (Some(name), Some(place)) => format!("{name:?}, spawned at {place}"),
            (None, Some(place)) => format!("spawned at {place}"),
            (_, None) => String::new(),
        }
    }

    /// Whether the task is in the executor's own queue.
    pub(crate) fn is_queued_here(&self, id: TaskId) -> bool {
        let slots = self.slots.borrow();
        slots.get(id.0).is_some_and(|task| task.header.is_queued_here())
    }

    /// A look at the `root` future and at all tasks that are alive. Of what each waits for, it
    /// knows the joins.
    pub(crate) fn list(&self, root: Option<&Root>) -> Vec<TaskInfo> {
        let (slots, names, now) = (self.slots.borrow(), self.names.borrow(), self.tick.get());
        let mut list = Vec::with_capacity(slots.len() + 1);
        // Where in the list a waker's task stands, counted from 1.
        let mut places = ByWaker::new(slots.len() + 1);
        if let Some(root) = root {
            list.push(root.info(now));
            *places.get_mut(leads_from(root.header())) = list.len();
        }
        for (key, task) in slots.iter() {
            if task.is_finished() {
                continue;
            }
            let state = match &task.future {
                None => TaskState::Running,
                Some(_) if task.header.is_queued() => TaskState::Ready,
                Some(_) => TaskState::Waiting,
            };
            list.push(TaskInfo {
                id: TaskId(key),
                name: names.get(key).cloned(),
                place: task.place,
                state,
                polls: task.polls,
                waits_for: Vec::new(),
                since: now.since(task.since),
            });
            *places.get_mut(leads_from(&task.header)) = list.len();
        }
        for (key, task) in slots.iter() {
            let Some(joiner) = task.joiner() else { continue };
            // It may wait for the first of several.
            if let Some(place) = places.get(joiner.data()).checked_sub(1) {
                list[place].waits_for.push(WaitsFor::Join(TaskId(key)));
            }
        }
        list
    }

    /// Whether no task can ever run again, the `root` future included, given that nobody waits for
    /// a socket: each waits, and nobody holds its waker but join handles of such tasks, and the
    /// `inert` ones, who wake nobody.
    pub(crate) fn are_all_lost(&self, root: Option<&Root>, inert: Vec<*const ()>) -> bool {
        let (slots, mut idle) = (self.slots.borrow(), inert);
        for (_, task) in slots.iter() {
            if let Some(joiner) = task.joiner() {
                idle.push(joiner.data());
            }
        }
        let mut idle_owners = ByWaker::new(idle.len());
        for waker in &idle {
            *idle_owners.get_mut(*waker) += 1;
        }
        let lost = |header: &_| is_lost(header, idle_owners.get(leads_from(header)));
        if root.is_some_and(|root| !lost(root.header())) {
            return false;
        }
        for (_, task) in slots.iter() {
            let lost = task.future.is_some() && lost(&task.header);
            if !lost && !task.is_finished() {
                return false;
            }
        }
        true
    }
}

/// Wakes tasks as their wakers would, while it has the slab and the queue for itself.
pub(crate) struct WakeByNames<'a> {
    slots: RefMut<'a, Slots<Task>>,
    ready: Pushes<'a>,
}

impl WakeByNames<'_> {
    /// Ends one wait of the task, and queues it. False if it is over, or queued already.
    #[inline]
    pub(crate) fn wake(&mut self, id: TaskId) -> bool {
        let Some(task) = self.slots.get_mut(id.0) else { return false };
        task.waits -= 1;
        let first = task.header.mark_here();
        if first {
            self.ready.push(id);
        }
        first
    }
}

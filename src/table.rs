//! The table of tasks: what each does, and what it waits for.

use std::{fmt, ops::Deref, panic::Location, rc::Rc, time::Duration};

use crate::id::{Direction, SourceId, TaskId};

/// One task of the table that [`Executor::tasks`](crate::Executor::tasks) returns.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its id, as the log and the pictures print it.
    pub id: TaskId,
    /// The name that [`task::Builder::name`](crate::task::Builder::name) gave it.
    pub name: Option<Rc<str>>,
    /// The spawn call that made it, or the call of `block_on`.
    pub location: &'static Location<'static>,
    /// What it does now.
    pub state: TaskState,
    /// How often it was polled.
    pub polls: u32,
    /// What it waits for: several things, if it selects; empty, if that is unknown (a lock or a
    /// channel of another crate, or a waker that is kept nowhere).
    pub waits_for: Vec<WaitsFor>,
    /// How long ago its last poll ended; if it was not polled yet, how long ago it was spawned. The
    /// executor reads its clock only after a sleep or 64 polls, and counts in steps of 10 ms, so
    /// this may be too long by what these polls took.
    pub since: Duration,
}

/// What a task does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TaskState {
    /// It is in the queue, and will be polled.
    Ready,
    /// It is being polled.
    Running,
    /// It waits to be woken.
    Waiting,
}

/// What a task waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WaitsFor {
    /// A socket, and which of its directions.
    Socket(SourceId, Direction),
    /// A timer that fires after this time; `None`: never.
    Timer(Option<Duration>),
    /// The end of another task.
    Join(TaskId),
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TaskState::Ready => "ready",
            TaskState::Running => "running",
            TaskState::Waiting => "waiting",
        })
    }
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitsFor::Socket(source, direction) => write!(f, "{source} ({direction})"),
            WaitsFor::Timer(Some(left)) => write!(f, "a timer, {left:.1?} to go"),
            WaitsFor::Timer(None) => f.write_str("a timer that never fires"),
            WaitsFor::Join(task) => write!(f, "the end of {task}"),
        }
    }
}

impl TaskInfo {
    /// Finds a task in a list, which is in the order of the ids.
    pub(crate) fn find(list: &mut [TaskInfo], id: TaskId) -> Option<&mut TaskInfo> {
        let index = |id: TaskId| id.0.index();
        let at = list.partition_point(|info| index(info.id) < index(id));
        list.get_mut(at).filter(|info| info.id == id)
    }
}

/// All tasks of an executor at one moment. It prints as a table, and is a slice of
/// [`TaskInfo`]s.
///
/// ```
/// let executor = pizzaiolo::Executor::new()?;
/// let oven = executor.spawn(std::future::pending::<()>());
/// executor.spawn(async { oven.await }).detach();
/// executor.run_until_idle();
///
/// let tasks = executor.tasks();
/// assert_eq!(tasks.len(), 2);
/// assert_eq!(tasks[1].waits_for, [pizzaiolo::task::WaitsFor::Join(tasks[0].id)]);
/// println!("{tasks}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskTable(pub(crate) Vec<TaskInfo>);

impl Deref for TaskTable {
    type Target = [TaskInfo];

    fn deref(&self) -> &[TaskInfo] {
        &self.0
    }
}

impl fmt::Display for TaskTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no tasks");
        }
        f.write_str("task       state      polls     since  waits for; name or location")?;
        for TaskInfo { id, state, polls, since, waits_for, name, location } in &self.0 {
            let (id, since) = (format!("{id}"), since.as_secs_f64());
            write!(f, "\n{id:<10} {state:<7} {polls:>8} {since:>8.2}s  ")?;
            match (waits_for.is_empty(), state) {
                (false, _) => {}
                (true, TaskState::Waiting) => f.write_str("something unknown")?,
                (true, _) => f.write_str("nothing")?,
            }
            let mut before = "";
            for wait in waits_for {
                write!(f, "{before}{wait}")?;
                before = ", or ";
            }
            f.write_str("; ")?;
            match name {
                Some(name) => f.write_str(name)?,
                None => write!(f, "{location}")?,
            }
        }
        Ok(())
    }
}

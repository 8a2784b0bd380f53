//! Runs a program in every order of its tasks.
//!
//! [`Explorer`] decides which orders are run; [`run`] makes one run; [`plan`] are its choices; [`panics`]
//! notes its panics; [`shrink`] makes the order of a failure simple, and [`story`] writes it down.

mod failure;
mod panics;
pub(crate) mod plan;
mod report;
mod run;
mod search;
mod shrink;
mod story;

use std::fmt;

use pizzaiolo::trace::Observer;

pub use self::{
    failure::{Cause, Failure},
    report::Report,
};
use self::{
    plan::{Choice, Plan, from_line},
    run::Runner,
    search::Search,
};

/// Runs a program in every order in which its tasks can be polled, and panics with the first that
/// fails.
///
/// It is [`Explorer::run`] with the usual bounds.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use pizzaiolo::{spawn, yield_now};
/// use pizzaiolo_testkit::explore;
///
/// let report = explore(|| async {
///     let sold = Rc::new(Cell::new(0));
///     let sell = |sold: Rc<Cell<i32>>| async move {
///         yield_now().await;
///         sold.set(sold.get() + 1);
///     };
///     let (anna, bert) = (spawn(sell(sold.clone())), spawn(sell(sold.clone())));
///     anna.await.unwrap();
///     bert.await.unwrap();
///     assert_eq!(sold.get(), 2);
/// });
/// assert_eq!(report.to_string(), "all 10 orders");
/// ```
///
/// # Panics
///
/// If the program fails in one of them. The message has the cause, the story, and the line that
/// [repeats](Explorer::replay) the order.
#[track_caller]
pub fn explore<F>(program: impl FnMut() -> F) -> Report
where
    F: Future<Output = ()> + 'static,
{
    Explorer::new().run(program)
}

/// Runs a program in many orders: in all, if they are not too many.
///
/// Each run has a paused clock, and an executor with no other task. When more than one task is
/// ready, the explorer chooses which is polled; [`choose`](crate::choose) is such a choice, too. Small programs
/// are exhausted, depth first. If there are too many orders, it takes some at random, and says what
/// share of them it saw.
///
/// Nothing is left out: two orders count as two even if they differ only in steps that do not depend
/// on each other, because tasks may share state that the explorer cannot see.
///
/// What fails: a panic; a deadlock; a task that is left when the program's own future has ended, and
/// can never go on; a task whose waker is lost; a run that never ends. The program must do the same for the
/// same choices: no threads, no real sockets, no random numbers of its own.
#[must_use = "it does nothing until `run`"]
pub struct Explorer {
    max_runs: u64,
    max_turns: u64,
    seed: u64,
    leave_tasks: bool,
    replay: Option<Vec<Choice>>,
    observer: Option<Box<dyn Observer>>,
}

impl Default for Explorer {
    fn default() -> Explorer {
        Explorer::new()
    }
}

impl Explorer {
    /// Creates an explorer with the usual bounds: 250,000 runs of at most 10,000 turns.
    pub fn new() -> Explorer {
        Explorer {
            max_runs: 250_000,
            max_turns: 10_000,
            seed: 0,
            leave_tasks: false,
            replay: None,
            observer: None,
        }
    }

    /// Sets how many runs there are at most.
    pub fn max_runs(mut self, runs: u64) -> Explorer {
        self.max_runs = runs.max(1);
        self
    }

    /// Sets how many turns (polls of a task) a run may have. More than that is a failure. A task that
    /// yields until something happens never ends in the order in which it is always chosen: let it wait.
    pub fn max_turns(mut self, turns: u64) -> Explorer {
        self.max_turns = turns;
        self
    }

    /// Sets the seed of the orders that are taken at random. The same seed takes the same.
    pub fn seed(mut self, seed: u64) -> Explorer {
        self.seed = seed;
        self
    }

    /// Sets whether a run ends with the program's own future, and drops the tasks that are left: for
    /// programs that have a server which never ends. Then each run has a new executor, and to make one
    /// takes longer than a short run.
    pub fn leave_tasks(mut self, leave: bool) -> Explorer {
        self.leave_tasks = leave;
        self
    }

    /// Runs one order only: the one that a failure has printed. Its story is in the report.
    ///
    /// # Panics
    ///
    /// If the line is not numbers with commas between them.
    #[track_caller]
    pub fn replay(mut self, choices: &str) -> Explorer {
        let Some(choices) = from_line(choices) else {
            panic!("{choices:?} is no line of choices, as \"0,2,1\" is one")
        };
        self.replay = Some(choices);
        self
    }

    /// Lets an observer watch the run whose story is written: the [replayed](Explorer::replay) one, or the one
    /// that fails. To draw it, give it the `Timeline` of the member `watch`.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Explorer {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Runs the program: `program` makes its future, once a run.
    ///
    /// # Panics
    ///
    /// As [`explore`] does. And if the OS has no descriptors to give for an executor.
    #[track_caller]
    pub fn run<F>(self, program: impl FnMut() -> F) -> Report
    where
        F: Future<Output = ()> + 'static,
    {
        match self.check(program) {
            Ok(report) => report,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// The same, but returns the failure.
    ///
    /// # Errors
    ///
    /// If the program fails in one of the orders.
    ///
    /// # Panics
    ///
    /// If the OS has no descriptors to give for an executor.
    #[track_caller]
    pub fn check<F>(self, mut program: impl FnMut() -> F) -> Result<Report, Box<Failure>>
    where
        F: Future<Output = ()> + 'static,
    {
        let runner = Runner::new(Plan::new(self.seed), self.max_turns, self.leave_tasks);
        let mut search = Search {
            runner,
            program: &mut program,
            report: Report::new(self.seed),
            max_runs: self.max_runs,
            observer: self.observer,
        };
        match self.replay {
            Some(choices) => search.again(&choices)?,
            None => search.all()?,
        }
        Ok(search.report)
    }
}

impl fmt::Debug for Explorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer")
            .field("max_runs", &self.max_runs)
            .field("max_turns", &self.max_turns)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

//! One run of the program: its executor, its clock, its end.
//!
//! The future that `block_on` runs is not the program, but the [`Root`]. It is always ready, and
//! first in the queue. So the chooser is asked before each turn, also if one task alone is ready, and
//! leaves the root out; and if the root is polled, no other task is ready. Then it advances the
//! clock, or ends the run. The program itself is a task like those that it spawns.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use pizzaiolo::{Executor, JoinHandle, task, time};

use super::{failure::Cause, panics, plan::Plan, story::Story};

/// Makes the runs, one after another.
pub(super) struct Runner {
    pub(super) plan: Rc<Plan>,
    turns: Rc<Turns>,
    /// The executor of the last run. It is used again if the run has left nothing in it: to make one takes
    /// two descriptors, and longer than a short run.
    executor: Option<Executor>,
}

/// The turns of a run.
struct Turns {
    made: Cell<u64>,
    max: u64,
    /// A run ends with the program's own future.
    leave_tasks: bool,
    main_has_ended: Cell<bool>,
}

impl Turns {
    /// Begins a turn. False if the run is to end instead.
    fn begin(&self) -> bool {
        let made = self.made.get() + 1;
        self.made.set(made);
        made <= self.max
            && !panics::has_panicked()
            && !(self.leave_tasks && self.main_has_ended.get())
    }

    fn are_over(&self) -> bool {
        self.made.get() > self.max
    }
}

impl Runner {
    pub(super) fn new(plan: Plan, max_turns: u64, leave_tasks: bool) -> Runner {
        let turns = Turns {
            made: Cell::new(0),
            max: max_turns,
            leave_tasks,
            main_has_ended: Cell::new(false),
        };
        Runner { plan: Rc::new(plan), turns: Rc::new(turns), executor: None }
    }

    /// Counts the turns of the last run.
    pub(super) fn turns(&self) -> u64 {
        self.turns.made.get()
    }

    /// Runs the program once, with the choices of the plan.
    pub(super) fn run<F>(&mut self, program: &mut impl FnMut() -> F) -> Result<(), Cause>
    where
        F: Future<Output = ()> + 'static,
    {
        let executor = match self.executor.take() {
            Some(executor) => executor,
            None => must(self.executor_with(None)),
        };
        let result = self.run_on(&executor, program, None);
        if result.is_ok() && executor.task_count() == 0 {
            self.executor = Some(executor);
        }
        result
    }

    /// The same on a new executor, and writes its story.
    pub(super) fn run_with_story<F>(
        &mut self,
        program: &mut impl FnMut() -> F,
        story: &Rc<Story>,
    ) -> Result<(), Cause>
    where
        F: Future<Output = ()> + 'static,
    {
        let executor = must(self.executor_with(Some(story)));
        self.run_on(&executor, program, Some(story))
    }

    fn run_on<F>(
        &self,
        executor: &Executor,
        program: &mut impl FnMut() -> F,
        story: Option<&Rc<Story>>,
    ) -> Result<(), Cause>
    where
        F: Future<Output = ()> + 'static,
    {
        let (_current, turns) = (self.plan.enter(), Rc::clone(&self.turns));
        self.plan.begin();
        turns.made.set(0);
        turns.main_has_ended.set(false);
        let future = executor.reactor().enter(program);
        let main = async move {
            future.await;
            turns.main_has_ended.set(true);
        };
        let _watch = panics::watch();
        let name = story.map(|_| "main");
        executor.block_on(Root { executor, name, program: Some(main), main: None });
        if let Some(story) = story {
            story.end();
        }
        match self.cause(executor, story) {
            // A run that was cut short has not made all the choices of its plan.
            Some(cause) if !self.plan.has_missed() => Err(cause),
            None if !self.plan.has_diverged() => Ok(()),
            _ => Err(Cause::Diverged),
        }
    }

    /// Returns what was wrong in a run that has ended.
    fn cause(&self, executor: &Executor, story: Option<&Rc<Story>>) -> Option<Cause> {
        if panics::has_panicked() {
            return Some(Cause::Panicked(panics::message()));
        }
        if self.turns.are_over() {
            return Some(Cause::NeverEnds(self.turns.max));
        }
        let (tasks, main_has_ended) = (executor.task_count(), self.turns.main_has_ended.get());
        if tasks == 0 || (main_has_ended && self.turns.leave_tasks) {
            return None;
        }
        let tasks = executor.tasks();
        let table = tasks.to_string();
        if story.is_some_and(|story| tasks.iter().any(|task| story.is_lost(task.id))) {
            Some(Cause::LostWaker(table))
        } else if main_has_ended {
            Some(Cause::TaskLeft(table))
        } else {
            Some(Cause::Deadlock(table))
        }
    }

    fn executor_with(&self, story: Option<&Rc<Story>>) -> io::Result<Executor> {
        let mut builder = Executor::builder().paused_clock(true);
        if let Some(story) = story {
            builder = builder.observer(Rc::clone(story));
        }
        let (plan, turns, story) = (Rc::clone(&self.plan), Rc::clone(&self.turns), story.cloned());
        let chooser = builder.chooser(move |ready| {
            // The first is the root.
            if !turns.begin() {
                return 0;
            }
            let others = ready.len() - 1;
            if others == 1 {
                return 1;
            }
            let index = plan.choose(others);
            if let Some(story) = &story {
                story.chosen(index, others);
            }
            1 + index
        });
        chooser.build()
    }
}

/// What `block_on` runs: begins the program, advances the clock when no task is ready, and ends the run
/// when nothing can happen any more.
struct Root<'a, F> {
    executor: &'a Executor,
    name: Option<&'static str>,
    program: Option<F>,
    /// Kept to the end, so that the panic of the program is not logged as one that no task asks for.
    main: Option<JoinHandle<()>>,
}

/// The program is not polled in here: it is moved into a task.
impl<F> Unpin for Root<'_, F> {}

impl<F: Future<Output = ()> + 'static> Future for Root<'_, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(program) = self.program.take() {
            // First, so that it is the first in the queue.
            cx.waker().wake_by_ref();
            self.main = Some(match self.name {
                Some(name) => task::Builder::new().name(name).spawn(program),
                None => pizzaiolo::spawn(program),
            });
            return Poll::Pending;
        }
        if self.executor.ready_queue().is_empty() {
            if let Some(deadline) = self.executor.reactor().next_deadline() {
                cx.waker().wake_by_ref();
                let _others = time::advance(deadline.saturating_duration_since(time::now()));
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

/// An error here is one of the OS, which has no descriptors, and no failure of the program.
#[track_caller]
fn must(executor: io::Result<Executor>) -> Executor {
    match executor {
        Ok(executor) => executor,
        Err(error) => panic!("the executor of a run cannot be made: {error}"),
    }
}

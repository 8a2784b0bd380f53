//! One run of the program: its executor, its clock, its end.

use std::{io, rc::Rc};

use pizzaiolo::{Executor, JoinHandle, task, time};

use super::{failure::Cause, panics, plan::Plan, story::Story};

/// Makes the runs, one after another.
pub(super) struct Runner {
    pub(super) plan: Rc<Plan>,
    pub(super) max_turns: u64,
    /// A run ends with the program's own future.
    pub(super) leave_tasks: bool,
    /// That of the last run. It is used again if the run has left nothing in it: making one takes
    /// two descriptors, and longer than a short run.
    executor: Option<Executor>,
}

impl Runner {
    pub(super) fn new(plan: Plan, max_turns: u64, leave_tasks: bool) -> Runner {
        Runner { plan: Rc::new(plan), max_turns, leave_tasks, executor: None }
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
        let _current = self.plan.enter();
        self.plan.begin();
        let future = executor.reactor().enter(&mut *program);
        let _watch = panics::watch();
        let main = executor.spawn(future);
        let end = Run { executor: &executor, story: None }.to_end(self, &main);
        drop(main);
        let result = self.judge(end);
        if result.is_ok() && executor.task_count() == 0 {
            self.executor = Some(executor);
        }
        result
    }

    /// The same on a new executor, and writes its story.
    pub(super) fn tell<F>(
        &mut self,
        program: &mut impl FnMut() -> F,
        story: &Rc<Story>,
    ) -> Result<(), Cause>
    where
        F: Future<Output = ()> + 'static,
    {
        let executor = must(self.executor_with(Some(story)));
        let _current = self.plan.enter();
        self.plan.begin();
        let future = executor.reactor().enter(&mut *program);
        let _watch = panics::watch();
        let main = task::Builder::new().name("main").spawn_on(&executor, future);
        let end = Run { executor: &executor, story: Some(story) }.to_end(self, &main);
        story.end();
        self.judge(end)
    }

    fn executor_with(&self, story: Option<&Rc<Story>>) -> io::Result<Executor> {
        let (plan, story) = (Rc::clone(&self.plan), story.cloned());
        let mut builder = Executor::builder().paused_clock(true);
        if let Some(story) = &story {
            builder = builder.observer(Rc::clone(story));
        }
        let chooser = builder.chooser(move |ready| {
            let index = plan.choose(ready.len());
            if let Some(story) = &story {
                story.chosen(index, ready.len());
            }
            index
        });
        chooser.build()
    }

    fn judge(&self, end: Result<(), Cause>) -> Result<(), Cause> {
        // A run that was cut short has not made all its choices.
        if self.plan.has_diverged() { Err(Cause::Diverged) } else { end }
    }
}

/// A run that is going on.
struct Run<'a> {
    executor: &'a Executor,
    story: Option<&'a Rc<Story>>,
}

impl Run<'_> {
    /// Runs until no task is left, or something is wrong.
    fn to_end(&self, runner: &Runner, main: &JoinHandle<()>) -> Result<(), Cause> {
        let mut turns = 0;
        loop {
            while self.executor.tick() {
                turns += 1;
                if panics::has_panicked() {
                    return Err(Cause::Panicked(panics::message()));
                }
                if turns >= runner.max_turns {
                    return Err(Cause::NeverEnds(turns));
                }
                if runner.leave_tasks && main.is_finished() {
                    return Ok(());
                }
            }
            if panics::has_panicked() {
                return Err(Cause::Panicked(panics::message()));
            }
            if self.executor.task_count() == 0 {
                return Ok(());
            }
            if !self.advance() {
                return Err(self.stuck(main));
            }
        }
    }

    /// Advances the clock to the next deadline. False if there is none.
    fn advance(&self) -> bool {
        let Some(deadline) = self.executor.reactor().next_deadline() else { return false };
        if let Some(story) = self.story {
            story.clock_moves();
        }
        // In a task of its own, so that a wake goes into the ready queue at once, as it does when an
        // executor moves its clock itself. It is the only task that is ready.
        let moves = async move {
            let by = deadline.saturating_duration_since(time::now());
            let _advance = time::advance(by);
        };
        drop(self.executor.spawn(moves));
        true
    }

    fn stuck(&self, main: &JoinHandle<()>) -> Cause {
        let tasks = self.executor.tasks();
        let table = tasks.to_string();
        let is_lost = |story: &Rc<Story>| tasks.iter().any(|task| story.is_lost(task.id));
        if self.story.is_some_and(is_lost) {
            return Cause::LostWaker(table);
        }
        if main.is_finished() { Cause::TaskLeft(table) } else { Cause::Deadlock(table) }
    }
}

/// The OS has no descriptors to give: no failure of the program.
#[track_caller]
fn must(executor: io::Result<Executor>) -> Executor {
    match executor {
        Ok(executor) => executor,
        Err(error) => panic!("the executor of a run cannot be made: {error}"),
    }
}

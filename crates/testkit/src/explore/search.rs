//! Which orders are run.

use std::{collections::HashSet, rc::Rc};

use pizzaiolo::trace::Observer;

use super::{
    failure::{Cause, Failure},
    plan::{Beyond, Choice, to_line},
    report::Report,
    run::Runner,
    shrink::{Shrink, Shrunk, deviations},
    story::Story,
};

/// How many runs go depth first before the number of orders is estimated.
const FIRST_RUNS: u64 = 1_000;

/// How many random runs make the estimate.
const PROBES: u64 = 200;

/// An exploration that is going on.
pub(super) struct Search<'a, P> {
    pub(super) runner: Runner,
    pub(super) program: &'a mut P,
    pub(super) report: Report,
    pub(super) max_runs: u64,
    pub(super) observer: Option<Box<dyn Observer>>,
}

type Checked<T> = Result<T, Box<Failure>>;

impl<P, F> Search<'_, P>
where
    P: FnMut() -> F,
    F: Future<Output = ()> + 'static,
{
    /// Runs all orders; or, if they seem to be too many, some at random.
    pub(super) fn all(&mut self) -> Checked<()> {
        let mut seen = HashSet::new();
        let first_runs = FIRST_RUNS.min(self.max_runs.div_ceil(2));
        if self.depth_first(first_runs, |order| _ = seen.insert(order))? {
            return Ok(());
        }
        let frontier = self.runner.plan.prescribed();
        let probes = PROBES.min(self.max_runs.div_ceil(10));
        let estimate = self.at_random(probes, &mut seen)?;
        self.report.estimate = Some(estimate);
        if estimate <= 2.0 * super::report::precise(self.max_runs) {
            self.runner.plan.prescribe(&frontier, Beyond::First);
            self.depth_first(self.max_runs.saturating_sub(self.report.runs), |_| ())?;
        } else {
            self.at_random(self.max_runs.saturating_sub(self.report.runs), &mut seen)?;
            self.report.is_random = true;
            self.report.orders = u64::try_from(seen.len()).unwrap_or(u64::MAX);
        }
        Ok(())
    }

    /// Runs this number of orders, depth first, from the prescribed one on. True if these were the last
    /// ones.
    fn depth_first(&mut self, runs: u64, mut saw: impl FnMut(u64)) -> Checked<bool> {
        for _ in 0..runs {
            self.run()?;
            self.report.orders += 1;
            if self.report.orders <= FIRST_RUNS {
                saw(self.runner.plan.fingerprint());
            }
            if !self.runner.plan.advance() {
                self.report.is_all = true;
                self.report.estimate = None;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs this number of orders at random. Returns the estimate of how many there are.
    fn at_random(&mut self, runs: u64, seen: &mut HashSet<u64>) -> Checked<f64> {
        let mut sum = 0.0;
        for _ in 0..runs {
            self.runner.plan.prescribe(&[], Beyond::Random);
            self.run()?;
            seen.insert(self.runner.plan.fingerprint());
            sum += self.runner.plan.estimate();
        }
        Ok(sum / super::report::precise(runs))
    }

    /// Runs one order only, and writes its story.
    pub(super) fn again(&mut self, choices: &[Choice]) -> Checked<()> {
        self.report.runs += 1;
        let (result, story) = self.story_of(choices);
        self.report.orders = 1;
        self.report.story = story.text();
        match result {
            Ok(()) => Ok(()),
            Err(cause) => Err(Box::new(self.failure(cause, &story, false))),
        }
    }

    fn run(&mut self) -> Checked<()> {
        self.report.runs += 1;
        match self.runner.run(self.program) {
            Ok(()) => Ok(()),
            Err(cause) => Err(Box::new(self.simplest(&cause))),
        }
    }

    /// Makes the order of a failure simple, and runs it once more, for its story.
    fn simplest(&mut self, cause: &Cause) -> Failure {
        let path = self.runner.plan.path();
        let Shrunk { path, is_fewest } = if *cause == Cause::Diverged {
            Shrunk { path, is_fewest: false }
        } else {
            Shrink::new(&mut self.runner, self.program, cause).shrink(&path)
        };
        let (result, story) = self.story_of(&path);
        // The cause that goes with the story: the message of the shrunk order.
        let cause = result.err().filter(|again| again.is_like(cause)).unwrap_or(Cause::Diverged);
        self.failure(cause, &story, is_fewest)
    }

    fn story_of(&mut self, path: &[Choice]) -> (Result<(), Cause>, Rc<Story>) {
        let story = Rc::new(Story::new(self.observer.take()));
        self.runner.plan.prescribe(path, Beyond::First);
        let result = self.runner.run_with_story(self.program, &story);
        (result, story)
    }

    fn failure(&self, cause: Cause, story: &Story, is_fewest: bool) -> Failure {
        let path = self.runner.plan.path();
        Failure {
            cause,
            choices: to_line(&path),
            story: story.text(),
            runs: self.report.runs,
            deviations: deviations(&path),
            is_fewest,
        }
    }
}

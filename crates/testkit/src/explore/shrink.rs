//! Makes the order of a failure simple: few choices that are not the first.

use super::{
    failure::Cause,
    plan::{Beyond, Choice},
    run::Runner,
};

/// The runs, and the turns, that may be spent on it: a run that never ends is a long one.
const RUNS: u32 = 20_000;
const TURNS: u64 = 500_000;

/// The order that was found.
pub(super) struct Shrunk {
    pub(super) path: Vec<Choice>,
    /// No order with fewer deviations fails so: all of them were run.
    pub(super) is_fewest: bool,
}

/// Counts the choices that are not the first.
pub(super) fn deviations(path: &[Choice]) -> usize {
    path.iter().filter(|choice| choice.taken > 0).count()
}

pub(super) struct Shrink<'a, P> {
    pub(super) runner: &'a mut Runner,
    pub(super) program: &'a mut P,
    pub(super) cause: &'a Cause,
    runs: u32,
    turns: u64,
}

impl<'a, P, F> Shrink<'a, P>
where
    P: FnMut() -> F,
    F: Future<Output = ()> + 'static,
{
    pub(super) fn new(runner: &'a mut Runner, program: &'a mut P, cause: &'a Cause) -> Self {
        Shrink { runner, program, cause, runs: 0, turns: 0 }
    }

    /// First takes away what can be taken away, then looks for an order with fewer deviations,
    /// from none on.
    pub(super) fn shrink(mut self, path: &[Choice]) -> Shrunk {
        let path = self.take_away(path.to_vec());
        for allowed in 0..deviations(&path) {
            match self.search(&[], allowed) {
                Some(path) => return Shrunk { path, is_fewest: true },
                None if self.is_spent() => return Shrunk { path, is_fewest: false },
                None => {}
            }
        }
        Shrunk { path, is_fewest: true }
    }

    fn is_spent(&self) -> bool {
        self.runs >= RUNS || self.turns >= TURNS
    }

    /// Runs this beginning, and then the first choice always. Returns the order if it fails in the
    /// same way.
    fn fails(&mut self, beginning: &[Choice]) -> Option<Vec<Choice>> {
        self.runs += 1;
        self.runner.plan.prescribe(beginning, Beyond::First);
        let result = self.runner.run(self.program);
        self.turns += self.runner.turns();
        result.is_err_and(|cause| cause.is_like(self.cause)).then(|| self.runner.plan.path())
    }

    fn take_away(&mut self, mut path: Vec<Choice>) -> Vec<Choice> {
        let mut index = 0;
        while index < path.len() && !self.is_spent() {
            let mut fewer = path.clone();
            fewer[index].taken = 0;
            // What comes after it may have less to choose from.
            fewer[index + 1..].iter_mut().for_each(|choice| choice.of = 0);
            match (path[index].taken > 0).then(|| self.fails(&fewer)).flatten() {
                Some(found) if deviations(&found) < deviations(&path) => {
                    path = found;
                    index = 0;
                }
                _ => index += 1,
            }
        }
        path
    }

    /// Runs the orders that begin so and have this number of deviations after that, and no others.
    fn search(&mut self, beginning: &[Choice], allowed: usize) -> Option<Vec<Choice>> {
        if self.is_spent() {
            return None;
        }
        if allowed == 0 {
            return self.fails(beginning);
        }
        // The run shows what there is to choose from.
        self.fails(beginning);
        let path = self.runner.plan.path();
        for index in beginning.len()..path.len() {
            for taken in 1..path[index].of {
                let mut longer = path[..=index].to_vec();
                longer[index].taken = taken;
                if let Some(found) = self.search(&longer, allowed - 1) {
                    return Some(found);
                }
            }
        }
        None
    }
}

//! The plan of one run: which choice is made at each point where there is one.
//!
//! All orders are a tree: a node is a point where there is a choice, a leaf is a run. The plan is the
//! path to a leaf. [`Plan::advance`] turns it into the path to the next leaf, depth first.

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use crate::random::Random;

/// One choice: the index that was taken, and the number of indices that there were.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Choice {
    pub(crate) taken: u32,
    pub(crate) of: u32,
}

/// What is chosen where the path ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// The first, which is the task that became ready first.
    First,
    /// Any.
    Random,
}

pub(crate) struct Plan {
    /// The choices of the run so far, and those that are prescribed.
    path: RefCell<Vec<Choice>>,
    /// How many choices the run has made.
    made: Cell<usize>,
    beyond: Cell<Beyond>,
    random: Random,
    /// A prescribed choice was not one of those that there were: the program is not deterministic.
    has_missed: Cell<bool>,
}

thread_local! {
    /// The plan of the run that is going on on this thread.
    static CURRENT: RefCell<Option<Rc<Plan>>> = const { RefCell::new(None) };
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Plan {
        Plan {
            path: RefCell::default(),
            made: Cell::new(0),
            beyond: Cell::new(Beyond::First),
            random: Random::new(seed),
            has_missed: Cell::new(false),
        }
    }

    /// Prescribes the choices of the next run.
    pub(crate) fn prescribe(&self, path: &[Choice], beyond: Beyond) {
        let mut own = self.path.borrow_mut();
        own.clear();
        own.extend_from_slice(path);
        self.beyond.set(beyond);
    }

    /// Begins a run.
    pub(crate) fn begin(&self) {
        self.made.set(0);
        self.has_missed.set(false);
    }

    /// Makes the next choice of the run: an index below `of`.
    pub(crate) fn choose(&self, of: usize) -> usize {
        let of = u32::try_from(of).unwrap_or(u32::MAX);
        let (mut path, made) = (self.path.borrow_mut(), self.made.get());
        self.made.set(made + 1);
        let taken = if let Some(choice) = path.get_mut(made) {
            // A line that was typed does not have the number.
            if choice.taken >= of || (choice.of != of && choice.of != UNKNOWN) {
                self.has_missed.set(true);
            }
            choice.of = of;
            choice.taken = choice.taken.min(of - 1);
            choice.taken
        } else {
            let taken = match self.beyond.get() {
                Beyond::First => 0,
                Beyond::Random => u32::try_from(self.random.below(of as usize)).unwrap_or(0),
            };
            path.push(Choice { taken, of });
            taken
        };
        taken as usize
    }

    /// Says whether a prescribed choice of the run was not there.
    pub(crate) fn has_missed(&self) -> bool {
        self.has_missed.get()
    }

    /// Says whether the run has done something else than the one whose choices it was to repeat.
    pub(crate) fn has_diverged(&self) -> bool {
        self.has_missed.get() || self.made.get() < self.path.borrow().len()
    }

    /// Returns the choices of the run.
    pub(crate) fn path(&self) -> Vec<Choice> {
        self.path.borrow()[..self.made.get()].to_vec()
    }

    /// Returns the choices that are prescribed for the next run.
    pub(crate) fn prescribed(&self) -> Vec<Choice> {
        self.path.borrow().clone()
    }

    /// Turns the path of the run into that of the next one, depth first. False if there is none.
    pub(crate) fn advance(&self) -> bool {
        let mut path = self.path.borrow_mut();
        path.truncate(self.made.get());
        while let Some(last) = path.last_mut() {
            if last.taken + 1 < last.of {
                last.taken += 1;
                return true;
            }
            path.pop();
        }
        false
    }

    /// Returns a number that is the same for the same choices.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.path.borrow()[..self.made.get()].hash(&mut hasher);
        hasher.finish()
    }

    /// Estimates how many orders there are by how many choices this random run had (Knuth,
    /// "Estimating the efficiency of backtrack programs", 1975). Its mean over many runs is right.
    pub(crate) fn estimate(&self) -> f64 {
        self.path.borrow()[..self.made.get()].iter().map(|choice| f64::from(choice.of)).product()
    }

    /// Makes it the plan of this thread, until the guard is dropped.
    pub(crate) fn enter(self: &Rc<Plan>) -> Entered {
        Entered(CURRENT.replace(Some(Rc::clone(self))))
    }
}

/// While it lives, its plan is that of this thread.
pub(crate) struct Entered(Option<Rc<Plan>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Makes a choice of the program itself: a number below `of`. 0 comes first.
///
/// Inside [`explore`](crate::explore) it is one more choice like that of the next task, and all
/// numbers are tried: a fault that happens or not, a message that is cut here or there. Outside of
/// it, the number is 0.
///
/// ```
/// use pizzaiolo_testkit::{choose, explore};
///
/// let report = explore(|| async {
///     let pizzas = 1 + choose(3);
///     assert!(pizzas <= 3);
/// });
/// assert_eq!(report.to_string(), "all 3 orders");
/// ```
///
/// # Panics
///
/// If `of` is 0.
#[must_use]
#[track_caller]
pub fn choose(of: usize) -> usize {
    assert!(of > 0, "`choose(0)`: there is nothing to choose from");
    let current = CURRENT.with_borrow(Clone::clone);
    match current {
        Some(plan) if of > 1 => plan.choose(of),
        _ => 0,
    }
}

/// The `of` of a choice that was read from a line.
const UNKNOWN: u32 = 0;

/// Writes choices as the line that repeats them. Zeros at the end are left out.
pub(crate) fn to_line(path: &[Choice]) -> String {
    let len = path.iter().rposition(|choice| choice.taken > 0).map_or(0, |last| last + 1);
    let mut line = String::new();
    for choice in &path[..len] {
        let comma = if line.is_empty() { "" } else { "," };
        let _ = write!(line, "{comma}{}", choice.taken);
    }
    line
}

/// Reads such a line. `None` if it is not one.
pub(crate) fn from_line(line: &str) -> Option<Vec<Choice>> {
    if line.trim().is_empty() {
        return Some(Vec::new());
    }
    let numbers = line.split(',').map(|number| number.trim().parse());
    numbers
        .map(|taken| taken.map(|taken| Choice { taken, of: UNKNOWN }))
        .collect::<Result<_, _>>()
        .ok()
}

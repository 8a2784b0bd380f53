//! What is wrong with a program, and how it is reported.

use std::fmt;

use super::report::count;

/// What was wrong in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The program panicked: the message, and where. A panic that the program catches counts, too.
    Panicked(String),
    /// The program's own future waits, and nothing can happen any more: the table of tasks.
    Deadlock(String),
    /// The program's own future has ended, but a task is left that can never go on: the table of
    /// tasks.
    TaskLeft(String),
    /// A task is left, and nothing holds its waker: the table of tasks.
    LostWaker(String),
    /// It still runs after this number of turns, which is the bound.
    NeverEnds(u64),
    /// It did something else although each choice was the same. A program that is explored may
    /// depend on nothing but the order: no thread, no socket, no random number, no real time.
    Diverged,
}

impl Cause {
    /// Says whether both are of one kind. What a deadlock is in one run is a lost waker in the next,
    /// because only an observer sees the difference.
    pub(super) fn is_like(&self, other: &Cause) -> bool {
        self.kind() == other.kind()
    }

    fn kind(&self) -> u8 {
        match self {
            Cause::Panicked(_) => 0,
            Cause::Deadlock(_) | Cause::TaskLeft(_) | Cause::LostWaker(_) => 1,
            Cause::NeverEnds(_) => 2,
            Cause::Diverged => 3,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Panicked(message) => write!(f, "the program panicked: {message}"),
            Cause::Deadlock(tasks) => {
                write!(f, "deadlock: the program waits, and nothing can happen any more:\n{tasks}")
            }
            Cause::TaskLeft(tasks) => {
                write!(f, "the program has ended, but tasks are left that can never go on:\n{tasks}")
            }
            Cause::LostWaker(tasks) => {
                write!(f, "a task waits, but nothing holds its waker:\n{tasks}")
            }
            Cause::NeverEnds(turns) => {
                write!(f, "the program still runs after {} turns", count(*turns))
            }
            Cause::Diverged => f.write_str(
                "the program did something else although each choice was the same: it depends on \
                 more than the order (a thread, a socket, a random number, the time of day, a static)",
            ),
        }
    }
}

/// An order in which a program fails. It prints with its story, and with the line that repeats it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub(super) cause: Cause,
    pub(super) choices: String,
    pub(super) story: String,
    pub(super) runs: u64,
    pub(super) deviations: usize,
    pub(super) is_fewest: bool,
}

impl Failure {
    /// Returns what was wrong.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Returns the line that repeats the order, for [`Explorer::replay`](crate::Explorer::replay).
    #[must_use]
    pub fn choices(&self) -> &str {
        &self.choices
    }

    /// Returns the story of the run: a line for each poll.
    #[must_use]
    pub fn story(&self) -> &str {
        &self.story
    }

    /// Counts the choices of the order that are not the first: how often a task is polled before
    /// one that became ready earlier.
    #[must_use]
    pub fn deviations(&self) -> usize {
        self.deviations
    }

    /// Says whether it was checked that no order with fewer of them fails in this way.
    #[must_use]
    pub fn is_fewest(&self) -> bool {
        self.is_fewest
    }

    /// Counts the runs until the failure was found. Those that shrink it are not among them.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.cause.to_string().trim_end())?;
        writeln!(f, "found in run {}; the order, one poll a line:", count(self.runs))?;
        write!(f, "{}", self.story)?;
        let fewest = match (self.deviations, self.is_fewest) {
            (0, _) => "first in, first out",
            (_, true) => "no order with fewer choices other than 0 fails so",
            (_, false) => "perhaps an order with fewer choices other than 0 fails so, too",
        };
        writeln!(f, "again ({fewest}):")?;
        write!(f, "  Explorer::new().replay(\"{}\").run(...)", self.choices)
    }
}

impl std::error::Error for Failure {}

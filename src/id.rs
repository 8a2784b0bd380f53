//! The ids of tasks and sources, and the directions and the readiness of a source.

use std::fmt;

use crate::slab::Key;

/// Identifies one task of one executor. It is never reused for another task.
///
/// It prints as `task 3`, or `task 3.1` for the second task that uses the slab entry of task 3.
/// The future that was given to `block_on` prints as `root`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(crate) Key);

impl TaskId {
    /// The slab entry of the future that was given to `block_on`.
    pub(crate) const ROOT: u32 = 0;

    /// Says whether it is the future that was given to `block_on`.
    #[must_use]
    pub const fn is_root(self) -> bool {
        self.0.index() == TaskId::ROOT
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str("root");
        }
        // Entry 0 is the root's, so the first spawned task has entry 1.
        write!(f, "task {}", Key::from_parts(self.0.index() - 1, self.0.generation()))
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({self})")
    }
}

/// Identifies one registered source (a socket, mostly) of one reactor. It is never reused for
/// another source.
///
/// It prints as `socket 3`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) Key);

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "socket {}", self.0)
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceId({self})")
    }
}

/// A direction of a source: a task waits to read from it, or to write to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// Until there is something to read, a connection to accept, or the end of the stream.
    Read,
    /// Until there is room to write.
    Write,
}

impl Direction {
    pub(crate) const BOTH: [Direction; 2] = [Direction::Read, Direction::Write];
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Read => "read",
            Direction::Write => "write",
        })
    }
}

/// What a socket may be ready for, as a set of bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Readiness(u8);

impl Readiness {
    pub(crate) const NONE: Readiness = Readiness(0);
    pub(crate) const READ: Readiness = Readiness(1);
    pub(crate) const WRITE: Readiness = Readiness(2);
    /// The peer has closed its half. A short read no longer means that the socket is drained: the
    /// end is still to be read, and no other event will report it.
    pub(crate) const READ_CLOSED: Readiness = Readiness(4);
    /// The same for writing: the error is still to be reported.
    pub(crate) const WRITE_CLOSED: Readiness = Readiness(8);
    /// There is an urgent byte (TCP's, out of band) in the stream. A read stops before it, so a
    /// short read does not mean that the socket is drained.
    pub(crate) const URGENT: Readiness = Readiness(16);
    /// The OS has reported priority data, and no task has taken the report yet.
    pub(crate) const PRIORITY: Readiness = Readiness(32);
    /// The OS has reported an error, and no task has taken the report yet.
    pub(crate) const ERROR: Readiness = Readiness(64);

    pub(crate) const fn of(direction: Direction) -> Readiness {
        match direction {
            Direction::Read => Readiness::READ,
            Direction::Write => Readiness::WRITE,
        }
    }

    pub(crate) const fn closed(direction: Direction) -> Readiness {
        match direction {
            Direction::Read => Readiness::READ_CLOSED,
            Direction::Write => Readiness::WRITE_CLOSED,
        }
    }

    /// The readiness with which a short operation does not mean that the socket is drained.
    pub(crate) const fn stops_short(direction: Direction) -> Readiness {
        match direction {
            Direction::Read => Readiness::READ_CLOSED.with(Readiness::URGENT),
            Direction::Write => Readiness::WRITE_CLOSED,
        }
    }

    pub(crate) const fn has_any(self, other: Readiness) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn with(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Readiness) -> Readiness {
        Readiness(self.0 & !other.0)
    }

    pub(crate) const fn has(self, other: Readiness) -> bool {
        self.0 & other.0 == other.0
    }

    /// Says whether the socket may be ready for this direction.
    #[must_use]
    pub const fn is_ready(self, direction: Direction) -> bool {
        self.has(Readiness::of(direction))
    }

    /// Says whether the peer has closed this direction: nothing more will come to be read, or
    /// nothing can be written.
    #[must_use]
    pub const fn is_closed(self, direction: Direction) -> bool {
        self.has(Readiness::closed(direction))
    }
}

/// `readable and writable`, with `, read closed` and the like if it is.
impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (read, write) = (self.is_ready(Direction::Read), self.is_ready(Direction::Write));
        f.write_str(match (read, write) {
            (true, true) => "readable and writable",
            (true, false) => "readable",
            (false, true) => "writable",
            (false, false) => "not ready",
        })?;
        if self.is_closed(Direction::Read) {
            f.write_str(", read closed")?;
        }
        if self.is_closed(Direction::Write) {
            f.write_str(", write closed")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Readiness({self})")
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_a_set() {
        let both = Readiness::READ.with(Readiness::WRITE_CLOSED);
        assert!(both.has(Readiness::READ) && both.has(Readiness::WRITE_CLOSED));
        assert!(!both.has(Readiness::READ.with(Readiness::WRITE)));
        assert_eq!(both.without(Readiness::READ), Readiness::WRITE_CLOSED);
        assert_eq!(both.to_string(), "readable, write closed");
    }
}

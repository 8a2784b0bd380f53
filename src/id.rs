//! What things are called: tasks, sockets, and the two directions and the readiness of a socket.

use std::fmt;

use crate::slots::Key;

/// Names one task of one executor, for ever: never reused for another.
///
/// It prints as `task 3`, or `task 3.1` for the second task that lives in the place of task 3.
/// The future that was given to `block_on` prints as `root`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(crate) Key);

impl TaskId {
    /// Says whether this is the future that was given to `block_on`, which no call of `spawn` made.
    #[must_use]
    pub const fn is_root(self) -> bool {
        self.0.is_reserved()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str("root") } else { write!(f, "task {}", self.0) }
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({self})")
    }
}

/// Names one registered source (a socket, mostly) of one executor, for ever.
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

/// What one waits for on a socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// Until there is something to read, to accept, or the end.
    Read,
    /// Until there is room to write.
    Write,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Read => "read",
            Direction::Write => "write",
        })
    }
}

/// A direction as a type: who waits need not carry it about.
pub(crate) trait Way {
    const DIRECTION: Direction;
}

/// [`Direction::Read`], as a type.
pub(crate) struct Reading;

/// [`Direction::Write`], as a type.
pub(crate) struct Writing;

impl Way for Reading {
    const DIRECTION: Direction = Direction::Read;
}

impl Way for Writing {
    const DIRECTION: Direction = Direction::Write;
}

/// What a socket may be ready for, as a set of bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Readiness(u8);

impl Readiness {
    pub(crate) const NONE: Readiness = Readiness(0);
    pub(crate) const READ: Readiness = Readiness(1);
    pub(crate) const WRITE: Readiness = Readiness(2);
    /// The peer has ended its half: a short read is no sign of a drained socket any more, for
    /// the end is still to be read, and no other event will tell it.
    pub(crate) const READ_CLOSED: Readiness = Readiness(4);
    /// The same for writing: the error is still to be reported.
    pub(crate) const WRITE_CLOSED: Readiness = Readiness(8);
    /// There is an urgent byte (TCP's, out of band) in the stream. A read stops before it, which
    /// is no sign of a drained socket either.
    pub(crate) const URGENT: Readiness = Readiness(16);

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

    /// What else there may be to learn from an operation after one that has stopped short.
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

    /// Says whether the peer has ended this direction: there is nothing more to read than what is
    /// there, or to write at all.
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

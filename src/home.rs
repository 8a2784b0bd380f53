//! What an executor shares with everything that belongs to it: with its reactor, with each socket
//! that is registered there, and with the join handles of its tasks.
//!
//! It is one allocation, so that what lives in it keeps one pointer home.

use crate::{tasks::Tasks, trace::Tracer, turn::Turn};

pub(crate) struct Home {
    /// The tasks, and which of them are ready.
    pub(crate) tasks: Tasks,
    /// Whose turn it is.
    pub(crate) turn: Turn,
    /// Who is told what happens.
    pub(crate) tracer: Tracer,
}

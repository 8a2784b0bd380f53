//! Tests async code in every order of its tasks.

mod cancel;
mod explore;
pub mod net;
mod polls;
mod random;

pub use self::{
    cancel::{Cancel, check_cancel_safety, maybe_cancelled},
    explore::{Cause, Explorer, Failure, Report, explore, plan::choose},
    polls::{CountingWaker, count_polls, poll_once, poll_with},
};

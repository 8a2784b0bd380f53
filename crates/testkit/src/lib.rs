//! Tests async code in every order of its tasks.

mod explore;
mod random;

pub use explore::{Cause, Explorer, Failure, Report, explore, plan::choose};

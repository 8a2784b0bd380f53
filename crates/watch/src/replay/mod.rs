//! The replay: a page that steps through a run, and the model that it shows.
//!
//! A [`Step`] is an event as plain data. [`State`] says what the executor's state is after each
//! step. `encode` writes both as JSON, and `page` puts them into one file with the page's own
//! script and style sheet.

mod encode;
mod names;
mod page;
mod sources;
mod state;
mod step;

pub use self::page::{Replay, page_of_json};
pub(crate) use self::{
    encode::{learn, state as state_json, steps as steps_json},
    names::Names,
    page::{fields_json, live_page, run_json},
    state::State,
    step::{Step, What},
};

//! The log at the level `Debug`. It is a program of its own, for the level is the process's.

use std::sync::Mutex;

use pizzaiolo::{Executor, yield_now};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().expect("no panic").push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

#[test]
fn at_the_level_debug_the_beginning_and_the_end_of_a_task_are_logged_and_no_more() {
    log::set_logger(&Lines).expect("there is no other logger");
    log::set_max_level(log::LevelFilter::Debug);
    let executor = Executor::new().expect("descriptors");
    executor.spawn(yield_now()).detach();
    executor.run();
    let lines = LINES.lock().expect("no panic");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("DEBUG ") && lines[0].contains("spawned at"), "{lines:?}");
    assert!(lines[1].starts_with("DEBUG ") && lines[1].ends_with("finished"), "{lines:?}");
}

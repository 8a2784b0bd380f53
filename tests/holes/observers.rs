//! What may be an observer.

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use pizzaiolo::{
    Executor,
    trace::{Event, Observer},
};

use crate::support::Recorder;

/// Counts events.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Observer for Counts {
    fn on_event(&self, _: &Event) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn two_observers_and_one_in_an_arc_are_called_with_each_event() {
    let (first, second) = (Rc::new(Recorder::default()), Arc::new(Counts::default()));
    let both = (Rc::clone(&first), Arc::clone(&second));
    let executor = Executor::builder().observer(both).build().expect("descriptors");
    executor.spawn(async {}).detach();
    executor.run();
    assert!(first.events().len() >= 4, "{:?}", first.events());
    assert_eq!(first.events().len(), second.0.load(Ordering::SeqCst));
}

//! The warning of a busy loop.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use pizzaiolo::{
    Executor, TaskId, spawn,
    trace::{EventKind, Warning},
};

use crate::support::Recorder;

/// An executor that is watched. It warns of no slow poll: on a busy machine each may be one.
fn watched() -> (Rc<Recorder>, Executor) {
    let recorder = Rc::new(Recorder::default());
    let builder = Executor::builder().slow_poll(Duration::MAX).observer(Rc::clone(&recorder));
    (recorder, builder.build().expect("the OS has descriptors"))
}

/// Returns how many polls of the task there were before each of its warnings.
fn polls_before_warnings(recorder: &Recorder, task: TaskId) -> Vec<usize> {
    let (mut polls, mut warnings) = (0, Vec::new());
    for event in recorder.events().iter().filter(|event| event.task() == Some(task)) {
        match event.kind() {
            EventKind::PollStarted => polls += 1,
            EventKind::Warned { warning: Warning::WakesItself, .. } => warnings.push(polls),
            _ => {}
        }
    }
    warnings
}

/// The waker of a task, for others to call.
#[derive(Clone, Default)]
struct Slot(Rc<RefCell<Option<Waker>>>);

impl Slot {
    fn keep(&self, cx: &Context<'_>) {
        self.0.replace(Some(cx.waker().clone()));
    }

    fn wake(&self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

#[test]
fn a_task_that_always_wakes_itself_is_warned_of_once_in_its_64th_poll() {
    let (recorder, executor) = watched();
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls == 200 { Poll::Ready(()) } else { Poll::Pending }
    }));
    executor.run();
    assert_eq!(polls_before_warnings(&recorder, task.id()), [64]);
}

#[test]
fn a_task_that_wakes_itself_in_half_of_its_polls_is_no_busy_loop() {
    let (recorder, executor) = watched();
    let slot = Slot::default();
    let mine = slot.clone();
    let is_over = Rc::new(Cell::new(false));
    let over = Rc::clone(&is_over);
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |cx| {
        polls += 1;
        // In the first, the fourth, the sixth and so on: never in more than half of those so far.
        if polls == 1 || polls > 3 && polls % 2 == 0 {
            cx.waker().wake_by_ref();
        } else {
            mine.keep(cx);
        }
        over.set(polls == 200);
        if polls == 200 { Poll::Ready(()) } else { Poll::Pending }
    }));
    while !is_over.get() {
        executor.run_until_idle();
        slot.wake();
    }
    executor.run();
    assert_eq!(polls_before_warnings(&recorder, task.id()), []);
}

#[test]
fn tasks_that_wake_each_other_are_no_busy_loop() {
    let (recorder, executor) = watched();
    let slots = [Slot::default(), Slot::default()];
    let tasks = [0, 1].map(|index| {
        let (mine, other) = (slots[index].clone(), slots[1 - index].clone());
        let mut polls = 0;
        executor.spawn(poll_fn(move |cx| {
            polls += 1;
            mine.keep(cx);
            other.wake();
            if polls == 200 { Poll::Ready(()) } else { Poll::Pending }
        }))
    });
    // The second begins, for it finds the first asleep.
    executor.run_until_idle();
    for task in tasks {
        assert_eq!(polls_before_warnings(&recorder, task.id()), []);
    }
    assert!(executor.stats().polls > 300);
}

/// Wakes its task when it is dropped, which is after the task's last poll.
struct WakesOnDrop(Option<Waker>);

impl Future for WakesOnDrop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0 = Some(cx.waker().clone());
        Poll::Ready(())
    }
}

impl Drop for WakesOnDrop {
    fn drop(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

#[test]
fn a_wake_after_the_last_poll_of_a_task_is_not_counted_for_the_next_task() {
    let (recorder, executor) = watched();
    let task = executor.spawn(async {
        for _ in 0..200 {
            spawn(WakesOnDrop(None)).await.expect("it ends");
        }
    });
    executor.run();
    assert_eq!(polls_before_warnings(&recorder, task.id()), []);
}

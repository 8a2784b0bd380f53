//! Join handles and join sets.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use pizzaiolo::{
    spawn,
    task::JoinSet,
    trace::{Event, EventKind},
    yield_now,
};

use crate::support::{executor, give_waker, observed};

#[test]
fn a_join_set_is_empty_until_a_task_is_spawned() {
    executor().block_on(async {
        let mut set = JoinSet::default();
        assert!(set.is_empty());
        set.spawn(pending::<()>());
        assert!(!set.is_empty());
        set.detach_all();
        assert!(set.is_empty());
    });
}

#[test]
fn the_end_of_a_detached_task_is_not_taken_for_that_of_a_later_one() {
    executor().block_on(async {
        let waker = Rc::new(Cell::new(None::<Waker>));
        let mut set = JoinSet::new();
        let slot = Rc::clone(&waker);
        set.spawn(async move {
            give_waker(|waker| slot.set(Some(waker))).await;
            0
        });
        yield_now().await;
        set.detach_all();
        // The first has the position that the detached one had.
        set.spawn(pending());
        waker.take().expect("it was polled").wake();
        yield_now().await;
        set.spawn(async { 2 });
        assert!(matches!(set.join_next().await, Some(Ok(2))));
    });
}

thread_local! {
    static SET: RefCell<Option<JoinSet<u32>>> = const { RefCell::new(None) };
    static POLLED_IN_WAKE: Cell<bool> = const { Cell::new(false) };
}

/// Polls the set as soon as it is woken, which is while a member's future is dropped.
struct PollsAtOnce(Waker);

impl Wake for PollsAtOnce {
    fn wake(self: Arc<Self>) {
        let poll = SET.with_borrow_mut(|set| {
            let set = set.as_mut().expect("it is there");
            set.poll_join_next(&mut Context::from_waker(&self.0))
        });
        assert!(poll.is_pending());
        POLLED_IN_WAKE.set(true);
    }
}

#[test]
fn a_set_that_is_polled_while_a_member_ends_yields_it_afterwards() {
    executor().block_on(async {
        let mut set = JoinSet::new();
        set.spawn(async { 7 });
        SET.set(Some(set));
        let mut is_first = true;
        let output = poll_fn(|cx| {
            let at_once = Waker::from(Arc::new(PollsAtOnce(cx.waker().clone())));
            let waker = if std::mem::take(&mut is_first) { &at_once } else { cx.waker() };
            SET.with_borrow_mut(|set| {
                let set = set.as_mut().expect("it is there");
                set.poll_join_next(&mut Context::from_waker(waker))
            })
        });
        assert!(matches!(output.await, Some(Ok(7))));
        assert!(POLLED_IN_WAKE.get());
        drop(SET.take());
    });
}

#[test]
fn a_join_handle_that_is_polled_when_its_task_is_done_is_ready_at_once() {
    executor().block_on(async {
        let mut task = spawn(async { 3 });
        while !task.is_finished() {
            yield_now().await;
        }
        let poll = crate::support::poll_with(&mut task, Waker::noop());
        assert!(matches!(poll, Poll::Ready(Ok(3))));
    });
}

#[test]
fn the_end_of_a_join_is_reported_once() {
    let (recorder, executor) = observed();
    let ids = executor.block_on(async {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut set = JoinSet::new();
        let first = set.spawn(pending::<()>()).id();
        assert!(set.poll_join_next(cx).is_pending());
        // The set waits for the last of its tasks, and no more for the first.
        let last = set.spawn(pending::<()>()).id();
        assert!(set.poll_join_next(cx).is_pending());
        drop(set);
        [first, last]
    });
    let ends = |id| {
        let events = recorder.events();
        let is_it = |event: &&Event| matches!(event.kind(), EventKind::JoinEnded { task, .. } if *task == id);
        events.iter().filter(is_it).count()
    };
    assert_eq!(ids.map(ends), [1, 1]);
}

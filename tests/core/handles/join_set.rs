//! `task::JoinSet`.

use pizzaiolo::{task::JoinSet, trace::EventKind};

use crate::support::prelude::*;

/// Yields so often, then returns the number.
async fn after(yields: u32) -> u32 {
    turns(yields).await;
    yields
}

#[test]
fn tasks_are_joined_in_the_order_of_their_ends() {
    block_on(async {
        let mut set = JoinSet::new();
        for yields in [3, 1, 2, 0] {
            set.spawn(after(yields));
        }
        assert_eq!(set.len(), 4);
        for expected in 0..4 {
            assert_eq!(set.join_next().await.unwrap().unwrap(), expected);
        }
        assert!(set.is_empty() && set.join_next().await.is_none());
        set.spawn(after(1));
        assert_eq!(set.join_next().await.unwrap().unwrap(), 1, "an empty set goes on");
    });
}

#[test]
fn its_futures_need_not_be_send() {
    block_on(async {
        let (mut set, shared) = (JoinSet::new(), Rc::new(RefCell::new(0)));
        for _ in 0..3 {
            let shared = Rc::clone(&shared);
            set.spawn(async move { *shared.borrow_mut() += 1 });
        }
        while let Some(outcome) = set.join_next().await {
            outcome.unwrap();
        }
        assert_eq!(*shared.borrow(), 3);
    });
}

#[test]
fn a_panic_and_an_abort_are_outcomes_like_any_other() {
    block_on(async {
        let mut set = JoinSet::new();
        let abort = set.spawn(pending());
        set.spawn(async { std::panic::resume_unwind(Box::new("burnt")) });
        let panicked = set.join_next().await.unwrap();
        assert_eq!(message_of(&*panicked.unwrap_err().into_panic()), "burnt");
        abort.abort();
        assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
        assert!(set.join_next().await.is_none());
    });
}

#[test]
fn abort_all_ends_each_task_and_the_set_still_has_their_outcomes() {
    block_on(async {
        let (mut set, drops) = (JoinSet::new(), Counter::new());
        set.spawn(async {});
        (0..3).for_each(|_| drop(set.spawn(holds(&drops))));
        yield_now().await;
        set.abort_all();
        let mut cancelled = 0;
        while let Some(outcome) = set.join_next().await {
            cancelled += u32::from(outcome.is_err_and(|error| error.is_cancelled()));
        }
        assert_eq!((cancelled, drops.get()), (3, 3));
        set.spawn(async {});
        assert!(set.join_next().await.unwrap().is_ok(), "what comes later is not aborted");
    });
}

#[test]
fn dropping_the_set_aborts_its_tasks_and_shutdown_waits_for_that() {
    let (executor, drops) = (executor(), Counter::new());
    let fill = |set: &mut JoinSet<()>| {
        for _ in 0..5 {
            set.spawn(holds(&drops));
        }
    };
    executor.block_on(async {
        let mut set = JoinSet::new();
        fill(&mut set);
        yield_now().await;
        set.shutdown().await;
        assert_eq!((drops.get(), set.len()), (5, 0));
        fill(&mut set);
        yield_now().await;
    });
    executor.run();
    assert_eq!(drops.get(), 10);
}

#[test]
fn a_shutdown_that_is_never_polled_has_aborted_the_tasks() {
    let (executor, drops) = (executor(), Counter::new());
    executor.block_on(async {
        let mut set = JoinSet::new();
        (0..5).for_each(|_| drop(set.spawn(holds(&drops))));
        yield_now().await;
        drop(set.shutdown());
        assert_eq!((drops.get(), set.len()), (0, 5));
        // What aborts them is not the drop of the set.
        set.detach_all();
    });
    executor.run();
    assert_eq!(drops.get(), 5);
}

#[test]
fn tasks_that_are_detached_go_on_and_the_set_forgets_them() {
    let (executor, done) = (executor(), Counter::new());
    executor.block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..3 {
            set.spawn(done.polls(yield_now()));
        }
        assert!(poll_here(set.join_next()).await.is_pending());
        set.detach_all();
        assert!(set.join_next().await.is_none());
    });
    executor.run();
    assert_eq!(done.get(), 2 * 3);
}

#[test]
fn try_join_next_never_waits() {
    block_on(async {
        let mut set = JoinSet::new();
        assert!(set.try_join_next().is_none());
        set.spawn(after(1));
        assert!(set.try_join_next().is_none());
        yield_now().await;
        yield_now().await;
        assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
        assert!(set.try_join_next().is_none() && set.is_empty());
    });
}

#[test]
fn giving_up_a_join_loses_nothing_and_any_task_may_go_on_with_it() {
    block_on(async {
        let mut set = JoinSet::new();
        for yields in [5, 4] {
            set.spawn(after(yields));
        }
        assert!(poll_once(&mut Box::pin(set.join_next())).is_pending());
        set.spawn(after(6));
        assert!(poll_once(&mut Box::pin(set.join_next())).is_pending());
        let sum = spawn(async move {
            let mut sum = 0;
            while let Some(outcome) = set.join_next().await {
                sum += outcome.unwrap();
            }
            sum
        });
        assert_eq!(sum.await.unwrap(), 15);
    });
}

/// A wait costs the same however large the set is: it leaves its waker at one of the tasks.
#[test]
fn a_set_that_is_polled_leaves_one_waker_however_many_tasks_it_has() {
    let (executor, events) = watched();
    executor.block_on(async {
        let (count, waker) = Counter::with_waker();
        let mut set = JoinSet::new();
        let aborts: Vec<_> = (0..1_000).map(|_| set.spawn(pending::<()>())).collect();
        for polls in 1..=3 {
            assert!(set.poll_join_next(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!(count.wakers(), 2, "`waker`, and the set's");
            let joins = |kind: &EventKind| matches!(kind, EventKind::Joining { .. });
            assert_eq!(events.count(joins), 1, "{polls} polls");
        }
        drop(aborts);
    });
}

/// A completion costs the same however large the set is. (That a scan of the set fails here is a matter of time: it
/// would take a minute in a debug build.)
#[test]
fn a_hundred_thousand_tasks_are_joined_in_any_order() {
    const TASKS: u32 = 100_000;
    block_on(async {
        let mut set = JoinSet::new();
        for number in 0..TASKS {
            set.spawn(after(number % 3));
        }
        let mut joined = 0;
        while let Some(outcome) = set.join_next().await {
            outcome.unwrap();
            joined += 1;
        }
        assert_eq!(joined, TASKS);
    });
}

/// The joiner is woken once for the tasks that end in one pass, and polled so often.
#[test]
fn a_join_is_woken_by_the_end_of_any_of_its_tasks_and_by_nothing_else() {
    let executor = executor();
    let task = executor.spawn(async {
        let mut set = JoinSet::new();
        let aborts: Vec<_> = (0..10).map(|_| set.spawn(pending::<()>())).collect();
        assert!(poll_once(&mut Box::pin(set.join_next())).is_pending());
        (set, aborts)
    });
    let (mut set, aborts) = executor.block_on(task).unwrap();
    let (polls, joins) = counted(async move { set.join_next().await.unwrap() });
    let joiner = executor.spawn(joins);
    executor.run_until_idle();
    assert_eq!(polls.get(), 1);
    // Neither the first nor the last, at which the waker may be.
    aborts[4].abort();
    executor.run();
    assert_eq!(polls.get(), 2);
    assert!(executor.block_on(joiner).unwrap().unwrap_err().is_cancelled());
}

#[test]
fn a_join_of_tasks_that_are_lost_is_a_deadlock_and_says_what_it_waits_for() {
    let message = deadlock(|| {
        block_on(async {
            let mut set = JoinSet::new();
            for _ in 0..3 {
                set.spawn(pending::<()>());
            }
            set.join_next().await
        })
    });
    assert!(message.contains("the end of"), "{message}");
}

#[test]
fn a_set_outlives_its_executor() {
    let (executor, drops) = (executor(), Counter::new());
    let mut set = executor.block_on(async {
        let mut set = JoinSet::new();
        set.spawn(holds(&drops));
        assert!(poll_once(&mut Box::pin(set.join_next())).is_pending());
        set
    });
    drop(executor);
    assert_eq!(drops.get(), 1);
    assert!(set.try_join_next().unwrap().unwrap_err().is_cancelled());
}

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
fn the_end_of_a_join_is_reported_once() {
    let (executor, events) = watched();
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
    let ends =
        |id| events.count(|kind| matches!(kind, EventKind::JoinEnded { task, .. } if *task == id));
    assert_eq!(ids.map(ends), [1, 1]);
}

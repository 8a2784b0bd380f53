//! Time: sleeps, timeouts, intervals, and the clock that can be paused. The Time rows of the
//! contract are here, each named by its test.

use std::net;

use futures_core::Stream;
use pizzaiolo::{Builder, net::TcpListener, trace::Observer};

use crate::support::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// Reports when the executor goes to sleep, and for how long at most.
fn reports(parks: mpsc::Sender<Option<Duration>>) -> impl Observer {
    // The receiver is gone when it has heard enough.
    at_park(move |timeout| _ = parks.send(timeout))
}

/// Contract: "a sub-millisecond wait is rounded down: a spin, or an early wake" (mio#1614,
/// smol#109). Never early, and a bounded number of turns.
#[test]
fn a_wait_below_a_millisecond_is_never_early_and_does_not_spin() {
    let (parked, parks) = mpsc::channel();
    let executor = made(Executor::builder().observer(reports(parked)));
    let polls = Counter::new();
    executor.block_on(async {
        for nanos in [1, 1_000, 300_000, 999_999] {
            let start = Instant::now();
            polls.polls(time::sleep(Duration::from_nanos(nanos))).await;
            assert!(start.elapsed() >= Duration::from_nanos(nanos), "{nanos} ns");
        }
    });
    assert!(polls.get() <= 8, "{} polls for four sleeps", polls.get());
    // A wait that is cut to no time at all would show here, in turns without a poll.
    let parks = parks.try_iter().count();
    assert!(parks <= 8, "{parks} turns without work for four sleeps");
}

#[test]
fn a_timer_is_not_early_by_a_nanosecond() {
    paused().block_on(async {
        let task = spawn(time::sleep(SECOND));
        yield_now().await;
        time::advance(SECOND.checked_sub(Duration::from_nanos(1)).unwrap()).await;
        assert!(!task.is_finished());
        time::advance(Duration::from_nanos(1)).await;
        assert!(task.is_finished());
    });
}

/// Contract: "a deadline that is exactly now is missed" (async-io#73). It fires on the next turn.
#[test]
fn a_deadline_that_is_now_or_past_fires_on_the_next_turn() {
    paused().block_on(async {
        time::advance(SECOND).await;
        for deadline in [time::now(), time::now().checked_sub(SECOND).unwrap()] {
            let mut sleep = time::sleep_until(deadline);
            assert!(poll_here(&mut sleep).await.is_pending(), "the others go first");
            yield_now().await;
            assert!(poll_here(&mut sleep).await.is_ready());
        }
        time::sleep(Duration::ZERO).await;
    });
}

/// Contract: "a new, earlier deadline does not shorten the wait" (tokio#3190).
#[test]
fn a_new_earlier_deadline_shortens_the_wait() {
    let executor = Executor::new().unwrap();
    let start = Instant::now();
    executor.block_on(async {
        let late = spawn(time::sleep(Duration::from_secs(3600)));
        yield_now().await;
        time::sleep(Duration::from_millis(5)).await;
        assert!(!late.is_finished());
    });
    assert!(start.elapsed() < Duration::from_secs(600));
}

/// The same for a timer that is moved while the executor waits for it.
#[test]
fn a_sleep_that_is_reset_wakes_at_its_new_time() {
    paused().block_on(async {
        let start = time::now();
        let mut sleep = time::sleep(100 * SECOND);
        assert!(poll_here(&mut sleep).await.is_pending());
        sleep.reset(start + SECOND);
        assert_eq!(sleep.deadline(), Some(start + SECOND));
        (&mut sleep).await;
        assert_eq!(time::now() - start, SECOND);
        assert!(sleep.is_elapsed());

        sleep.reset(start + 3 * SECOND);
        assert!(!sleep.is_elapsed());
        (&mut sleep).await;
        assert_eq!(time::now() - start, 3 * SECOND);

        sleep.reset(start + 4 * SECOND);
        assert!(poll_here(&mut sleep).await.is_pending());
        sleep.reset(start + 9 * SECOND);
        sleep.await;
        assert_eq!(time::now() - start, 9 * SECOND, "the later deadline counts");
    });
}

/// Contract: "cancelled entries stay" (tokio#8252). A million timeouts made and dropped leave
/// nothing: no timer to wait for, so the clock does not jump.
#[test]
fn a_million_timeouts_made_and_dropped_leave_nothing() {
    let executor = paused();
    executor.block_on(async {
        let start = time::now();
        for _ in 0..1_000_000 {
            let mut timeout = pin!(time::timeout(SECOND, pending::<()>()));
            assert!(poll_here(&mut timeout).await.is_pending());
        }
        time::sleep(2 * SECOND).await;
        assert_eq!(time::now() - start, 2 * SECOND);
    });
}

/// Contract: "a timeout around a spinning task never fires" (tokio#4314). It fires.
#[test]
fn a_timeout_around_a_future_that_always_wakes_itself_fires() {
    let spin = || {
        poll_fn(|cx: &mut Context<'_>| -> Poll<()> {
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    };
    let limit = Duration::from_millis(2);
    pizzaiolo::block_on(async {
        assert!(time::timeout(limit, spin()).await.is_err());
        assert!(spawn(time::timeout(limit, spin())).await.unwrap().is_err());
    });
}

#[test]
fn a_ready_task_that_never_stops_does_not_starve_the_timers() {
    pizzaiolo::block_on(async {
        let done = Rc::new(Cell::new(false));
        let is_done = Rc::clone(&done);
        let spinner = spawn(async move {
            while !is_done.get() {
                yield_now().await;
            }
        });
        time::sleep(Duration::from_millis(2)).await;
        done.set(true);
        spinner.await.unwrap();
    });
}

#[test]
fn timers_fire_in_the_order_of_their_deadlines_and_those_of_one_time_in_the_order_they_were_set() {
    paused().block_on(async {
        let order = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<_> = [(3, 'a'), (1, 'b'), (2, 'c'), (1, 'd')]
            .map(|(seconds, name)| {
                let order = Rc::clone(&order);
                spawn(async move {
                    time::sleep(seconds * SECOND).await;
                    order.borrow_mut().push(name);
                })
            })
            .into();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.borrow(), ['b', 'd', 'c', 'a']);
    });
}

#[test]
fn durations_up_to_the_longest_mean_never_and_overflow_nothing() {
    paused().block_on(async {
        let mut never = time::sleep(Duration::MAX);
        assert_eq!(never.deadline(), None);
        assert!(poll_here(&mut never).await.is_pending());
        let mut timeout = Box::pin(time::timeout(Duration::MAX, pending::<()>()));
        assert!(poll_here(&mut timeout).await.is_pending());
        assert_eq!(time::timeout(Duration::MAX, async { 1 }).await, Ok(1));
        let mut interval = time::interval(Duration::MAX);
        interval.tick().await;
        assert!(poll_here(&mut interval.tick()).await.is_pending());
        time::advance(Duration::MAX).await;
        time::advance(1000 * SECOND).await;
        time::advance(Duration::MAX).await;
        assert!(poll_here(&mut never).await.is_pending());
    });
}

/// 64 bits of nanoseconds are less than that.
#[test]
fn a_thousand_years_are_not_over_after_five_hundred() {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    paused().block_on(async {
        let mut sleep = time::sleep(1000 * YEAR);
        assert!(sleep.deadline().is_some(), "the clock can count that far");
        assert!(poll_here(&mut sleep).await.is_pending());
        time::advance(500 * YEAR).await;
        assert!(poll_here(&mut sleep).await.is_pending());
    });
}

/// Waits for a socket, which has its event once the executor sleeps, while a task sleeps for
/// `duration`. Returns how long the executor would have slept at most.
fn sleep_for_a_socket(
    builder: Builder,
    duration: Duration,
    and_then: impl AsyncFnOnce(JoinHandle<()>),
) -> Option<Duration> {
    let (parked, parks) = mpsc::channel();
    let executor = made(builder.observer(reports(parked)));
    executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let client = thread::spawn(move || {
            // Only a hang takes so long. It connects all the same, so that the test can end.
            let timeout = parks.recv_timeout(BOUND);
            net::TcpStream::connect(addr).map(|_| timeout)
        });
        let timer = spawn(time::sleep(duration));
        listener.accept().await.unwrap();
        and_then(timer).await;
        client.join().unwrap().unwrap().expect("the executor sleeps")
    })
}

/// The OS counts in 32 bits of milliseconds: what is cut off there makes a wait that is too short,
/// over and over again.
#[test]
fn the_os_is_not_asked_for_a_longer_sleep_than_it_can_count() {
    let longest = u128::from(i32::MAX.unsigned_abs());
    for millis in [1 << 31, 1 << 32, (1 << 32) + 1, 1 << 40] {
        let duration = Duration::from_millis(millis);
        let timeout = sleep_for_a_socket(Executor::builder(), duration, async |timer| {
            assert!(!timer.is_finished());
        });
        let timeout = timeout.expect("there is a timer to wake up for").as_millis();
        assert!((1..=longest).contains(&timeout), "{timeout} ms for {millis} ms");
    }
    assert_eq!(sleep_for_a_socket(Executor::builder(), Duration::MAX, async |_| {}), None);
}

#[test]
fn a_future_that_is_ready_when_its_time_is_over_still_counts() {
    paused().block_on(async {
        let deadline = time::now() + SECOND;
        assert_eq!(time::timeout_at(deadline, async { "pizza" }).await, Ok("pizza"));
        let late = time::timeout(SECOND, time::sleep(SECOND)).await;
        assert_eq!(late, Ok(()), "both fire at once, and the future is polled first");
        let error = time::timeout(SECOND, pending::<()>()).await.unwrap_err();
        assert_eq!(error.to_string(), "the time was over");
        assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::TimedOut);
    });
}

#[test]
fn an_interval_ticks_at_once_and_then_every_period() {
    paused().block_on(async {
        let start = time::now();
        let mut interval = time::interval(SECOND);
        assert_eq!(interval.period(), SECOND);
        assert_eq!(poll_here(&mut interval.tick()).await, Poll::Ready(start));
        assert_eq!(interval.tick().await, start + SECOND);
        let next = poll_fn(|cx| Pin::new(&mut interval).poll_next(cx)).await;
        assert_eq!(next, Some(start + 2 * SECOND));
    });
}

#[test]
fn an_interval_of_no_length_lets_the_others_run() {
    paused().block_on(async {
        let other = spawn(async {});
        let mut interval = time::interval(Duration::ZERO);
        for _ in 0..3 {
            interval.tick().await;
        }
        assert!(other.is_finished());
    });
}

#[test]
fn a_paused_clock_jumps_to_the_next_timer_when_there_is_nothing_else_to_wait_for() {
    let real = Instant::now();
    paused().block_on(async {
        let start = time::now();
        time::sleep(Duration::from_secs(86_400)).await;
        assert_eq!(time::now() - start, Duration::from_secs(86_400));
    });
    assert!(real.elapsed() < Duration::from_secs(600));
}

#[test]
fn a_paused_clock_stands_still_while_a_socket_is_waited_for() {
    let builder = Executor::builder().paused_clock(true);
    let timeout = sleep_for_a_socket(builder, SECOND, async |timer| {
        let start = time::now();
        assert!(!timer.is_finished(), "the time was over, although a socket was waited for");
        timer.await.unwrap();
        assert_eq!(time::now() - start, SECOND, "and with nothing else to wait for, it jumps");
    });
    assert_eq!(timeout, None, "no time passes, so there is none to wake up for");
}

#[test]
fn a_paused_clock_does_not_jump_while_a_wake_of_another_thread_is_there() {
    paused().block_on(async {
        let start = time::now();
        let timer = spawn(time::sleep(SECOND));
        yield_now().await;
        // The wake is there before the executor looks for something to do.
        give_waker(|waker| on_another_thread(|| waker.wake())).await;
        assert_eq!(time::now(), start);
        assert!(!timer.is_finished());
    });
}

#[test]
#[should_panic(expected = "belongs to another executor")]
fn a_sleep_that_another_executor_polls_panics_and_says_so() {
    let executor = Executor::new().unwrap();
    let mut sleep = time::sleep(SECOND);
    executor.block_on(async { assert!(poll_here(&mut sleep).await.is_pending()) });
    pizzaiolo::block_on(&mut sleep);
}

#[test]
#[should_panic(expected = "no pizzaiolo executor runs on this thread")]
fn a_sleep_outside_an_executor_panics_and_says_what_to_do() {
    let mut sleep = pin!(time::sleep(SECOND));
    let _ = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[test]
#[should_panic(expected = "moves a paused clock only")]
fn a_clock_that_runs_cannot_be_moved() {
    pizzaiolo::block_on(async { time::advance(SECOND).await });
}

//! A clock that is paused, resumed and driven by another loop, and intervals that are reset or miss ticks.

use pizzaiolo::time::MissedTickBehavior;

use crate::support::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const MS: Duration = Duration::from_millis(1);

#[test]
fn a_running_clock_can_be_paused_and_then_jumps_to_the_next_timer() {
    let real = Instant::now();
    block_on(async {
        let early = spawn(time::sleep(60 * SECOND));
        time::pause();
        let start = time::now();
        time::sleep(3600 * SECOND).await;
        assert_eq!(time::now() - start, 3600 * SECOND);
        assert!(early.is_finished());
        time::advance(SECOND).await;
        time::pause();
        assert_eq!(time::now() - start, 3601 * SECOND, "it stays where it is");
    });
    assert!(real.elapsed() < 1800 * SECOND);
}

#[test]
fn a_clock_that_is_resumed_goes_on_from_where_it_stood_ahead_of_the_os_or_behind_it() {
    for ahead in [3600 * SECOND, Duration::ZERO] {
        block_on(async {
            time::pause();
            let start = time::now();
            time::advance(ahead).await;
            // Behind the OS's clock, if it was not advanced.
            thread::sleep(5 * MS);
            assert_eq!(time::now() - start, ahead);
            time::resume();
            time::resume();
            let (resumed, before) = (time::now(), Instant::now());
            assert!(resumed - start >= ahead && resumed - start < ahead + 1800 * SECOND);
            time::sleep(20 * MS).await;
            assert!(time::now() - resumed >= 20 * MS);
            assert!(before.elapsed() >= 20 * MS, "the time is the OS's again");
            time::pause();
            let again = time::now();
            time::sleep(3600 * SECOND).await;
            assert_eq!(time::now() - again, 3600 * SECOND);
        });
    }
}

#[test]
fn outside_an_executor_there_is_no_clock_to_pause() {
    for (message, file) in [panic_of(|| time::pause()), panic_of(|| time::resume())] {
        assert!(message.contains("no pizzaiolo executor"), "{message}");
        assert!(file.ends_with("clocks.rs"), "{file}");
    }
}

#[test]
fn an_interval_begins_when_it_is_told_to() {
    paused().block_on(async {
        let start = time::now() + 5 * SECOND;
        let mut ticks = time::interval_at(start, SECOND);
        for number in 0..3 {
            assert_eq!(ticks.tick().await, start + number * SECOND);
            assert_eq!(time::now(), start + number * SECOND);
        }
    });
}

#[test]
fn an_interval_that_is_reset_ticks_one_period_later_or_when_it_is_told_to() {
    paused().block_on(async {
        let mut ticks = time::interval(10 * SECOND);
        ticks.reset();
        let start = time::now();
        assert_eq!(ticks.tick().await, start + 10 * SECOND, "not at once any more");
        time::advance(9 * SECOND).await;
        ticks.reset();
        assert_eq!(ticks.tick().await, start + 29 * SECOND);
        ticks.reset_at(start + 30 * SECOND);
        assert_eq!(ticks.tick().await, start + 30 * SECOND);
        assert_eq!(ticks.tick().await, start + 40 * SECOND);
    });
}

/// The ticks after one of which three and a half periods are missed, as seconds after it.
fn after_missing(behavior: MissedTickBehavior) -> Vec<Duration> {
    paused().block_on(async {
        let mut ticks = time::interval(2 * SECOND);
        ticks.set_missed_tick_behavior(behavior);
        assert_eq!(ticks.missed_tick_behavior(), behavior);
        let start = ticks.tick().await;
        time::advance(9 * SECOND).await;
        let mut seen = Vec::new();
        for _ in 0..6 {
            ticks.tick().await;
            seen.push(time::now() - start);
        }
        seen
    })
}

#[test]
fn ticks_that_were_missed_come_in_a_burst_or_delay_the_others_or_are_skipped() {
    let seconds = |seconds: [u64; 6]| seconds.map(Duration::from_secs).to_vec();
    assert_eq!(after_missing(MissedTickBehavior::Burst), seconds([9, 9, 9, 9, 10, 12]));
    assert_eq!(after_missing(MissedTickBehavior::Delay), seconds([9, 11, 13, 15, 17, 19]));
    assert_eq!(after_missing(MissedTickBehavior::Skip), seconds([9, 10, 12, 14, 16, 18]));
    assert_eq!(MissedTickBehavior::default(), MissedTickBehavior::Skip);
}

/// Otherwise the lateness of each timer would add up.
#[test]
fn a_tick_that_is_late_by_less_than_5_ms_delays_nothing() {
    paused().block_on(async {
        let mut ticks = time::interval(SECOND);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let start = ticks.tick().await;
        time::advance(SECOND + 4 * MS).await;
        assert_eq!(ticks.tick().await, start + SECOND);
        assert_eq!(ticks.tick().await, start + 2 * SECOND);
    });
}

/// What holds a timer or a socket may be used where panics are caught.
#[test]
fn executors_sockets_and_timers_are_unwind_safe() {
    fn is_unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    is_unwind_safe::<Executor>();
    is_unwind_safe::<pizzaiolo::Reactor>();
    is_unwind_safe::<pizzaiolo::Handle>();
    is_unwind_safe::<pizzaiolo::Unparker>();
    is_unwind_safe::<pizzaiolo::JoinHandle<std::rc::Rc<std::cell::Cell<u8>>>>();
    is_unwind_safe::<pizzaiolo::RemoteJoinHandle<u8>>();
    is_unwind_safe::<pizzaiolo::task::AbortHandle>();
    is_unwind_safe::<pizzaiolo::task::AbortOnDrop<u8>>();
    is_unwind_safe::<pizzaiolo::task::JoinSet<u8>>();
    is_unwind_safe::<pizzaiolo::net::TcpListener>();
    is_unwind_safe::<pizzaiolo::net::TcpStream>();
    is_unwind_safe::<pizzaiolo::net::UdpSocket>();
    is_unwind_safe::<pizzaiolo::net::IntoIncoming>();
    is_unwind_safe::<pizzaiolo::net::OwnedReadHalf<pizzaiolo::net::TcpStream>>();
    is_unwind_safe::<pizzaiolo::net::OwnedWriteHalf<pizzaiolo::net::TcpStream>>();
    is_unwind_safe::<pizzaiolo::Async<std::net::TcpStream>>();
    #[cfg(unix)]
    {
        is_unwind_safe::<pizzaiolo::net::UnixDatagram>();
        is_unwind_safe::<pizzaiolo::net::UnixListener>();
        is_unwind_safe::<pizzaiolo::net::UnixIntoIncoming>();
        is_unwind_safe::<pizzaiolo::net::UnixStream>();
        is_unwind_safe::<pizzaiolo::net::OwnedReadHalf<pizzaiolo::net::UnixStream>>();
        is_unwind_safe::<pizzaiolo::net::OwnedWriteHalf<pizzaiolo::net::UnixStream>>();
    }
    is_unwind_safe::<time::Sleep>();
    is_unwind_safe::<time::Interval>();
    is_unwind_safe::<time::Timeout<std::future::Ready<()>>>();
    let executor = paused();
    let task = executor.spawn(pending::<()>());
    assert!(!std::panic::catch_unwind(|| task.is_finished()).unwrap());
}

/// An executor with a paused clock and a task that sleeps for an hour.
fn with_a_sleeper() -> (Executor, JoinHandle<()>) {
    let executor = paused();
    let sleeper = executor.spawn(time::sleep(HOUR));
    assert!(executor.tick());
    (executor, sleeper)
}

#[test]
fn a_park_with_a_paused_clock_goes_to_the_next_deadline() {
    let (executor, sleeper) = with_a_sleeper();
    executor.reactor().park(None).expect("the OS gives events");
    assert!(executor.tick() && sleeper.is_finished());
}

#[test]
fn a_park_with_a_paused_clock_that_was_unparked_does_not_move_it() {
    let (executor, sleeper) = with_a_sleeper();
    executor.reactor().unparker().unpark();
    executor.reactor().park(None).expect("the OS gives events");
    assert!(!executor.tick() && !sleeper.is_finished());
}

#[test]
#[cfg(unix)]
fn a_park_with_a_paused_clock_waits_for_the_time_of_the_os_while_a_socket_is_waited_for() {
    let (executor, sleeper) = with_a_sleeper();
    let (ours, _peer) = crate::support::unix_pair();
    let source = pizzaiolo::Async::from_fd(ours);
    executor.spawn(async move { source.readable().await }).detach();
    // The OS says once that a new source is writable.
    executor.run_until_idle();
    let (before, nap) = (Instant::now(), Duration::from_millis(20));
    executor.reactor().park(Some(nap)).expect("the OS gives events");
    assert!(before.elapsed() >= nap);
    assert!(!executor.tick() && !sleeper.is_finished());
}

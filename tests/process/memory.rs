//! The memory of a crowd of tasks, or of timers, goes with it.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::fs;

use pizzaiolo::Async;

use crate::own_process::in_a_process_of_its_own;
use crate::support::prelude::*;

/// Returns the resident memory of the process, in bytes.
fn resident() -> usize {
    // In pages: all, resident, shared and so on.
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = statm.split(' ').nth(1).expect("it is the second figure");
    4096 * pages.parse::<usize>().expect("it is a number")
}

/// glibc keeps the small blocks that are freed (about 90 bytes for each task: its future and its
/// waker), and gives them to the next crowd. What the executor itself has for each task, more than
/// 100 bytes, goes back.
#[test]
fn the_entries_of_a_crowd_go_with_it_and_a_second_crowd_takes_no_more() {
    const TASKS: usize = 200_000;
    in_a_process_of_its_own(
        "memory::the_entries_of_a_crowd_go_with_it_and_a_second_crowd_takes_no_more",
        || {
            let executor = Executor::new().expect("the OS has descriptors");
            let crowd = |count| {
                for _ in 0..count {
                    drop(executor.spawn(yield_now()));
                }
                executor.run();
                resident()
            };
            // What is made once, on first use, is none of it.
            let before = crowd(100);
            let left = crowd(TASKS).saturating_sub(before);
            assert!(left < 128 * TASKS, "{left} bytes are left of the first crowd");
            let more = crowd(TASKS).saturating_sub(before + left);
            assert!(more < 16 * TASKS, "{more} bytes more are left of the second crowd");
        },
    );
}

#[test]
fn an_executor_that_sleeps_holds_no_room_for_a_crowd_that_was_ready() {
    const TASKS: usize = 200_000;
    in_a_process_of_its_own(
        "memory::an_executor_that_sleeps_holds_no_room_for_a_crowd_that_was_ready",
        || {
            let asleep = Rc::new(Cell::new(0));
            let seen = Rc::clone(&asleep);
            let observer = at_park(move |_| seen.set(resident()));
            let executor = Executor::builder().observer(observer).build().unwrap();
            executor.block_on(async {
                for _ in 0..TASKS {
                    spawn(yield_now()).detach();
                }
                turns(3).await;
                time::sleep(Duration::from_millis(1)).await;
            });
            assert!(asleep.get() > 0, "it has slept");
            // When it has run, it holds nothing that it does not need.
            let more = asleep.get().saturating_sub(resident());
            assert!(more < 4 * TASKS, "{more} bytes were held while it slept");
        },
    );
}

/// The timers are in one allocation, which goes back as a whole. So does what the reactor has for each.
#[test]
fn the_entries_of_a_crowd_of_timers_go_with_it() {
    const TIMERS: usize = 200_000;
    in_a_process_of_its_own("memory::the_entries_of_a_crowd_of_timers_go_with_it", || {
        let executor = executor();
        let crowd = |count: usize| {
            executor.block_on(async {
                let far = Duration::from_secs(3600);
                let mut timers: Vec<_> = (0..count).map(|_| time::sleep(far)).collect();
                for timer in &mut timers {
                    assert!(poll_once(timer).is_pending());
                }
                drop(timers);
                // The loop polls for events meanwhile.
                turns(100).await;
            });
            resident()
        };
        let before = crowd(100);
        let left = crowd(TIMERS).saturating_sub(before);
        assert!(left < 16 * TIMERS, "{left} bytes are left");
    });
}

/// A source of which the OS knows nothing.
struct Nothing;

impl mio::event::Source for Nothing {
    fn register(&mut self, _: &mio::Registry, _: mio::Token, _: mio::Interest) -> io::Result<()> {
        Ok(())
    }

    fn reregister(&mut self, _: &mio::Registry, _: mio::Token, _: mio::Interest) -> io::Result<()> {
        Ok(())
    }

    fn deregister(&mut self, _: &mio::Registry) -> io::Result<()> {
        Ok(())
    }
}

/// The reactor has them in one allocation.
#[test]
fn the_entries_of_a_crowd_of_sources_go_with_it() {
    const SOURCES: usize = 200_000;
    in_a_process_of_its_own("memory::the_entries_of_a_crowd_of_sources_go_with_it", || {
        executor().block_on(async {
            let sources: Vec<_> = (0..SOURCES).map(|_| Async::new(Nothing).unwrap()).collect();
            drop(sources);
            let left = resident();
            // The loop polls for events meanwhile.
            turns(100).await;
            let given_back = left.saturating_sub(resident());
            assert!(given_back > 8 * SOURCES, "only {given_back} bytes were given back");
        });
    });
}

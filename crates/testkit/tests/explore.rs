//! What `explore` runs, what it finds, and what it prints.

#[path = "../examples/lost_sale.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod lost_sale;

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    future::{pending, poll_fn},
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use pizzaiolo::{JoinHandle, spawn, time, yield_now};
use pizzaiolo_testkit::{Cause, Explorer, choose, explore};
use pizzaiolo_watch::Timeline;

async fn join_all(tasks: impl IntoIterator<Item = JoinHandle<()>>) {
    // All are spawned before the first is awaited.
    for task in tasks.into_iter().collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Three tasks note their steps; each run gives one sequence.
#[test]
fn every_interleaving_of_three_tasks_is_run() {
    let seen = Rc::new(RefCell::new(HashSet::new()));
    let all = Rc::clone(&seen);
    let report = explore(move || {
        let (all, steps) = (Rc::clone(&all), Rc::new(RefCell::new(Vec::new())));
        async move {
            let task = |name: char| {
                let steps = Rc::clone(&steps);
                spawn(async move {
                    for _ in 0..2 {
                        steps.borrow_mut().push(name);
                        yield_now().await;
                    }
                    steps.borrow_mut().push(name);
                })
            };
            join_all(['a', 'b', 'c'].map(task)).await;
            all.borrow_mut().insert(steps.take());
        }
    });
    // 9! / (3! 3! 3!) ways to mix three sequences of three.
    assert_eq!(seen.borrow().len(), 1_680);
    assert!(report.is_all());
}

#[test]
fn three_tasks_that_no_task_joins_have_1680_orders() {
    let report = explore(|| async {
        for _ in 0..3 {
            spawn(async {
                yield_now().await;
                yield_now().await;
            })
            .detach();
        }
    });
    assert_eq!(report.to_string(), "all 1,680 orders");
    assert_eq!((report.orders(), report.runs(), report.is_all()), (1_680, 1_880, true));
}

#[test]
fn a_program_with_one_task_has_one_order() {
    assert_eq!(explore(|| async { yield_now().await }).to_string(), "all 1 order");
}

/// The second of two tasks is polled first in half of the orders.
#[test]
fn a_panic_is_found_and_shrunk_to_one_choice() {
    let failure = Explorer::new().check(two_in_order).unwrap_err();
    let Cause::Panicked(message) = failure.cause() else { panic!("{failure}") };
    assert!(message.contains("the second came first, at "), "{message}");
    assert_eq!((failure.deviations(), failure.is_fewest()), (1, true));
    let again = Explorer::new().replay(failure.choices()).check(two_in_order).unwrap_err();
    assert_eq!(again.cause(), failure.cause());
    assert_eq!(again.story(), failure.story());
}

async fn two_in_order() {
    let first = Rc::new(Cell::new(false));
    let (set, get) = (Rc::clone(&first), first);
    let tasks = [
        spawn(async move { set.set(true) }),
        spawn(async move { assert!(get.get(), "the second came first") }),
    ];
    join_all(tasks).await;
}

/// Depth first, the first order that fails has two such choices.
#[test]
fn a_failure_is_shrunk_to_the_fewest_choices() {
    let failure = Explorer::new().check(|| async {
        let [first, second, third] = [(); 3].map(|()| choose(2) == 1);
        assert!(!(first || (second && third)));
    });
    let failure = failure.unwrap_err();
    assert_eq!((failure.runs(), failure.choices()), (4, "1"));
    assert!(failure.is_fewest());
}

#[test]
fn the_story_has_a_line_for_each_poll() {
    let failure = Explorer::new().check(two_in_order).unwrap_err();
    let story: Vec<_> = failure.story().lines().collect();
    assert_eq!(story.len(), 2, "{failure}");
    assert!(story[0].starts_with("     1. main: spawns task 1 at "), "{failure}");
    assert!(story[0].ends_with(", pending"), "{failure}");
    assert_eq!(story[1], "     2. task 2 [1 of 0..2]: panics");
    let text = failure.to_string();
    assert!(text.ends_with("Explorer::new().replay(\"1\").run(...)"), "{text}");
}

#[test]
fn a_panic_of_a_task_that_no_task_joins_is_found() {
    let failure = Explorer::new().check(|| async { spawn(async { panic!("burnt") }).detach() });
    let Cause::Panicked(message) = failure.unwrap_err().cause().clone() else { panic!() };
    assert!(message.starts_with("burnt"), "{message}");
}

#[test]
fn a_deadlock_is_found() {
    // The waker is held, by the task that waits: the executor alone cannot prove the deadlock.
    let failure = Explorer::new()
        .check(|| async {
            let kept = RefCell::new(None::<Waker>);
            poll_fn(|cx| {
                *kept.borrow_mut() = Some(cx.waker().clone());
                Poll::<()>::Pending
            })
            .await;
        })
        .unwrap_err();
    let Cause::Deadlock(tasks) = failure.cause() else { panic!("{failure}") };
    assert!(tasks.contains("main"), "{tasks}");
}

#[test]
fn a_lost_waker_is_found() {
    let failure = Explorer::new().check(pending).unwrap_err();
    assert!(matches!(failure.cause(), Cause::LostWaker(_)), "{failure}");
    assert!(failure.story().contains("nothing holds its waker"), "{failure}");
}

#[test]
fn a_task_that_is_left_is_found_unless_that_is_allowed() {
    let program = || async {
        let kept = Rc::new(RefCell::new(None::<Waker>));
        spawn(poll_fn(move |cx| {
            *kept.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }))
        .detach();
        yield_now().await;
    };
    let failure = Explorer::new().check(program).unwrap_err();
    assert!(matches!(failure.cause(), Cause::TaskLeft(_)), "{failure}");
    assert!(Explorer::new().leave_tasks(true).run(program).is_all());
}

#[test]
fn a_run_that_never_ends_is_found() {
    let failure = Explorer::new()
        .max_turns(100)
        .check(|| async {
            loop {
                yield_now().await;
            }
        })
        .unwrap_err();
    assert_eq!(*failure.cause(), Cause::NeverEnds(100));
}

/// Each of the two may be chosen for ever: the order is long, and there are many like it.
#[test]
fn a_run_of_many_choices_that_never_ends_is_reported_in_bounded_time() {
    let spins = || async {
        loop {
            yield_now().await;
        }
    };
    let failure = Explorer::new()
        .check(move || async move { join_all([spawn(spins()), spawn(spins())]).await });
    let failure = failure.unwrap_err();
    assert_eq!(*failure.cause(), Cause::NeverEnds(10_000));
    let lines = failure.story().lines().count();
    assert_eq!(lines, 121, "sixty of the beginning, sixty of the end, and one that says so");
    assert_eq!(failure.choices(), "");
}

#[test]
fn a_program_that_depends_on_more_than_the_order_is_found() {
    let mut runs = 0;
    let failure = Explorer::new()
        .check(move || {
            runs += 1;
            async move { drop((0..=runs % 3).map(|_| spawn(yield_now())).collect::<Vec<_>>()) }
        })
        .unwrap_err();
    assert_eq!(*failure.cause(), Cause::Diverged);
}

#[test]
fn time_passes_at_once_and_deadlines_keep_their_order() {
    let report = explore(|| async {
        let start = time::now();
        let late = spawn(time::sleep(Duration::from_secs(7200)));
        let early = spawn(time::sleep(Duration::from_secs(3600)));
        early.await.unwrap();
        assert!(!late.is_finished());
        late.await.unwrap();
        assert_eq!(time::now() - start, Duration::from_secs(7200));
    });
    assert!(report.is_all());
}

#[test]
fn the_story_says_that_the_clock_advances() {
    let report = Explorer::new().replay("").run(|| time::sleep(Duration::from_millis(5)));
    let story: Vec<_> = report.story().lines().map(str::trim_start).collect();
    assert_eq!(
        story,
        [
            "1. main: waits for a timer, pending",
            "2. the clock advances by 5ms: wakes main",
            "3. main: ends"
        ]
    );
}

#[test]
fn a_choice_of_the_program_is_explored_too() {
    let seen = Rc::new(RefCell::new(HashSet::new()));
    let all = Rc::clone(&seen);
    explore(move || {
        let all = Rc::clone(&all);
        async move { _ = all.borrow_mut().insert((choose(2), choose(3))) }
    });
    assert_eq!(seen.borrow().len(), 6);
    assert_eq!(choose(3), 0);
}

#[test]
fn too_many_orders_are_taken_at_random_and_the_same_for_a_seed() {
    let program = || async {
        join_all(
            (0..5).map(|_| spawn(async { join_all((0..3).map(|_| spawn(yield_now()))).await })),
        )
        .await;
    };
    let run = |seed| Explorer::new().max_runs(3_000).seed(seed).run(program);
    let report = run(7);
    assert!(!report.is_all());
    assert_eq!(report.runs(), 3_000);
    assert!((2_990..=3_000).contains(&report.orders()), "{report}");
    assert!(report.estimate().unwrap() > 1e9, "{report}");
    println!("{report}");
    assert!(report.to_string().ends_with(" %), at random, seed 7"), "{report}");
    assert_eq!(report, run(7));
    assert_ne!(report, run(8));
}

#[test]
fn a_line_that_does_not_fit_the_program_is_refused() {
    let failure = Explorer::new().replay("5").check(two_in_order).unwrap_err();
    assert_eq!(*failure.cause(), Cause::Diverged);
}

#[test]
#[should_panic(expected = "is no line of choices")]
fn a_line_that_is_no_line_is_refused() {
    drop(Explorer::new().replay("0;1"));
}

#[test]
fn a_replayed_order_can_be_drawn() {
    let timeline = Rc::new(Timeline::new());
    let replay = Explorer::new().replay("1").observer(Rc::clone(&timeline));
    replay.check(two_in_order).unwrap_err();
    assert!(timeline.to_svg().contains("main"));
}

/// What the crate's page shows is what the example prints.
#[test]
fn the_page_of_the_crate_shows_what_is_printed() {
    let failure = Explorer::new().check(lost_sale::sell_two).unwrap_err().to_string();
    let printed = failure.replace("crates/testkit/tests/../examples/", "");
    let page = include_str!("../src/lib.rs").replace("//! ", "").replace("//!", "");
    let shown = page.split("```text\n").nth(1).and_then(|rest| rest.split("\n```").next());
    assert_eq!(Some(&*printed), shown);
}

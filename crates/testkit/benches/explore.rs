//! How many orders a second: the same program under `explore` and under schedwalk, in one process.
//!
//! The program spawns three tasks that yield three times each, and joins them. Each round runs all
//! of its orders under both; the best of the rounds counts.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use pizzaiolo_testkit::Explorer;

const ROUNDS: u32 = 9;

/// Wakes its task and is pending once: the same for both, so that only the explorers differ.
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn yield_three_times() {
    for _ in 0..3 {
        YieldOnce(false).await;
    }
}

async fn ours() {
    let tasks = [(); 3].map(|()| pizzaiolo::spawn(yield_three_times()));
    for task in tasks {
        task.await.unwrap();
    }
}

async fn theirs() {
    let tasks = [(); 3].map(|()| schedwalk::spawn(yield_three_times()));
    for task in tasks {
        assert!(task.await.is_ok());
    }
}

fn explore_all() -> u64 {
    let report = Explorer::new().run(ours);
    assert!(report.is_all());
    report.orders()
}

/// It does not count: the program does.
fn schedwalk_all() -> u64 {
    let mut orders = 0;
    schedwalk::for_all_schedules(|| {
        orders += 1;
        theirs()
    });
    orders
}

fn timed(run: fn() -> u64) -> (u64, Duration) {
    let start = Instant::now();
    let orders = run();
    (orders, start.elapsed())
}

fn main() {
    let mut best = [Duration::MAX; 2];
    let mut orders = [0; 2];
    for _ in 0..ROUNDS {
        for (index, run) in [explore_all as fn() -> u64, schedwalk_all].into_iter().enumerate() {
            let (counted, took) = timed(run);
            orders[index] = counted;
            best[index] = best[index].min(took);
        }
    }
    assert_eq!(orders[0], orders[1], "they do not run the same orders");
    for (index, name) in ["explore", "schedwalk"].into_iter().enumerate() {
        let (orders, best) = (orders[index], best[index]);
        let a_second = f64::from(u32::try_from(orders).unwrap_or(u32::MAX)) / best.as_secs_f64();
        println!(
            "{name:>9}: {orders} orders in {best:.1?}, {:.2} million a second",
            a_second / 1e6
        );
    }
}

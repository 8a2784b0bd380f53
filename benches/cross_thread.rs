//! What does a wake cost that comes from another thread?
//!
//! - `wakes_in_a_row`: another thread wakes one task a million times and never waits for it. The
//!   task is polled as often as the executor gets to it; the clock stops when it has seen the last.
//! - `wake_round_trip`: each wake waits for the poll that it causes, so that the executor sleeps, or
//!   nearly so, in between.
//! - `spawn_from_afar`: another thread spawns 100,000 tasks. Only where it can be done: tokio's
//!   `LocalSet`, smol's `LocalExecutor`, `LocalPool` and monoio take no tasks from elsewhere.
//!
//! These need two cores.

use std::future::poll_fn;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use pizzaiolo_benches::runtime::{
    LocalRuntime, Pizzaiolo, Runtime, SmolExecutor, SpawnFromAnywhere, Tokio,
};

use crate::compare::{Case, beside_peers};

pub(crate) fn bench(criterion: &mut Criterion) {
    beside_peers::<InARow>(criterion);
    beside_peers::<RoundTrip>(criterion);
    spawn_from_afar(criterion);
}

/// Starts a thread that does `work` with the waker which the task will send.
fn with_waker(work: impl FnOnce(Waker) + Send + 'static) -> (Introduction, JoinHandle<()>) {
    let (sender, receiver) = sync_channel(1);
    let thread = thread::spawn(move || work(receiver.recv().expect("the task sends its waker")));
    (Introduction(Some(sender)), thread)
}

/// Sends the task's waker to the other thread, once.
struct Introduction(Option<SyncSender<Waker>>);

impl Introduction {
    fn make(&mut self, cx: &Context<'_>) {
        if let Some(sender) = self.0.take() {
            let waker = cx.waker().clone();
            sender.send(waker).expect("the thread waits for it");
        }
    }
}

/// A million wakes, without a wait in between.
struct InARow;

impl Case for InARow {
    const NAME: &'static str = "wakes_in_a_row";
    const OPERATIONS: usize = 1_000_000;

    async fn run<R: Runtime>() {
        let over = Arc::new(AtomicBool::new(false));
        let (mut introduction, thread) = with_waker({
            let over = Arc::clone(&over);
            move |waker| {
                for _ in 1..Self::OPERATIONS {
                    waker.wake_by_ref();
                }
                // Seen by the poll that the last wake causes.
                over.store(true, Ordering::Release);
                waker.wake();
            }
        });
        let task = R::spawn(poll_fn(move |cx| {
            introduction.make(cx);
            if over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
        }));
        task.await;
        thread.join().expect("it only wakes");
    }
}

/// Each wake waits for its poll.
struct RoundTrip;

impl Case for RoundTrip {
    const NAME: &'static str = "wake_round_trip";
    const OPERATIONS: usize = 10_000;

    async fn run<R: Runtime>() {
        let last = Self::OPERATIONS as u64;
        let asked = Arc::new(AtomicU64::new(0));
        let answered = Arc::new(AtomicU64::new(0));
        let (mut introduction, thread) = with_waker({
            let (asked, answered) = (Arc::clone(&asked), Arc::clone(&answered));
            move |waker| {
                for question in 1..=last {
                    asked.store(question, Ordering::Release);
                    waker.wake_by_ref();
                    while answered.load(Ordering::Acquire) < question {
                        spin_loop();
                    }
                }
            }
        });
        let task = R::spawn(poll_fn(move |cx| {
            introduction.make(cx);
            let question = asked.load(Ordering::Acquire);
            answered.store(question, Ordering::Release);
            if question == last { Poll::Ready(()) } else { Poll::Pending }
        }));
        task.await;
        thread.join().expect("it only asks");
    }
}

/// So many tasks are spawned from another thread in one run.
const SPAWNS: u64 = 100_000;

fn spawn_from_afar(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spawn_from_afar");
    group.throughput(Throughput::Elements(SPAWNS));
    spawn_onto::<Pizzaiolo>(&mut group);
    spawn_onto::<Tokio>(&mut group);
    spawn_onto::<LocalRuntime>(&mut group);
    spawn_onto::<SmolExecutor>(&mut group);
    group.finish();
}

fn spawn_onto<R: SpawnFromAnywhere>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut runtime = R::new();
    let handle = runtime.handle();
    group.bench_function(R::NAME, |bencher| {
        bencher.iter_custom(|runs| {
            let start = Instant::now();
            for _ in 0..runs {
                runtime.block_on(spawned_by_another_thread::<R>(handle.clone()));
            }
            start.elapsed()
        });
    });
}

/// Over when all of them have run.
async fn spawned_by_another_thread<R: SpawnFromAnywhere>(handle: R::Handle) {
    let ran = Arc::new(AtomicU64::new(0));
    let (mut introduction, thread) = with_waker({
        let ran = Arc::clone(&ran);
        move |waker| {
            for _ in 0..SPAWNS {
                let (ran, waker) = (Arc::clone(&ran), waker.clone());
                R::spawn_on(&handle, async move {
                    if ran.fetch_add(1, Ordering::Relaxed) + 1 == SPAWNS {
                        waker.wake();
                    }
                });
            }
        }
    });
    poll_fn(|cx| {
        introduction.make(cx);
        // Every task runs on this thread: no ordering is needed to see what they added.
        match ran.load(Ordering::Relaxed) {
            SPAWNS => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
    thread.join().expect("it only spawns");
}

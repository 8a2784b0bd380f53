//! What does it cost to go to the back of the queue, and to wake another task?
//!
//! A yield is a hand-written future that wakes its own waker by reference and is pending once: no
//! runtime's own `yield_now`, whose meanings differ. A ping-pong is two one-slot batons: one task
//! puts into the first and takes from the second, the other the reverse.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread::LocalKey;

use criterion::Criterion;
use pizzaiolo_benches::runtime::Runtime;

use crate::compare::{Case, beside_peers};

pub(crate) fn bench(criterion: &mut Criterion) {
    beside_peers::<YieldOne>(criterion);
    beside_peers::<YieldMany>(criterion);
    beside_peers::<PingPong>(criterion);
}

/// Wakes itself and is pending once.
#[derive(Default)]
struct Yield {
    yielded: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// `block_on`'s own future yields, and there is no other task.
struct YieldOne;

impl Case for YieldOne {
    const NAME: &'static str = "yield_1_task";
    const OPERATIONS: usize = 1_000;

    async fn run<R: Runtime>() {
        for _ in 0..Self::OPERATIONS {
            Yield::default().await;
        }
    }
}

/// 1,000 tasks yield 100 times each.
struct YieldMany;

impl Case for YieldMany {
    const NAME: &'static str = "yield_1000_tasks";
    const OPERATIONS: usize = 1_000 * 100;

    async fn run<R: Runtime>() {
        let mut tasks = Vec::with_capacity(1_000);
        for _ in 0..1_000 {
            tasks.push(R::spawn(async {
                for _ in 0..100 {
                    Yield::default().await;
                }
            }));
        }
        for task in tasks {
            black_box(task.await);
        }
    }
}

/// A slot for one token and for the waker of the task that waits for it.
struct Baton {
    full: Cell<bool>,
    taker: RefCell<Option<Waker>>,
}

/// The tasks name a thread-local, so that they are `Send` without a lock and without a reference
/// count.
type Slot = &'static LocalKey<Baton>;

impl Baton {
    const fn new() -> Self {
        Baton { full: Cell::new(false), taker: RefCell::new(None) }
    }

    fn put(slot: Slot) {
        let taker = slot.with(|baton| {
            baton.full.set(true);
            baton.taker.take()
        });
        if let Some(taker) = taker {
            taker.wake();
        }
    }

    async fn take(slot: Slot) {
        poll_fn(|cx| {
            slot.with(|baton| {
                if baton.full.replace(false) {
                    return Poll::Ready(());
                }
                *baton.taker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            })
        })
        .await;
    }
}

thread_local! {
    static PING: Baton = const { Baton::new() };
    static PONG: Baton = const { Baton::new() };
}

/// Round trips between two tasks.
struct PingPong;

impl Case for PingPong {
    const NAME: &'static str = "ping_pong";
    const OPERATIONS: usize = 1_000;

    async fn run<R: Runtime>() {
        let pong = R::spawn(async {
            for _ in 0..Self::OPERATIONS {
                Baton::take(&PING).await;
                Baton::put(&PONG);
            }
        });
        for _ in 0..Self::OPERATIONS {
            Baton::put(&PING);
            Baton::take(&PONG).await;
        }
        black_box(pong.await);
    }
}

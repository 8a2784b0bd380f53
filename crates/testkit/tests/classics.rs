//! Five classic bugs, and their cures. Each bug is one that a plain run does not show; `explore` finds
//! it, and exhausts the orders of its cure.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use pizzaiolo::{Executor, spawn, yield_now};
use pizzaiolo_testkit::{Cause, Explorer, Failure, maybe_cancelled, net::Network};

/// Ten thousand plain runs see nothing: they are all first in, first out. `explore` finds the bug, and
/// its line repeats it.
#[track_caller]
fn found<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) -> Failure {
    let executor = Executor::builder().paused_clock(true).build().unwrap();
    for _ in 0..10_000 {
        executor.block_on(program());
    }
    let failure = Explorer::new().check(&program).unwrap_err();
    assert!(failure.is_fewest(), "{failure}");
    let again = Explorer::new().replay(failure.choices()).check(&program).unwrap_err();
    assert_eq!(again.story(), failure.story());
    println!("{failure}\n");
    *failure
}

#[track_caller]
fn cured<F: Future<Output = ()> + 'static>(program: impl Fn() -> F, orders: &str) {
    let report = Explorer::new().run(program);
    assert!(report.is_all(), "{report}");
    assert_eq!(report.to_string(), orders);
}

// Check, then register: what happens between the two is missed.

/// A gate that is opened once.
#[derive(Default)]
struct Gate {
    is_open: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Gate {
    fn open(&self) {
        self.is_open.set(true);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    fn poll_registered(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waiting.borrow_mut().push(cx.waker().clone());
        Poll::Ready(())
    }

    /// The bug: an await stands between the check and the registration.
    async fn pass_wrongly(&self) {
        if self.is_open.get() {
            return;
        }
        yield_now().await; // logs, say, or takes a lock
        poll_fn(|cx| self.poll_registered(cx)).await;
        let mut is_woken = false;
        poll_fn(|_| {
            if std::mem::replace(&mut is_woken, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The cure: it checks again in the poll that registers.
    async fn pass(&self) {
        yield_now().await;
        poll_fn(|cx| {
            if self.is_open.get() {
                return Poll::Ready(());
            }
            let _ = self.poll_registered(cx);
            Poll::Pending
        })
        .await;
    }
}

async fn gate(wrongly: bool) {
    let gate = Rc::new(Gate::default());
    let opener = Rc::clone(&gate);
    let waits = {
        let gate = Rc::clone(&gate);
        spawn(async move { if wrongly { gate.pass_wrongly().await } else { gate.pass().await } })
    };
    let opens = spawn(async move {
        // In the plain run, the other task is registered by then.
        yield_now().await;
        yield_now().await;
        opener.open();
    });
    opens.await.unwrap();
    waits.await.unwrap();
}

#[test]
fn check_then_register_is_found_and_its_cure_is_exhausted() {
    let failure = found(|| gate(true));
    assert!(matches!(failure.cause(), Cause::Deadlock(_) | Cause::LostWaker(_)), "{failure}");
    cured(|| gate(false), "all 21 orders");
}

// A lost notification: the one that is sent while no task waits.

/// Wakes one task that waits.
#[derive(Default)]
struct Notify {
    waiting: RefCell<VecDeque<Waker>>,
    /// The cure keeps a notification that came when no task was waiting.
    permit: Cell<bool>,
    keeps: bool,
}

impl Notify {
    fn notify(&self) {
        let waiting = self.waiting.borrow_mut().pop_front();
        match waiting {
            Some(waker) => waker.wake(),
            None => self.permit.set(self.keeps),
        }
    }

    async fn notified(&self) {
        let mut has_waited = false;
        poll_fn(|cx| {
            if has_waited || self.permit.replace(false) {
                return Poll::Ready(());
            }
            has_waited = true;
            self.waiting.borrow_mut().push_back(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// The kitchen takes orders until there are none, then waits for the bell.
async fn kitchen(keeps: bool) {
    let bell = Rc::new(Notify { keeps, ..Notify::default() });
    let orders = Rc::new(RefCell::new(VecDeque::new()));
    let cook = {
        let (bell, orders) = (Rc::clone(&bell), Rc::clone(&orders));
        spawn(async move {
            let mut served = 0;
            while served < 2 {
                let order = orders.borrow_mut().pop_front();
                if order.is_some() {
                    served += 1;
                    continue;
                }
                yield_now().await; // wipes the table
                bell.notified().await;
            }
        })
    };
    let waiter = spawn(async move {
        for _ in 0..2 {
            yield_now().await;
            yield_now().await;
            orders.borrow_mut().push_back(());
            bell.notify();
        }
    });
    waiter.await.unwrap();
    cook.await.unwrap();
}

#[test]
fn a_lost_notification_is_found_and_its_cure_is_exhausted() {
    let failure = found(|| kitchen(false));
    assert!(matches!(failure.cause(), Cause::Deadlock(_) | Cause::LostWaker(_)), "{failure}");
    cured(|| kitchen(true), "all 128 orders");
}

// A lock that is passed to a waiter that is dropped before it is polled.

/// A fair lock: `unlock` passes it to the first that waits.
struct Oven {
    is_taken: Cell<bool>,
    waiting: RefCell<VecDeque<Rc<Queued>>>,
    passes_on: bool,
}

struct Queued {
    waker: RefCell<Waker>,
    has_lock: Cell<bool>,
}

impl Oven {
    fn unlock(&self) {
        let next = self.waiting.borrow_mut().pop_front();
        match next {
            Some(queued) => {
                queued.has_lock.set(true);
                queued.waker.borrow().wake_by_ref();
            }
            None => self.is_taken.set(false),
        }
    }
}

struct Lock<'a> {
    oven: &'a Oven,
    queued: Option<Rc<Queued>>,
}

impl Future for Lock<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(queued) = &self.queued {
            if queued.has_lock.get() {
                self.queued = None;
                return Poll::Ready(());
            }
            queued.waker.borrow_mut().clone_from(cx.waker());
            return Poll::Pending;
        }
        if !self.oven.is_taken.replace(true) {
            return Poll::Ready(());
        }
        let waker = RefCell::new(cx.waker().clone());
        let queued = Rc::new(Queued { waker, has_lock: Cell::new(false) });
        self.oven.waiting.borrow_mut().push_back(Rc::clone(&queued));
        self.queued = Some(queued);
        Poll::Pending
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        let Some(queued) = self.queued.take() else { return };
        self.oven.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &queued));
        // The cure: a lock that it has got is passed on.
        if self.oven.passes_on && queued.has_lock.get() {
            self.oven.unlock();
        }
    }
}

async fn ovens(passes_on: bool) {
    let oven = Rc::new(Oven { is_taken: Cell::new(false), waiting: RefCell::default(), passes_on });
    let bake = |oven: Rc<Oven>| async move {
        Lock { oven: &oven, queued: None }.await;
        yield_now().await;
        oven.unlock();
    };
    let first = spawn(bake(Rc::clone(&oven)));
    let impatient = {
        let oven = Rc::clone(&oven);
        spawn(async move {
            let lock = Lock { oven: &oven, queued: None };
            if maybe_cancelled(lock).await.is_some() {
                oven.unlock();
            }
        })
    };
    let last = spawn(bake(oven));
    first.await.unwrap();
    impatient.await.unwrap();
    last.await.unwrap();
}

#[test]
fn a_lock_passed_to_a_dropped_waiter_is_found_and_its_cure_is_exhausted() {
    let failure = found(|| ovens(false));
    assert!(matches!(failure.cause(), Cause::Deadlock(_) | Cause::LostWaker(_)), "{failure}");
    cured(|| ovens(true), "all 162 orders");
}

// A select that drops a read half-done.

/// Polls both, the first one first, and drops the one that is not ready.
async fn select<T>(a: impl Future<Output = T>, b: impl Future<Output = T>) -> T {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    poll_fn(|cx| match a.as_mut().poll(cx) {
        Poll::Pending => b.as_mut().poll(cx),
        Poll::Ready(output) => Poll::Ready(output),
    })
    .await
}

/// Reads an order of two bytes, while bells ring now and then.
async fn half_read(keeps_the_read: bool) {
    let network = Network::new();
    let listener = network.bind("10.0.0.1:80").unwrap();
    let client = spawn(async move {
        let client = network.connect("10.0.0.1:80").await.unwrap();
        client.write_all(b"4").await.unwrap();
        yield_now().await;
        client.write_all(b"2").await.unwrap();
    });
    let (server, _) = listener.accept().await.unwrap();
    let bell = spawn(async {
        for _ in 0..3 {
            yield_now().await;
        }
    });
    let mut order = [0; 2];
    let ring = async { bell.await.map(|()| false).unwrap() };
    if keeps_the_read {
        let mut read =
            std::pin::pin!(async { server.read_exact(&mut order).await.map(|()| true).unwrap() });
        if !select(&mut read, ring).await {
            read.await;
        }
    } else {
        // The bug: it begins anew, and what the first one has read is lost.
        let read = async { server.read_exact(&mut order).await.map(|()| true).unwrap() };
        if !select(read, ring).await {
            server.read_exact(&mut order).await.unwrap();
        }
    }
    assert_eq!(&order, b"42");
    client.await.unwrap();
}

#[test]
fn a_read_dropped_half_done_is_found_and_its_cure_is_exhausted() {
    let failure = found(|| half_read(false));
    let Cause::Panicked(message) = failure.cause() else { panic!("{failure}") };
    assert!(message.contains("UnexpectedEof"), "{message}");
    cured(|| half_read(true), "all 17 orders");
}

// A shutdown that races with the last request.

/// Takes requests until it has to close, and answers each.
async fn shutdown(drains: bool) {
    let bell = Rc::new(Notify { keeps: true, ..Notify::default() });
    let requests = Rc::new(RefCell::new(VecDeque::new()));
    let (closing, answered) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
    let server = {
        let (bell, requests) = (Rc::clone(&bell), Rc::clone(&requests));
        let (closing, answered) = (Rc::clone(&closing), Rc::clone(&answered));
        spawn(async move {
            loop {
                // The bug: it looks whether to close before it looks whether all is done.
                if closing.get() && (!drains || requests.borrow().is_empty()) {
                    return;
                }
                let request = requests.borrow_mut().pop_front();
                match request {
                    Some(()) => answered.set(answered.get() + 1),
                    None => bell.notified().await,
                }
            }
        })
    };
    let client = {
        let bell = Rc::clone(&bell);
        spawn(async move {
            yield_now().await;
            requests.borrow_mut().push_back(());
            bell.notify();
        })
    };
    // The client has sent its request, and it was accepted.
    client.await.unwrap();
    closing.set(true);
    bell.notify();
    server.await.unwrap();
    assert_eq!(answered.get(), 1, "a request that was accepted got no answer");
}

#[test]
fn a_shutdown_that_races_with_the_last_request_is_found_and_its_cure_is_exhausted() {
    let failure = found(|| shutdown(false));
    let Cause::Panicked(message) = failure.cause() else { panic!("{failure}") };
    assert!(message.contains("got no answer"), "{message}");
    cured(|| shutdown(true), "all 6 orders");
}

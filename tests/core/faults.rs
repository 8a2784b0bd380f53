//! Faults that this crate once had: each test fails without its cure. Two more stand where their kind
//! is tested: a source whose registration panics in `async_source.rs`, and the memory of a crowd in
//! `memory.rs`.

use std::net;

use pizzaiolo::{
    Async,
    trace::{Cause, Direction, Event, EventKind, Observer, Warning},
};

use crate::support::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

// A wake that comes during the last poll of the last task.

/// A future that another thread wakes during its only poll.
fn woken_in_its_last_poll() -> impl Future<Output = ()> {
    poll_fn(|cx| {
        let waker = cx.waker();
        on_another_thread(|| waker.wake_by_ref());
        Poll::Ready(())
    })
}

#[test]
fn a_late_wake_of_the_last_task_is_no_deadlock() {
    for executor in [paused(), executor()] {
        let task = executor.spawn(woken_in_its_last_poll());
        executor.run();
        assert!(task.is_finished());
    }
}

#[test]
fn a_late_wake_of_the_last_task_does_not_let_run_sleep_while_there_is_a_handle() {
    for executor in [paused(), executor()] {
        let _handle = executor.handle();
        let _task = executor.spawn(woken_in_its_last_poll());
        executor.run();
    }
}

// A poll that no future stands behind, of a task that has ended.

/// Polls the socket, as the traits of `futures-io` do.
async fn poll_to_read(socket: &Async<mio::net::UdpSocket>) {
    poll_fn(|cx| {
        assert!(socket.poll_readable(cx).is_pending(), "nothing is sent");
        Poll::Ready(())
    })
    .await;
}

/// Lets a task poll the socket, and end: by itself, or because it is aborted.
async fn poll_and_end(socket: &Rc<Async<mio::net::UdpSocket>>, is_aborted: bool) {
    let socket = Rc::clone(socket);
    let task = spawn(async move {
        poll_to_read(&socket).await;
        if is_aborted {
            pending::<()>().await;
        }
    });
    yield_now().await;
    task.abort();
    assert_eq!(task.await.is_err(), is_aborted);
}

#[test]
fn a_poll_of_a_task_that_has_ended_does_not_stop_a_paused_clock() {
    for is_aborted in [false, true] {
        paused().block_on(async {
            let (socket, start) = (Rc::new(silent_source()), time::now());
            poll_and_end(&socket, is_aborted).await;
            time::sleep(SECOND).await;
            assert_eq!(time::now() - start, SECOND);
        });
    }
}

#[test]
fn a_poll_of_a_task_that_has_ended_does_not_hide_a_deadlock() {
    for is_aborted in [false, true] {
        let waits = async {
            poll_and_end(&Rc::new(silent_source()), is_aborted).await;
            pending::<()>().await;
        };
        deadlock(|| paused().block_on(waits));
    }
}

#[test]
fn a_poll_of_a_task_that_has_ended_leaves_no_waker() {
    paused().block_on(async {
        let (socket, wakes) = (Rc::new(silent_source()), Counter::new());
        let (shared, count) = (Rc::clone(&socket), wakes.waker());
        let polls = async move {
            let cx = &mut Context::from_waker(&count);
            assert!(shared.poll_readable(cx).is_pending(), "nothing is sent");
        };
        spawn(polls).await.expect("it does not panic");
        let address = socket.get_ref().local_addr().expect("it is bound");
        let sender = net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
        sender.send_to(b"order", address).expect("loopback");
        socket.readable().await.expect("the socket works");
        assert_eq!(wakes.get(), 0);
    });
}

// What an observer does.

#[test]
fn an_observer_that_aborts_the_last_task_as_the_executor_parks_is_heard() {
    for is_paused in [true, false] {
        let last = Rc::new(RefCell::new(None::<JoinHandle<()>>));
        let shared = Rc::clone(&last);
        let aborts = at_park(move |_| shared.borrow().iter().for_each(JoinHandle::abort));
        let executor = made(Executor::builder().paused_clock(is_paused).observer(aborts));
        *last.borrow_mut() = Some(executor.spawn(pending()));
        executor.run();
        assert_eq!(executor.task_count(), 0);
    }
}

/// Spawns when it is dropped, and keeps the handle.
struct SpawnsInItsDrop {
    drops: Counter,
    handle: Rc<Cell<Option<JoinHandle<()>>>>,
}

impl Observer for SpawnsInItsDrop {
    fn on_event(&self, _: &Event) {}
}

impl Drop for SpawnsInItsDrop {
    fn drop(&mut self) {
        self.handle.set(Some(spawn(holds(&self.drops))));
    }
}

#[test]
fn what_the_drop_of_an_observer_spawns_goes_with_the_executor() {
    let (drops, handle) = (Counter::new(), Rc::new(Cell::new(None)));
    let observer = SpawnsInItsDrop { drops: drops.clone(), handle: Rc::clone(&handle) };
    drop(made(Executor::builder().observer(observer)));
    assert_eq!(drops.get(), 1, "the future is dropped");
    let mut handle = handle.take().expect("the observer is dropped");
    let Poll::Ready(Err(error)) = poll_once(&mut handle) else { panic!("it waits for ever") };
    assert!(error.is_cancelled());
}

// Time.

#[test]
fn a_sleep_after_six_hundred_years_is_not_for_ever() {
    const YEAR: Duration = Duration::from_secs(31_557_600);
    paused().block_on(async {
        let start = time::now();
        time::advance(600 * YEAR).await;
        time::sleep(SECOND).await;
        assert_eq!(time::now() - start, 600 * YEAR + SECOND);
    });
}

// Sockets.

/// Each of n waiters costs one wake and one poll an event, and a wait that is given up costs nothing
/// but itself.
#[test]
fn sixteen_thousand_waiters_of_one_socket_are_woken_once_each() {
    const WAITERS: usize = 16_000;
    let (executor, events) = watched();
    let polls = Counter::new();
    executor.block_on(async {
        let (stream, mut peer) = pair().expect("loopback");
        let stream = Rc::new(stream);
        let wait = |_| {
            let stream = Rc::clone(&stream);
            spawn(polls.polls(async move { stream.readable().await }))
        };
        let waiters: Vec<_> = (0..2 * WAITERS).map(wait).collect();
        yield_now().await;
        assert_eq!(polls.get(), 2 * WAITERS);
        // Every other one gives up.
        waiters.iter().step_by(2).for_each(JoinHandle::abort);
        peer.write_all(b"!").expect("loopback");
        for waiter in waiters.into_iter().skip(1).step_by(2) {
            waiter.await.expect("it was not aborted").expect("the socket works");
        }
    });
    assert_eq!(polls.get(), 3 * WAITERS, "each that stays is polled once more");
    let is_wake = |kind: &EventKind| {
        matches!(kind, EventKind::Woken { by: Cause::Source(_, Direction::Read), .. })
    };
    assert_eq!(events.count(is_wake), WAITERS, "and woken once");
}

/// A poll reads as often as the budget lets it; the wake that follows is the budget's.
#[test]
fn a_task_that_reads_a_busy_socket_is_no_busy_loop() {
    const BYTES: usize = 40_000;
    let (executor, events) = watched();
    let (stream, mut peer) = pair().expect("loopback");
    peer.write_all(&vec![b'!'; BYTES]).expect("the socket has room for so much");
    let reads = executor.spawn(async move {
        for _ in 0..BYTES {
            assert_eq!(stream.read(&mut [0]).await.expect("the socket works"), 1);
        }
    });
    executor.run();
    assert!(reads.is_finished());
    let is_spent = |kind: &EventKind| matches!(kind, EventKind::Woken { by: Cause::Budget, .. });
    assert!(events.count(is_spent) > 200, "the socket was always ready");
    let is_warning =
        |kind: &EventKind| matches!(kind, EventKind::Warned { warning: Warning::WakesItself, .. });
    assert_eq!(events.count(is_warning), 0);
}

// The ready queue.

#[test]
fn the_waker_of_a_finished_task_queues_nothing_and_is_not_reported() {
    let (executor, events) = watched();
    let waker = executor.block_on(async {
        let task = spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        let waker = task.await.expect("it does not panic");
        waker.wake_by_ref();
        assert_eq!(executor.ready_queue(), [], "while the executor runs");
        waker
    });
    waker.wake_by_ref();
    on_another_thread(|| waker.wake_by_ref());
    executor.run_until_idle();
    assert_eq!(executor.ready_queue(), []);
    // The root was woken, by the task's end.
    assert_eq!(events.count(|kind| matches!(kind, EventKind::Woken { .. })), 1);
}

#[test]
fn a_task_that_was_woken_before_another_was_spawned_runs_first() {
    let executor = executor();
    let order = Rc::new(RefCell::new(Vec::new()));
    let (slot, noted) = (Slot::new(), Rc::clone(&order));
    let woken = slot.woken();
    let _woken = executor.spawn(async move {
        woken.await;
        noted.borrow_mut().push("woken");
    });
    executor.run_until_idle();
    // The executor rests.
    slot.wake();
    let noted = Rc::clone(&order);
    let _spawned = executor.spawn(async move { noted.borrow_mut().push("spawned") });
    executor.run();
    assert_eq!(*order.borrow(), ["woken", "spawned"]);
}

// The proof of a deadlock looks at every task.

/// A sleep is never shorter than it was asked for, so a slow machine cannot fail this.
#[test]
fn a_deadlock_is_proven_after_a_sleep_that_brought_nothing() {
    let start = Instant::now();
    deadlock(|| executor().block_on(pending::<()>()));
    assert!(start.elapsed() >= Duration::from_millis(100));
}

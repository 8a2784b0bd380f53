//! The budget of socket operations that one poll has: what happens when it is spent.

use futures_executor::LocalPool;
use futures_util::{StreamExt, stream::FuturesUnordered, task::LocalSpawnExt};
use pizzaiolo::{
    net::UdpSocket,
    trace::{Cause, EventKind},
};

use crate::support::prelude::*;

/// So many operations may one poll complete.
const BUDGET: usize = 128;

/// More sockets than one poll may try.
const SOCKETS: usize = BUDGET + 72;

fn sockets() -> Vec<Rc<UdpSocket>> {
    let socket = |_| Rc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    (0..SOCKETS).map(socket).collect()
}

async fn receive(socket: Rc<UdpSocket>) -> usize {
    socket.recv(&mut [0; 16]).await.unwrap()
}

/// Sends to the last of the sockets: its first poll found the budget spent.
async fn send_to_last(sockets: &[Rc<UdpSocket>]) {
    let (sender, last) = (UdpSocket::bind("127.0.0.1:0").unwrap(), sockets.last().unwrap());
    sender.send_to(b"pizza", last.local_addr().unwrap()).await.unwrap();
}

/// A child of an executor inside a task: woken, it is awake, and so is the task.
struct Child {
    is_awake: AtomicBool,
    task: Waker,
}

impl Wake for Child {
    fn wake(self: Arc<Self>) {
        self.is_awake.store(true, Ordering::SeqCst);
        self.task.wake_by_ref();
    }
}

/// The children of one task, each with a waker of its own, as in any executor inside a task.
struct Children {
    futures: Vec<Pin<Box<dyn Future<Output = usize>>>>,
    wakers: Vec<Arc<Child>>,
    polls: usize,
}

impl Children {
    fn new(sockets: &[Rc<UdpSocket>]) -> Children {
        let futures = sockets.iter().map(|it| Box::pin(receive(Rc::clone(it))) as _).collect();
        Children { futures, wakers: Vec::new(), polls: 0 }
    }

    /// Polls until none is awake. Ready with the first output.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        if self.wakers.is_empty() {
            let child = |_| Child { is_awake: true.into(), task: cx.waker().clone() };
            self.wakers = (0..self.futures.len()).map(child).map(Arc::new).collect();
        }
        loop {
            let mut was_any_awake = false;
            for (future, child) in self.futures.iter_mut().zip(&self.wakers) {
                if !child.is_awake.swap(false, Ordering::SeqCst) {
                    continue;
                }
                was_any_awake = true;
                self.polls += 1;
                assert!(self.polls <= 10 * SOCKETS, "it spins");
                let waker = Waker::from(Arc::clone(child));
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    return Poll::Ready(output);
                }
            }
            if !was_any_awake {
                return Poll::Pending;
            }
        }
    }
}

/// "A spent budget wakes inside the same poll: an inner executor that polls until none is awake spins
/// for ever": 128 idle sockets are enough.
#[test]
fn an_executor_inside_a_task_that_polls_until_none_is_awake_does_not_spin() {
    block_on(async {
        let sockets = sockets();
        let mut children = Children::new(&sockets);
        let first = poll_fn(|cx| Poll::Ready(children.poll(cx))).await;
        assert!(first.is_pending());
        assert_eq!(children.polls, SOCKETS, "each is polled once in a poll of the task");
        send_to_last(&sockets).await;
        assert_eq!(poll_fn(|cx| children.poll(cx)).await, 5);
        assert!(children.polls <= 3 * SOCKETS, "{} polls", children.polls);
    });
}

#[test]
fn a_local_pool_inside_a_task_stalls_though_the_budget_is_spent() {
    block_on(async {
        let (sockets, received) = (sockets(), Rc::new(Cell::new(0)));
        let mut pool = LocalPool::new();
        for socket in &sockets {
            let (socket, received) = (Rc::clone(socket), Rc::clone(&received));
            let child = async move { received.set(receive(socket).await) };
            pool.spawner().spawn_local(child).unwrap();
        }
        pool.run_until_stalled();
        send_to_last(&sockets).await;
        while received.get() == 0 {
            yield_now().await;
            pool.run_until_stalled();
        }
        assert_eq!(received.get(), 5);
    });
}

#[test]
fn more_idle_sockets_than_the_budget_has_operations_all_wait_under_a_futures_unordered() {
    block_on(async {
        let sockets = sockets();
        let all = sockets.iter().map(|it| receive(Rc::clone(it)));
        let mut all: FuturesUnordered<_> = all.collect();
        assert!(poll_once(&mut all.next()).is_pending());
        send_to_last(&sockets).await;
        assert_eq!(all.next().await, Some(5));
    });
}

/// The wake that a spent budget defers belongs to the poll, whatever runs in its middle.
#[test]
fn an_executor_that_is_dropped_after_the_budget_is_spent_loses_no_wake() {
    block_on(async {
        let sockets = sockets();
        let mut waits: Vec<_> = sockets.iter().map(|it| Box::pin(receive(Rc::clone(it)))).collect();
        let mut is_woken = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut is_woken, true) {
                return Poll::Ready(());
            }
            for wait in &mut waits {
                assert!(wait.as_mut().poll(cx).is_pending());
            }
            let other = Executor::new().unwrap();
            other.spawn(pending::<()>()).abort();
            drop(other);
            Poll::Pending
        })
        .await;
    });
}

#[test]
fn the_wake_of_a_spent_budget_has_the_budget_as_its_cause() {
    let (executor, events) = watched();
    executor.block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..=BUDGET {
            socket.send_to(b"pizza", socket.local_addr().unwrap()).await.unwrap();
        }
    });
    let causes = events.pick(|event| match event.kind() {
        EventKind::Woken { by, .. } => Some(*by),
        _ => None,
    });
    assert_eq!(causes, [Cause::Budget]);
}

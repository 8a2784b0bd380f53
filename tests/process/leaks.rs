//! Nothing is left of executors that are gone.

use crate::own_process::in_a_process_of_its_own;
use pizzaiolo::{
    Handle,
    net::{TcpListener, TcpStream},
};

use crate::support::prelude::*;

/// How many descriptors the process has open. Only Linux makes that easy to find out.
fn descriptors() -> usize {
    if cfg!(target_os = "linux") { std::fs::read_dir("/proc/self/fd").unwrap().count() } else { 0 }
}

/// What outlives an executor: here it is kept on purpose.
struct Left {
    _wakers: Vec<Waker>,
    _handle: Handle,
    _tasks: Vec<JoinHandle<()>>,
}

/// An executor with tasks in every state, in circles with each other, with their wakers and with
/// sockets. Everything in it holds a guard that counts.
fn make_and_drop_an_executor(made: &Counter, dropped: &Counter) -> Left {
    let guard = || {
        made.add();
        dropped.on_drop()
    };
    let executor = Executor::new().unwrap();
    let mut tasks = Vec::new();

    // One that waits for ever, has its own waker, and is not aborted.
    let wakers = Rc::new(RefCell::new(Vec::new()));
    let (kept, held) = (Rc::clone(&wakers), guard());
    let mut own = None;
    tasks.push(executor.spawn(poll_fn(move |cx| {
        let _held = &held;
        own.get_or_insert_with(|| cx.waker().clone());
        kept.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    })));

    // Two that wait for each other.
    let slot = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let (other, held) = (Rc::clone(&slot), guard());
    let first = executor.spawn(async move {
        let _held = held;
        let other = other.take().unwrap();
        other.await.unwrap();
    });
    let held = guard();
    *slot.borrow_mut() = Some(executor.spawn(async move {
        let _held = held;
        first.await.unwrap();
    }));

    // One that accepts, one that reads, one that holds a socket in a circle with itself.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let held = guard();
    tasks.push(executor.spawn(async move {
        let _held = held;
        let (client, _) = listener.accept().await.unwrap();
        let client = Rc::new(client);
        let reader = Rc::clone(&client);
        drop(spawn(async move {
            let _ = reader.read(&mut [0; 8]).await;
        }));
        let _ = listener.accept().await;
    }));
    let held = guard();
    tasks.push(executor.spawn(async move {
        let _held = held;
        let server = Rc::new(TcpStream::connect(address).await.unwrap());
        let _ = server.read(&mut [0; 8]).await;
    }));

    // One that is finished, with an output that is not taken, one that panicked, one that was
    // aborted, one that was never polled, one in the inbox.
    let held = guard();
    tasks.push(executor.spawn(async move { drop(held) }));
    let (held, output) = (guard(), guard());
    let untaken = executor.spawn(async move {
        drop(held);
        output
    });
    let held = guard();
    let aborted = executor.spawn(async move {
        let _held = held;
        pending::<()>().await;
    });
    aborted.abort();
    executor.block_on(async {
        turns(200).await;
    });
    let held = guard();
    drop(executor.spawn(async move { drop(held) }));
    let (handle, held) = (executor.handle(), guard());
    handle.spawn(async move { drop(held) });

    let root = executor.block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    drop(executor);
    drop(untaken);
    wakers.borrow_mut().push(root);
    Left { _wakers: wakers.take(), _handle: handle, _tasks: tasks }
}

/// "An executor leaks through cycles of wakers, sources, tasks" (tokio#3477, compio#911): here
/// nothing is left after 100 executors. And "a wake after the runtime is gone leaks" (compio#489,
/// tokio#542): not even a descriptor is, while their wakers, handles and join handles live on.
#[test]
fn nothing_is_left_after_a_hundred_executors() {
    in_a_process_of_its_own("leaks::nothing_is_left_after_a_hundred_executors", || {
        let (made, dropped) = (Counter::new(), Counter::new());
        // What is made once, on first use, is no leak.
        drop(make_and_drop_an_executor(&made, &dropped));
        let before = descriptors();
        let left: Vec<_> = (0..100).map(|_| make_and_drop_an_executor(&made, &dropped)).collect();
        assert_eq!(dropped.get(), made.get());
        assert_eq!(descriptors(), before, "while wakers and handles live on");
        drop(left);
        assert_eq!(descriptors(), before);
    });
}

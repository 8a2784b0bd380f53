//! The reactor by itself: under executors that are not ours, and as a part of one that another loop
//! drives.

use std::net;

use futures_util::{StreamExt, stream::FuturesUnordered};
use pizzaiolo::{
    Reactor,
    net::{TcpListener, TcpStream},
};

#[cfg(unix)]
use crate::driven::has_something_to_do;
use crate::support::prelude::*;

/// A whole executor for one future.
fn block_on<F: Future>(reactor: &Reactor, future: F) -> F::Output {
    let (mut future, waker) = (pin!(future), Waker::from(reactor.unparker()));
    loop {
        if let Poll::Ready(output) = poll_in(reactor, future.as_mut(), &waker) {
            return output;
        }
        reactor.park(None).expect("the OS gives events");
    }
}

fn poll_in<F: Future>(reactor: &Reactor, future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    reactor.enter(|| future.poll(&mut Context::from_waker(waker)))
}

/// Our end of a connection, and the peer's.
fn pair() -> (TcpStream, net::TcpStream) {
    crate::support::pair().expect("loopback")
}

/// The message of a panic.
fn panics(code: impl FnOnce()) -> String {
    panic_of(code).0
}

// Under other executors.

#[test]
fn sockets_and_timers_work_under_an_executor_of_ten_lines() {
    bound();
    let reactor = Reactor::new().expect("descriptors");
    block_on(&reactor, async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("bound");
        let server = async {
            let (stream, _) = listener.accept().await.expect("a client");
            let start = Instant::now();
            time::sleep(Duration::from_millis(5)).await;
            assert!(start.elapsed() >= Duration::from_millis(5));
            stream.write_all(b"22").await.expect("it is connected");
        };
        let client = async {
            let stream = TcpStream::connect(addr).await.expect("it listens");
            stream.read_exact(&mut [0; 2]).await.expect("two bytes");
        };
        // Children with wakers of their own.
        let mut both: FuturesUnordered<Pin<Box<dyn Future<Output = ()>>>> = FuturesUnordered::new();
        both.push(Box::pin(server));
        both.push(Box::pin(client));
        assert_eq!(both.by_ref().count().await, 2);
    });
    assert!(!reactor.has_waiters());
}

#[test]
fn an_event_calls_the_waker_of_the_last_poll_once() {
    bound();
    let reactor = Reactor::new().expect("descriptors");
    let (stream, mut peer) = pair();
    let (old, new) = (Counter::new(), Counter::new());
    let (first, last) = (old.waker(), new.waker());
    let mut buf = [0; 8];
    let mut read = pin!(stream.read(&mut buf));
    for waker in [&first, &first, &last, &last] {
        assert!(poll_in(&reactor, read.as_mut(), waker).is_pending());
    }
    assert!(reactor.has_waiters());
    peer.write_all(b"!").expect("there is room");
    while new.get() == 0 {
        reactor.park(None).expect("the OS gives events");
    }
    assert_eq!((old.get(), new.get()), (0, 1));
    assert!(!reactor.has_waiters());
    assert!(matches!(poll_in(&reactor, read.as_mut(), &last), Poll::Ready(Ok(1))));
}

#[test]
fn a_wait_under_no_reactor_says_what_to_do() {
    let (stream, _peer) = pair();
    let message = panics(|| {
        let _ = pin!(stream.readable()).poll(&mut Context::from_waker(Waker::noop()));
    });
    assert!(message.contains("no reactor is entered"), "{message}");
    assert!(message.contains("`Reactor::enter`"), "{message}");
}

#[test]
fn enter_nests_and_the_innermost_counts_also_after_a_panic() {
    let (outer, inner) = (Reactor::new().expect("one"), Reactor::new().expect("another"));
    let mut first = time::sleep(Duration::from_secs(60));
    let mut second = time::sleep(Duration::from_secs(60));
    let mut third = time::sleep(Duration::from_secs(60));
    let mut cx = Context::from_waker(Waker::noop());
    outer.enter(|| {
        let mut poll = |sleep: &mut time::Sleep| {
            assert!(Pin::new(sleep).poll(&mut cx).is_pending());
        };
        inner.enter(|| poll(&mut first));
        panics(|| inner.enter(|| panic!("in here")));
        poll(&mut second);
    });
    assert!(inner.next_deadline().is_some() && outer.next_deadline().is_some());
    drop((first, second));
    assert!(inner.next_deadline().is_none() && outer.next_deadline().is_none());
    let message = panics(|| {
        let _ = Pin::new(&mut third).poll(&mut cx);
    });
    assert!(message.contains("no reactor is entered"), "{message}");
}

#[test]
fn a_socket_waits_in_its_own_reactor_only_and_so_does_a_timer() {
    let (own, other) = (Reactor::new().expect("one"), Reactor::new().expect("another"));
    let (stream, _peer) = pair();
    let mut readable = pin!(stream.readable());
    assert!(poll_in(&own, readable.as_mut(), Waker::noop()).is_pending());
    let Poll::Ready(Err(error)) = poll_in(&other, readable.as_mut(), Waker::noop()) else {
        panic!("it is an error")
    };
    assert!(error.to_string().contains("belongs to another executor, or reactor"), "{error}");
    let mut sleep = time::sleep(Duration::from_secs(60));
    assert!(poll_in(&own, Pin::new(&mut sleep), Waker::noop()).is_pending());
    let message = panics(|| {
        let _ = poll_in(&other, Pin::new(&mut sleep), Waker::noop());
    });
    assert!(message.contains("belongs to another executor, or reactor"), "{message}");
}

#[test]
fn park_inside_a_wake_panics_and_says_why() {
    struct Parks(Reactor, RefCell<String>);

    // `Wake` asks for `Send`, which a reactor is not. So the waker finds it in a thread-local.
    thread_local! {
        static PARKS: RefCell<Option<Rc<Parks>>> = const { RefCell::new(None) };
    }

    struct Waking;

    impl Wake for Waking {
        fn wake(self: Arc<Self>) {
            let parks = PARKS.with(|parks| parks.borrow().clone()).expect("it is set");
            *parks.1.borrow_mut() = panics(|| drop(parks.0.park(None)));
        }
    }

    bound();
    let reactor = Reactor::new().expect("descriptors");
    let parks = Rc::new(Parks(reactor.clone(), RefCell::default()));
    PARKS.set(Some(Rc::clone(&parks)));
    let (stream, _peer) = pair();
    let mut writable = pin!(stream.writable());
    let waker = Waker::from(Arc::new(Waking));
    assert!(poll_in(&reactor, writable.as_mut(), &waker).is_pending());
    while parks.1.borrow().is_empty() {
        reactor.park(None).expect("the OS gives events");
    }
    assert!(parks.1.borrow().contains("from inside a wake"), "{}", parks.1.borrow());
    PARKS.set(None);
}

#[test]
fn unpark_ends_the_next_park_and_one_that_is_going_on() {
    bound();
    let reactor = Reactor::new().expect("descriptors");
    let unparker = reactor.unparker();
    unparker.unpark();
    unparker.clone().unpark();
    reactor.park(None).expect("it returns");
    // Both calls have ended that one.
    let start = Instant::now();
    reactor.park(Some(Duration::from_millis(20))).expect("it returns");
    assert!(start.elapsed() >= Duration::from_millis(20));

    let parks = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&parks);
    let other = thread::spawn(move || {
        while seen.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        unparker.unpark();
    });
    parks.store(1, Ordering::Release);
    reactor.park(None).expect("it returns");
    other.join().expect("no panic");
}

#[test]
fn a_reactor_that_goes_wakes_what_waits_and_breaks_cycles() {
    struct Cycle {
        count: AtomicUsize,
        /// What the waker keeps alive: in the end the socket that keeps the waker.
        kept: Mutex<Option<Box<dyn std::any::Any + Send>>>,
    }

    impl Wake for Cycle {
        fn wake(self: Arc<Self>) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    let reactor = Reactor::new().expect("descriptors");
    let (stream, _peer) = pair();
    let cycle = Arc::new(Cycle { count: AtomicUsize::new(0), kept: Mutex::new(None) });
    *cycle.kept.lock().expect("no panic") = Some(Box::new(Arc::clone(&cycle)));
    let weak = Arc::downgrade(&cycle);
    let mut readable = Box::pin(stream.readable());
    let mut sleep = time::sleep(Duration::from_secs(60));
    let waker = Waker::from(Arc::clone(&cycle));
    assert!(poll_in(&reactor, readable.as_mut(), &waker).is_pending());
    assert!(poll_in(&reactor, Pin::new(&mut sleep), &waker).is_pending());
    // A clone is the same reactor: it closes with the last one.
    let clone = reactor.clone();
    drop(reactor);
    assert_eq!(cycle.count.load(Ordering::Relaxed), 0);
    drop(clone);
    assert_eq!(cycle.count.load(Ordering::Relaxed), 2);
    let other = Reactor::new().expect("descriptors");
    let Poll::Ready(Err(error)) = poll_in(&other, readable.as_mut(), &waker) else {
        panic!("it is an error")
    };
    assert!(error.to_string().contains("is gone"), "{error}");
    drop(cycle.kept.lock().expect("no panic").take());
    drop((waker, cycle));
    assert!(weak.upgrade().is_none(), "the reactor has dropped its wakers");
}

// Driven from outside.

#[test]
#[cfg(unix)]
fn its_descriptor_is_readable_whenever_there_is_something_to_do() {
    let executor = executor();
    assert!(!has_something_to_do(&executor), "from birth");
    let (_task, polls, waker) = waiting_task(&executor);
    assert!(!has_something_to_do(&executor), "idle");

    // A wake on the executor's own thread, from a callback.
    waker.wake_by_ref();
    assert!(has_something_to_do(&executor));
    executor.run_until_idle();
    assert!(!has_something_to_do(&executor));
    // The same inside its entered reactor: the executor itself does not run.
    executor.reactor().enter(|| waker.wake_by_ref());
    assert!(has_something_to_do(&executor));
    executor.run_until_idle();
    assert!(!has_something_to_do(&executor));
    // From another thread.
    let remote = waker.clone();
    thread::spawn(move || remote.wake()).join().expect("no panic");
    assert!(has_something_to_do(&executor));
    executor.run_until_idle();
    assert!(!has_something_to_do(&executor));
    assert_eq!(polls.get(), 4);

    // A spawn, from here and from elsewhere.
    drop(executor.spawn(pending::<()>()));
    assert!(has_something_to_do(&executor));
    executor.run_until_idle();
    assert!(!has_something_to_do(&executor));
    let handle = executor.handle();
    thread::spawn(move || handle.spawn(async {})).join().expect("no panic");
    assert!(has_something_to_do(&executor));
    executor.run_until_idle();
    assert!(!has_something_to_do(&executor));

    // Tasks that are ready after a tick.
    let twice = executor.spawn(async {
        pizzaiolo::yield_now().await;
    });
    assert!(executor.tick());
    assert!(has_something_to_do(&executor), "it has yielded");
    executor.run_until_idle();
    assert!(twice.is_finished() && !has_something_to_do(&executor));
}

#[test]
#[cfg(unix)]
fn its_descriptor_is_readable_when_a_socket_is_and_its_deadline_is_known() {
    let executor = executor();
    let (stream, mut peer) = pair();
    let read = executor.spawn(async move { stream.read(&mut [0; 8]).await });
    while !executor.tasks().is_empty() && executor.tasks()[0].waits_for.is_empty() {
        executor.run_until_idle();
    }
    assert!(!has_something_to_do(&executor));
    peer.write_all(b"!").expect("there is room");
    while !has_something_to_do(&executor) {
        thread::yield_now();
    }
    executor.run_until_idle();
    assert!(read.is_finished() && !has_something_to_do(&executor));

    assert!(executor.reactor().next_deadline().is_none());
    let before = Instant::now();
    let nap = executor.spawn(time::sleep(Duration::from_secs(60)));
    executor.run_until_idle();
    let deadline = executor.reactor().next_deadline().expect("a task sleeps");
    assert!(deadline >= before + Duration::from_secs(60));
    nap.abort();
    executor.run_until_idle();
    assert!(executor.reactor().next_deadline().is_none());
}

/// A task of ours polls a socket inside another reactor: it waits there, and is no task of the
/// other's executor, though the two count their tasks alike.
#[test]
fn what_waits_in_another_reactor_is_not_listed_under_a_task_of_its_executor() {
    bound();
    let (ours, other) = (Executor::new().expect("one"), Executor::new().expect("another"));
    let (stream, mut peer) = pair();
    let reactor = other.reactor().clone();
    let theirs = other.spawn(pending::<()>());
    other.run_until_idle();
    let read = ours.spawn(async move {
        let (mut buf, inner) = ([0; 8], reactor);
        let mut read = pin!(stream.read(&mut buf));
        poll_fn(|cx| inner.enter(|| read.as_mut().poll(cx))).await
    });
    ours.run_until_idle();
    assert_eq!(theirs.id(), read.id(), "the same id");
    assert!(other.tasks()[0].waits_for.is_empty());
    assert!(other.reactor().has_waiters() && !ours.reactor().has_waiters());
    // The end of their task leaves our wait alone.
    theirs.abort();
    other.run_until_idle();
    peer.write_all(b"!").expect("there is room");
    while !read.is_finished() {
        other.reactor().park(None).expect("the OS gives events");
        ours.run_until_idle();
    }
    let result: io::Result<usize> = ours.block_on(read).expect("no panic");
    assert_eq!(result.expect("a byte"), 1);
}

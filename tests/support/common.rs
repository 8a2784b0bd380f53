//! What the tests of tasks and wakers share: bounded waiting, and things that count.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    any::Any,
    cell::RefCell,
    io, net,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::net::TcpStream;

/// How long a test waits for what must happen. Only what hangs takes that long.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Runs the body of a test on a thread of its own, and fails if it hangs.
#[track_caller]
pub(crate) fn bounded<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, over) = mpsc::channel();
    let body = thread::spawn(move || {
        let value = body();
        // Nobody listens if the test has failed meanwhile.
        let _ = done.send(());
        value
    });
    let hangs = over.recv_timeout(BOUND) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hangs, "it hangs");
    body.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
}

/// Counts, on any thread.
#[derive(Clone, Default, Debug)]
pub(crate) struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub(crate) fn new() -> Counter {
        Counter::default()
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Something that counts its own drop.
    pub(crate) fn on_drop(&self) -> CountDrop {
        CountDrop(self.clone())
    }

    /// A waker that counts its wakes.
    pub(crate) fn on_wake(&self) -> Waker {
        Waker::from(Arc::new(CountWake(self.clone())))
    }
}

#[derive(Debug)]
pub(crate) struct CountDrop(Counter);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

struct CountWake(Counter);

impl Wake for CountWake {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }
}

/// A connection, both ends std's and blocking.
pub(crate) fn std_pair() -> io::Result<(net::TcpStream, net::TcpStream)> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let stream = net::TcpStream::connect(listener.local_addr()?)?;
    let (peer, _) = listener.accept()?;
    Ok((stream, peer))
}

/// A connection; the peer is std's, and blocking.
pub(crate) fn pair() -> io::Result<(TcpStream, net::TcpStream)> {
    let (stream, peer) = std_pair()?;
    Ok((stream.try_into()?, peer))
}

/// Polls once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls once, with this waker.
pub(crate) fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

thread_local! {
    /// Where the last panic of this thread was, while the hook is quiet about them.
    static QUIET: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls `code`; its panics, caught inside or not, print nothing.
pub(crate) fn quietly<R>(code: impl FnOnce() -> R) -> thread::Result<R> {
    caught(code).map_err(|(payload, _)| payload)
}

/// The message of the panic that `code` ends with, and the source file that it blames.
#[track_caller]
pub(crate) fn panic_of<R>(code: impl FnOnce() -> R) -> (String, String) {
    let Err((payload, file)) = caught(code) else { panic!("it did not panic") };
    (message_of(&*payload), file)
}

pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("the panic has a message")
}

fn caught<R>(code: impl FnOnce() -> R) -> Result<R, (Box<dyn Any + Send>, String)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let quiet = QUIET.try_with(|quiet| {
                let mut quiet = quiet.borrow_mut();
                if let (Some(file), Some(location)) = (quiet.as_mut(), info.location()) {
                    location.file().clone_into(file);
                }
                quiet.is_some()
            });
            if !quiet.unwrap_or(false) {
                loud(info);
            }
        }));
    });
    let outer = QUIET.replace(Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(code));
    let file = QUIET.replace(outer).unwrap_or_default();
    result.map_err(|payload| (payload, file))
}

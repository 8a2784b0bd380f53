//! What the tests of sockets share.

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    future::poll_fn,
    io,
    net::{self, SocketAddr},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Once},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use pizzaiolo::net::TcpStream;

pub(crate) use crate::support::{
    WakeCount, bounded,
    common::{pair, std_pair},
    poll_once, run,
};

/// A connection as of [`pair`], with small buffers on the way to the peer, so that they are soon full.
pub(crate) fn narrow_pair() -> io::Result<(TcpStream, net::TcpStream)> {
    use socket2::{Domain, Socket, Type};

    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // The peer inherits it.
    listener.set_recv_buffer_size(4096)?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    listener.listen(1)?;
    let stream = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    stream.set_send_buffer_size(4096)?;
    stream.connect(&listener.local_addr()?)?;
    let (peer, _) = listener.accept()?;
    Ok((net::TcpStream::from(stream).try_into()?, peer.into()))
}

/// Closes a connection with a reset instead of an orderly end.
pub(crate) fn reset(peer: net::TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
    drop(peer);
    Ok(())
}

/// Polls a future once, inside the task that awaits this, but with another waker.
pub(crate) async fn poll_with<F: Future + ?Sized>(
    mut future: Pin<&mut F>,
    waker: &Waker,
) -> Poll<F::Output> {
    poll_fn(|_| Poll::Ready(future.as_mut().poll(&mut Context::from_waker(waker)))).await
}

/// Writes until there is no room. Returns how many bytes that were.
pub(crate) async fn fill(stream: &TcpStream) -> io::Result<usize> {
    let mut total = 0;
    loop {
        match poll_once(std::pin::pin!(stream.write(&[b'.'; 4096]))).await {
            Poll::Ready(written) => total += written?,
            Poll::Pending => return Ok(total),
        }
    }
}

/// Counts how often a future is polled.
pub(crate) struct Counted<F> {
    polls: Rc<Cell<u32>>,
    future: Pin<Box<F>>,
}

pub(crate) fn counted<F: Future>(future: F) -> (Rc<Cell<u32>>, Counted<F>) {
    let polls = Rc::new(Cell::new(0));
    let future = Box::pin(future);
    (Rc::clone(&polls), Counted { polls, future })
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.polls.set(self.polls.get() + 1);
        self.future.as_mut().poll(cx)
    }
}

/// What the waker of [`runs_code`] does.
type Code = Box<dyn FnOnce()>;

thread_local! {
    static IN_THE_WAKE: RefCell<Option<Code>> = const { RefCell::new(None) };
}

/// Makes a waker that runs code in its wake, in the middle of the library's work; and the function
/// that says which. One such waker a test, and one wake.
pub(crate) fn runs_code() -> (impl FnOnce(Code), Waker) {
    struct RunsCode;

    impl Wake for RunsCode {
        fn wake(self: Arc<Self>) {
            let code = IN_THE_WAKE.take().expect("it is woken once");
            code();
        }
    }

    (|code| IN_THE_WAKE.set(Some(code)), Waker::from(Arc::new(RunsCode)))
}

/// A read, with its socket, in a box.
pub(crate) type BoxedRead = Pin<Box<dyn Future<Output = io::Result<usize>>>>;

pub(crate) fn boxed_read(stream: TcpStream) -> BoxedRead {
    Box::pin(async move { stream.read(&mut [0; 8]).await })
}

/// What is called with each line that the library logs on this thread.
type Hook = Box<dyn FnMut(&str)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Hands each line to the hook of its thread.
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        // Taken out meanwhile: the hook may do what is logged itself.
        let Ok(Some(mut hook)) = HOOK.try_with(RefCell::take) else {
            return;
        };
        let mut line = String::new();
        write!(line, "{}", record.args()).expect("a string takes everything");
        hook(&line);
        HOOK.set(Some(hook));
    }

    fn flush(&self) {}
}

/// Calls `hook` with each line that the library logs on this thread from here on.
pub(crate) fn on_log(hook: impl FnMut(&str) + 'static) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Lines).expect("there is no other logger");
        log::set_max_level(log::LevelFilter::Trace);
    });
    HOOK.set(Some(Box::new(hook)));
}

/// Collects the names of the sockets that this thread registers from here on.
pub(crate) fn registered() -> Rc<RefCell<Vec<String>>> {
    let names = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&names);
    on_log(move |line| {
        if let Some((_, name)) = line.split_once(": registered ") {
            let name = name.split(" (").next().unwrap_or(name);
            kept.borrow_mut().push(name.to_owned());
        }
    });
    names
}

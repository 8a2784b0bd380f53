//! The watching thread: it empties the channel, and sends the steps to the browsers.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    net::TcpListener as StdListener,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use pizzaiolo::{
    net::{TcpListener, TcpStream},
    time,
};

use super::{
    Inlet,
    history::History,
    http::{self, Refusal, Request},
    outbox::{Next, Outbox},
};
use crate::replay::live_page;

/// How often the channel is emptied. A browser shows no more than that.
const PERIOD: Duration = Duration::from_millis(50);

/// For each time that a message has so many bytes, the next message is sent one period later.
const BYTES_A_PERIOD: usize = 200_000;

/// How many steps are taken from the channel at once, so that the tasks of the browsers run in between.
const MOST_AT_ONCE: usize = 131_072;

/// More connections than this are refused.
const MOST_CONNECTIONS: usize = 256;

/// A connection whose browser reads nothing for so long is closed.
const PATIENCE: Duration = Duration::from_secs(60);

struct Server {
    history: RefCell<History>,
    browsers: RefCell<Vec<Rc<Outbox>>>,
    /// How many connections there are: their tasks hold clones of it.
    connections: Rc<()>,
    page: String,
}

/// Serves until the observer is gone.
pub(crate) async fn run(listener: StdListener, steps: Inlet, ended: Arc<AtomicBool>) {
    let listener = match TcpListener::try_from(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error!("pizzaiolo-watch cannot listen: {error}"),
    };
    let server = Rc::new(Server {
        history: RefCell::new(History::new()),
        browsers: RefCell::default(),
        connections: Rc::new(()),
        page: live_page(),
    });
    let accepting = pizzaiolo::spawn(accept(listener, Rc::clone(&server)));
    let mut pause = PERIOD;
    loop {
        time::sleep(pause).await;
        let is_last = ended.load(Ordering::Relaxed);
        pause = server.send(&steps);
        if is_last {
            break;
        }
    }
    accepting.abort();
    server.say_goodbye().await;
}

impl Server {
    /// Empties the channel, and sends the steps to the browsers. Returns how long to wait before the next
    /// time.
    fn send(&self, steps: &Inlet) -> Duration {
        let new = steps.take(MOST_AT_ONCE);
        if new.is_empty() {
            return PERIOD;
        }
        let is_full = new.len() == MOST_AT_ONCE;
        let message = self.history.borrow_mut().take_in(new);
        let periods = 1 + message.len() / BYTES_A_PERIOD;
        let message: Rc<str> = http::event("more", &message).into();
        for browser in self.browsers.borrow().iter() {
            browser.push(&message);
        }
        if is_full { Duration::ZERO } else { PERIOD * u32::try_from(periods).unwrap_or(1).min(40) }
    }

    /// Ends the streams, and waits a moment, so that the last messages arrive.
    async fn say_goodbye(&self) {
        for browser in self.browsers.borrow().iter() {
            browser.close();
        }
        for _ in 0..20 {
            if self.browsers.borrow().is_empty() {
                return;
            }
            time::sleep(PERIOD).await;
        }
    }

    async fn serve(self: Rc<Self>, stream: TcpStream, is_crowded: bool) -> io::Result<()> {
        let request = http::receive(&stream).await?;
        match request {
            _ if is_crowded => http::refuse(&stream, Refusal::Crowded).await?,
            Request::Page => {
                let sending = http::send_page(&stream, &self.page);
                time::timeout(PATIENCE, sending).await.unwrap_or(Ok(()))?;
            }
            Request::Events => self.stream_events(&stream).await?,
            Request::Refused(refusal) => http::refuse(&stream, refusal).await?,
        }
        http::close(&stream).await
    }

    async fn stream_events(&self, stream: &TcpStream) -> io::Result<()> {
        http::begin_events(stream).await?;
        let outbox = Rc::new(Outbox::new());
        self.browsers.borrow_mut().push(Rc::clone(&outbox));
        let sent = self.send_events(stream, &outbox).await;
        self.browsers.borrow_mut().retain(|other| !Rc::ptr_eq(other, &outbox));
        sent
    }

    async fn send_events(&self, stream: &TcpStream, outbox: &Outbox) -> io::Result<()> {
        loop {
            let message = match until_closed(stream, outbox.next()).await? {
                Next::Message(message) => message,
                Next::Anew => http::event("run", &self.history.borrow_mut().whole()).into(),
                Next::Closed => return Ok(()),
            };
            let sending = stream.write_all(message.as_bytes());
            time::timeout(PATIENCE, sending)
                .await
                .unwrap_or(Err(io::ErrorKind::TimedOut.into()))?;
        }
    }
}

/// Waits for `future`, unless the browser leaves.
async fn until_closed<T>(stream: &TcpStream, future: impl Future<Output = T>) -> io::Result<T> {
    let (mut closed, mut future) = (pin!(stream.closed()), pin!(future));
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        closed.as_mut().poll(cx).map(|_| Err(io::ErrorKind::ConnectionReset.into()))
    })
    .await
}

async fn accept(listener: TcpListener, server: Rc<Server>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most likely there is no descriptor left, and the watched program needs them.
                log::warn!("pizzaiolo-watch cannot accept: {error}");
                time::sleep(Duration::from_millis(500)).await;
                continue;
            }
        };
        let connection = Rc::clone(&server.connections);
        let is_crowded = Rc::strong_count(&connection) > MOST_CONNECTIONS;
        let serving = Rc::clone(&server).serve(stream, is_crowded);
        pizzaiolo::spawn(async move {
            // An error here means that the browser has left.
            let _ = serving.await;
            drop(connection);
        })
        .detach();
    }
}

//! The connections of one thread: how many there may be, how long one may idle, and how they end.

use std::{
    cell::Cell,
    future::poll_fn,
    io, net,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_lock::{Semaphore, SemaphoreGuardArc};
use event_listener::{Event, EventListener};
use log::{info, warn};
use pizzaiolo::{
    time::{sleep, timeout},
    yield_now,
};

use crate::sockets::{Listener, Stream};

/// How long to wait at most when a connection cannot be accepted. Mostly a descriptor is missing,
/// and the end of a connection ends the wait; but others can free one too.
const BACK_OFF: Duration = Duration::from_millis(100);
/// How long a client may take to hang up in its turn.
const LINGER: Duration = Duration::from_secs(1);
/// How often a client may be listened to before the others have their turn,
const WORDS_A_TURN: u32 = 4;
/// and how often one that goes on talking when the server closes.
const LAST_WORDS: u32 = 64;

pub(crate) struct Connections {
    limit: usize,
    places: Arc<Semaphore>,
    /// How long a client may neither speak nor listen.
    idle_timeout: Option<Duration>,
    is_closing: Cell<bool>,
    /// Notifies the connections that the server closes.
    closing: Event,
    freed: Freed,
}

/// Notifies the accept loops of all threads that a connection has ended: a descriptor is free.
pub(crate) type Freed = Arc<Event>;

impl Connections {
    /// Creates those of one thread; `freed` is that of all threads.
    pub(crate) fn new(limit: usize, idle_timeout: Option<Duration>, freed: Freed) -> Self {
        let (places, closing) = (Arc::new(Semaphore::new(limit)), Event::new());
        Connections { limit, places, idle_timeout, is_closing: Cell::new(false), closing, freed }
    }

    /// Waits until there may be one more connection, and takes its place.
    pub(crate) async fn place(self: &Rc<Self>) -> Place {
        let permit = if let Some(permit) = self.places.try_acquire_arc() {
            permit
        } else {
            warn!("All {} places are taken: who comes now has to wait", self.limit);
            self.places.acquire_arc().await
        };
        let (closing, waker) = (self.closing.listen(), Waker::noop().clone());
        Place { in_a_row: 0, closing, waker, connections: Rc::clone(self), _permit: permit }
    }

    /// Accepts the next client.
    pub(crate) async fn accept<L: Listener>(&self, listener: &L) -> (L::Stream, net::SocketAddr) {
        loop {
            // From before the attempt on, so that no end of a connection is missed.
            let freed = self.freed.listen();
            match listener.accept().await {
                Ok(accepted) => return accepted,
                // It concerns that client only; the next may be there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    info!("A client was gone before it was accepted");
                }
                Err(error) => {
                    warn!("Accepting a connection failed: {error}");
                    let _ = timeout(BACK_OFF, freed).await;
                }
            }
        }
    }

    /// Lets each connection end as soon as what has come has its reply.
    pub(crate) fn close(&self) {
        self.is_closing.set(true);
        self.closing.notify(usize::MAX);
    }
}

/// One connection's place. It is free when this is dropped, so let the socket be closed before.
pub(crate) struct Place {
    /// How often it has listened without having to wait.
    in_a_row: u32,
    closing: EventListener,
    /// The waker that was left for it.
    waker: Waker,
    connections: Rc<Connections>,
    _permit: SemaphoreGuardArc,
}

impl Place {
    /// Waits for what the client says next. `None` if it idles too long, or if the server closes
    /// and there is nothing to read now, or no end of it.
    pub(crate) async fn listen<T>(&mut self, words: impl Future<Output = T>) -> Option<T> {
        self.in_a_row = self.in_a_row.wrapping_add(1);
        if self.in_a_row % WORDS_A_TURN == 0 {
            if self.connections.is_closing.get() && self.in_a_row > LAST_WORDS {
                return None;
            }
            yield_now().await;
        }
        let mut patience = self.connections.idle_timeout.map(sleep);
        let silence = poll_fn(|cx| {
            self.in_a_row = 0;
            match &mut patience {
                _ if self.poll_closing(cx).is_ready() => Poll::Ready(()),
                Some(patience) => Pin::new(patience).poll(cx),
                None => Poll::Pending,
            }
        });
        unless(silence, words).await
    }

    /// Ready when the server closes. It takes a lock only when there is another waker to be left.
    fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.connections.is_closing.get() {
            return Poll::Ready(());
        }
        if !self.waker.will_wake(cx.waker()) {
            self.waker.clone_from(cx.waker());
            return Pin::new(&mut self.closing).poll(cx);
        }
        Poll::Pending
    }

    /// Waits for what is said to the client: `TimedOut` if it does not listen for too long.
    pub(crate) async fn speak<T>(
        &self,
        words: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        match self.connections.idle_timeout {
            Some(patience) => timeout(patience, words).await?,
            None => words.await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.freed.notify(usize::MAX);
    }
}

/// Waits for `work`, but no longer than for `end`, which is polled only if `work` is not ready.
pub(crate) async fn unless<T>(end: impl Future, work: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut work) = (pin!(end), pin!(work));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(cx).map(|_| None),
    })
    .await
}

/// Ends a conversation so that the client gets all that was written. To close a socket in which
/// something waits to be read, or into which something comes later, resets the connection, and a
/// reply under way is lost. So the end is announced, and what still comes is thrown away.
pub(crate) async fn hang_up(conn: &impl Stream, scrap: &mut [u8]) -> io::Result<()> {
    conn.shutdown(net::Shutdown::Write)?;
    let _ = timeout(LINGER, async { while let Ok(1..) = conn.read(scrap).await {} }).await;
    Ok(())
}

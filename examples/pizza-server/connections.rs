//! The connections of one thread: how many there may be, how long one may idle, and how they end.

use std::{
    future::poll_fn,
    io, net,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use async_lock::{OnceCell, Semaphore, SemaphoreGuardArc};
use event_listener::Event;
use log::{info, warn};
use pizzaiolo::{time::timeout, yield_now};

use crate::sockets::{Listener, Stream};

/// How long to wait after an `accept` that failed, unless a connection ends before.
const BACK_OFF: Duration = Duration::from_millis(100);
/// How long the server waits for the client's end of a connection, after its own.
const LINGER: Duration = Duration::from_secs(1);
/// How many reads in a row need not wait before the other tasks run,
const READS_A_TURN: u64 = 4;
/// and how many when the server closes.
const LAST_READS: u64 = 64;

pub(crate) struct Connections {
    limit: usize,
    places: Arc<Semaphore>,
    /// How long a client may neither send nor read.
    idle_timeout: Option<Duration>,
    closing: OnceCell<()>,
    freed: Freed,
}

/// Notifies the accept loops of all threads that a connection has ended: a descriptor is free.
pub(crate) type Freed = Arc<Event>;

impl Connections {
    pub(crate) fn new(limit: usize, idle_timeout: Option<Duration>, freed: Freed) -> Self {
        let places = Arc::new(Semaphore::new(limit));
        Connections { limit, places, idle_timeout, closing: OnceCell::new(), freed }
    }

    /// Waits until there may be one more connection, and takes its place.
    pub(crate) async fn place(self: &Rc<Self>) -> Place {
        let permit = if let Some(permit) = self.places.try_acquire_arc() {
            permit
        } else {
            warn!("All {} places are taken: the next client has to wait", self.limit);
            self.places.acquire_arc().await
        };
        Place { reads: 0, connections: Rc::clone(self), _permit: permit }
    }

    /// Accepts the next client.
    pub(crate) async fn accept<L: Listener>(&self, listener: &L) -> (L::Stream, net::SocketAddr) {
        loop {
            // It listens before the attempt, so that it misses no end of a connection.
            let freed = self.freed.listen();
            match listener.accept().await {
                Ok(accepted) => return accepted,
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
        let _ = self.closing.set_blocking(());
    }
}

/// One connection's place. It is free when this is dropped, so drop the socket first.
pub(crate) struct Place {
    /// How many in a row had not to wait.
    reads: u64,
    connections: Rc<Connections>,
    _permit: SemaphoreGuardArc,
}

impl Place {
    /// Waits for what the client sends next. `None` if it idles too long, or if the server closes and
    /// there is nothing to read now, or no end of it.
    pub(crate) async fn listen<T>(&mut self, read: impl Future<Output = T>) -> Option<T> {
        let Connections { closing, idle_timeout, .. } = &*self.connections;
        let read = pin!(read);
        self.reads += 1;
        if self.reads % READS_A_TURN == 0 {
            if closing.is_initialized() && self.reads > LAST_READS {
                return None;
            }
            yield_now().await;
        }
        let end = async {
            self.reads = 0;
            match *idle_timeout {
                Some(longest) => drop(timeout(longest, closing.wait()).await),
                None => *closing.wait().await,
            }
        };
        unless(pin!(end), read).await
    }

    /// Waits until the client takes a reply: `TimedOut` if it does not read for too long.
    pub(crate) async fn speak(
        &self,
        write: impl Future<Output = io::Result<()>>,
    ) -> io::Result<()> {
        match self.connections.idle_timeout {
            Some(longest) => timeout(longest, write).await?,
            None => write.await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.freed.notify(usize::MAX);
    }
}

/// Waits for `work`, but no longer than for `end`, which is polled only if `work` is not ready. The
/// caller pins both, because an `async fn` would store each twice: as its argument, and pinned.
pub(crate) fn unless<T>(
    mut end: Pin<&mut impl Future>,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> impl Future<Output = Option<T>> {
    poll_fn(move |cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(cx).map(|_| None),
    })
}

/// Ends a connection so that the client gets all that was written. A socket that is closed while
/// something waits to be read in it, or comes later, resets the connection, and a reply is lost. So
/// the server announces its end, and throws away what still comes.
pub(crate) async fn hang_up(conn: &impl Stream, scrap: &mut [u8]) -> io::Result<()> {
    conn.shutdown(net::Shutdown::Write)?;
    let _ = timeout(LINGER, async { while let Ok(1..) = conn.read(scrap).await {} }).await;
    Ok(())
}

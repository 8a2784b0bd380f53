//! Live: the page of a program that runs, fed by the program itself.
//!
//! The watched thread only copies each event into a bounded channel. A thread of its own, with a
//! second executor, empties it, keeps the latest steps ([`history`]) and serves browsers
//! ([`server`]). Nothing of that is in the picture.

mod history;
mod http;
mod outbox;
mod server;

use std::{
    cell::Cell,
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender, TrySendError},
    },
    thread,
};

use pizzaiolo::{
    Executor,
    trace::{Event, Observer},
};

use crate::replay::{Step, What};

/// How many events may wait for the watching thread: four megabytes.
const CAPACITY: usize = 65_536;

/// Serves a page that shows what an executor does while it runs, at `http://ADDR/`.
///
/// What it returns is an observer: give it to one executor. The page is the replay of
/// [`Timeline::to_html`](crate::Timeline::to_html), which grows: a table of the tasks, warnings, and
/// the latest steps, which can be stepped through while the program runs on.
///
/// The watched executor never waits for it. Each event goes into a channel that holds 65,536; if a
/// thread of its own, which empties it, cannot keep up, events are dropped, counted, and the page
/// says how many. The same thread serves all browsers, so the watched executor does the same work for
/// any number of them.
///
/// Every program that can reach `addr` can read what the page shows: names of tasks, addresses of peers, and
/// the source around each spawn. So give it a loopback address (`127.0.0.1:8080`, or port 0 for any
/// free one), unless every program that reaches another address may see that. It answers only GET, and
/// only requests whose `Host` is the address of the server, so that no page of another site can read it.
///
/// The server stops when the observer is dropped.
///
/// ```
/// let live = pizzaiolo_watch::serve("127.0.0.1:0")?;
/// println!("Watch it at http://{}/", live.local_addr());
/// let executor = pizzaiolo::Executor::builder().observer(live).build()?;
/// executor.block_on(async {});
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// The OS's: the address is taken, or there are no descriptors left, or no thread can be made.
pub fn serve(addr: impl ToSocketAddrs) -> io::Result<Live> {
    let listener = TcpListener::bind(addr)?;
    let addr = listener.local_addr()?;
    let (steps, inbox) = mpsc::sync_channel(CAPACITY);
    let ended = Arc::new(AtomicBool::new(false));
    let has_ended = Arc::clone(&ended);
    // Only to return the error to the caller: an executor cannot be sent to the other thread.
    drop(Executor::new()?);
    thread::Builder::new().name("pizzaiolo-watch".to_owned()).spawn(move || {
        let executor = match Executor::new() {
            Ok(executor) => executor,
            Err(error) => return log::error!("pizzaiolo-watch cannot serve: {error}"),
        };
        executor.block_on(server::run(listener, inbox, has_ended));
    })?;
    Ok(Live { addr, steps, missing: Cell::new(0), ended })
}

/// The observer that [`serve`] returns.
pub struct Live {
    addr: SocketAddr,
    steps: SyncSender<Step>,
    /// How many events were dropped since the last one that was not.
    missing: Cell<u64>,
    /// The observer is gone.
    ended: Arc<AtomicBool>,
}

impl Live {
    /// Returns where the page is served.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends a step if there is room. If the watching thread is gone, the step is not needed.
    fn send(&self, step: Step) -> bool {
        !matches!(self.steps.try_send(step), Err(TrySendError::Full(_)))
    }
}

impl Observer for Live {
    fn on_event(&self, event: &Event) {
        let missing = self.missing.get();
        if missing > 0 {
            let what = What::Gap { missing, state: None };
            if !self.send(Step { when: event.when(), task: None, what }) {
                return self.missing.set(missing + 1);
            }
            self.missing.set(0);
        }
        if !self.send(Step::from(event)) {
            self.missing.set(self.missing.get() + 1);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Relaxed: no other memory is published by it, and the channel closes by itself.
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("addr", &self.addr).finish_non_exhaustive()
    }
}

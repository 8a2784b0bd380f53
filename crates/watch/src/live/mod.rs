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
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Instant,
};

use pizzaiolo::{
    Executor,
    trace::{Event, Observer},
};

use crate::replay::{Step, What};

/// How many events may wait for the watching thread: four megabytes.
const CAPACITY: usize = 65_536;

/// The last places are for the events that begin and end a task or a source. Without them a task that is
/// spawned while others flood the channel would never be shown.
const RESERVED: usize = CAPACITY / 4;

/// Serves a page that shows what an executor does while it runs, at `http://ADDR/`.
///
/// What it returns is an observer: give it to one executor. The page is the replay of
/// [`Timeline::to_html`](crate::Timeline::to_html), which grows: a table of the tasks, warnings, and
/// the latest steps, which can be stepped through while the program runs on.
///
/// The watched executor never waits for it. Each event goes into a channel that holds 65,536; if a
/// thread of its own, which empties it, cannot keep up, events are dropped, counted, and the page
/// says how many. A quarter of the channel is kept for the events that begin and end tasks and sockets, so
/// that a flood of polls hides none of up to 4,096 tasks. The same thread serves all browsers, so the
/// watched executor does the same work for any number of them.
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
    let (steps, inlet) = channel();
    let ended = Arc::new(AtomicBool::new(false));
    let has_ended = Arc::clone(&ended);
    // Only to return the error to the caller: an executor cannot be sent to the other thread.
    drop(Executor::new()?);
    thread::Builder::new().name("pizzaiolo-watch".to_owned()).spawn(move || {
        let executor = match Executor::new() {
            Ok(executor) => executor,
            Err(error) => return log::error!("pizzaiolo-watch cannot serve: {error}"),
        };
        executor.block_on(server::run(listener, inlet, has_ended));
    })?;
    Ok(Live { addr, steps, missing: Cell::new(0), ended })
}

/// The channel: an [`Outlet`] for the watched executor, an [`Inlet`] for the watching thread.
fn channel() -> (Outlet, Inlet) {
    let (steps, received) = mpsc::sync_channel(CAPACITY);
    let taken = Arc::new(AtomicUsize::new(0));
    (Outlet { steps, sent: Cell::new(0), taken: Arc::clone(&taken) }, Inlet { received, taken })
}

/// The channel's end at the watched executor.
struct Outlet {
    steps: SyncSender<Step>,
    /// How many steps were sent. The channel does not say how many wait in it.
    sent: Cell<usize>,
    /// How many of them were taken out.
    taken: Arc<AtomicUsize>,
}

impl Outlet {
    /// Sends a step if fewer than `room` are waiting. If the watching thread is gone, the step is not
    /// needed.
    fn send(&self, step: Step, room: usize) -> bool {
        // Relaxed: an old number only means less room.
        let waiting = self.sent.get().wrapping_sub(self.taken.load(Ordering::Relaxed));
        if waiting >= room {
            return false;
        }
        self.sent.set(self.sent.get().wrapping_add(1));
        // It cannot be full.
        let _ = self.steps.try_send(step);
        true
    }
}

/// The channel's end at the watching thread.
pub(crate) struct Inlet {
    received: Receiver<Step>,
    /// How many steps were taken out.
    taken: Arc<AtomicUsize>,
}

impl Inlet {
    /// Takes out at most `most` steps, without waiting.
    fn take(&self, most: usize) -> Vec<Step> {
        let steps: Vec<Step> = self.received.try_iter().take(most).collect();
        self.taken.fetch_add(steps.len(), Ordering::Relaxed);
        steps
    }
}

/// The observer that [`serve`] returns.
pub struct Live {
    addr: SocketAddr,
    steps: Outlet,
    /// How many events were dropped that no gap has counted yet.
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

    /// Sends how many events were dropped, if there were any. False if there is no room for it.
    fn send_gap(&self, when: Instant) -> bool {
        let missing = self.missing.get();
        if missing == 0 {
            return true;
        }
        let what = What::Gap { missing, state: None };
        let is_sent = self.steps.send(Step { when, task: None, what }, CAPACITY - RESERVED);
        if is_sent {
            self.missing.set(0);
        }
        is_sent
    }
}

impl Observer for Live {
    fn on_event(&self, event: &Event) {
        let step = Step::from(event);
        let is_sent = if step.begins_or_ends() {
            // The gap comes later: one for each of these would be as many as they are.
            self.steps.send(step, CAPACITY)
        } else {
            self.send_gap(event.when()) && self.steps.send(step, CAPACITY - RESERVED)
        };
        if !is_sent {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pizzaiolo::yield_now;

    use super::*;

    #[test]
    fn a_flood_of_polls_hides_no_task_that_begins_or_ends() {
        let (steps, inlet) = channel();
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let ended = Arc::new(AtomicBool::new(false));
        let live = Live { addr, steps, missing: Cell::new(0), ended };
        let builder = Executor::builder().observer(live).slow_poll(Duration::MAX);
        let executor = builder.build().unwrap();
        let flood = async || {
            for _ in 0..CAPACITY {
                yield_now().await;
            }
        };
        let steps = executor.block_on(async {
            flood().await;
            for _ in 0..2 {
                pizzaiolo::spawn(async {}).await.unwrap();
            }
            let steps = inlet.take(usize::MAX);
            flood().await;
            steps
        });
        assert!(steps.len() < CAPACITY - RESERVED + 10, "{}", steps.len());
        let ends = &steps[CAPACITY - RESERVED..];
        let of = |what: fn(&What) -> bool| {
            let steps = ends.iter().filter(move |step| what(&step.what));
            steps.map(|step| step.task).collect::<Vec<_>>()
        };
        let spawned = of(|what| matches!(what, What::Spawned { .. }));
        assert_eq!((spawned.len(), spawned), (2, of(|what| matches!(what, What::Finished))));
        // What is not there is counted, once.
        assert!(of(|what| matches!(what, What::Gap { .. })).is_empty());
        let next = &inlet.take(1)[0];
        assert!(matches!(next.what, What::Gap { missing, .. } if missing > CAPACITY as u64));
    }
}

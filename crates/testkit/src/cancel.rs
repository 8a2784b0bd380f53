//! Cancelling a future at each of its awaits in turn.

use std::{
    cell::Cell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use crate::{choose, paused};

/// What happens to a future that has returned Pending.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    GoesOn,
    /// It is dropped at once.
    Dropped,
    /// It is dropped when it is woken, in place of its next poll.
    DroppedWhenWoken,
}

/// A future that is cancelled when `decide` says so.
struct Cancelled<F, D> {
    future: Option<Pin<Box<F>>>,
    decide: D,
    is_dropped_next: bool,
}

impl<F, D> Cancelled<F, D> {
    fn new(future: F, decide: D) -> Self {
        Cancelled { future: Some(Box::pin(future)), decide, is_dropped_next: false }
    }
}

/// The future is in a box, and the closure is not pinned.
impl<F, D> Unpin for Cancelled<F, D> {}

impl<F: Future, D: FnMut() -> Fate> Future for Cancelled<F, D> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(future) = this.future.as_mut().filter(|_| !this.is_dropped_next) else {
            this.future = None;
            return Poll::Ready(None);
        };
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            this.future = None;
            return Poll::Ready(Some(output));
        }
        match (this.decide)() {
            Fate::GoesOn => {}
            Fate::DroppedWhenWoken => this.is_dropped_next = true,
            Fate::Dropped => {
                this.future = None;
                return Poll::Ready(None);
            }
        }
        Poll::Pending
    }
}

/// Runs a future that may be cancelled, at any await: `None` if it was.
///
/// Inside [`explore`](crate::explore) each is tried, together with every order: that it goes on, that
/// it is dropped when it returns Pending, and that it is dropped when it is woken, before it is polled
/// again. The last is what loses a wake, or a lock that was passed to it. Outside of an exploration it
/// goes on.
///
/// ```
/// use pizzaiolo::{spawn, yield_now};
/// use pizzaiolo_testkit::{explore, maybe_cancelled};
///
/// let report = explore(|| async {
///     match maybe_cancelled(yield_now()).await {
///         Some(()) => {} // it has ended
///         None => {}     // it was dropped
///     }
/// });
/// assert_eq!(report.to_string(), "all 3 orders");
/// ```
///
/// # Cancel safety
///
/// The future is dropped with this one.
pub async fn maybe_cancelled<F: Future>(future: F) -> Option<F::Output> {
    let decide = || match choose(3) {
        0 => Fate::GoesOn,
        1 => Fate::Dropped,
        _ => Fate::DroppedWhenWoken,
    };
    Cancelled::new(future, decide).await
}

/// Runs a check many times, and cancels the future that the check passes to [`Cancel::run`] at another
/// point each time: at its first Pending, at its second, and so on until it comes to its end. At each
/// Pending it is dropped once immediately, and once when it is woken. Returns the number of these points.
///
/// Each time, the check has a new executor with a paused clock, and asserts what must hold. (While a task waits for
/// a real socket, that clock stands still: a check that then waits for ever hangs. While it waits for
/// another thread, the clock moves on, so a check of such a wait fails as a deadlock.) A read that is cancelled must
/// not have taken a byte:
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use pizzaiolo::yield_now;
/// use pizzaiolo_testkit::check_cancel_safety;
///
/// let points = check_cancel_safety(|cancel| async move {
///     let taken = Rc::new(Cell::new(0));
///     let read = async {
///         yield_now().await;
///         taken.set(taken.get() + 1); // the last step: nothing is awaited after it
///     };
///     match cancel.run(read).await {
///         Some(()) => assert_eq!(taken.get(), 1),
///         None => assert_eq!(taken.get(), 0),
///     }
/// });
/// assert_eq!(points, 2);
/// ```
///
/// # Panics
///
/// If the check does, or waits for ever; the point is printed. If it does not call
/// [`Cancel::run`]. And if the OS has no descriptors to give for an executor.
#[track_caller]
pub fn check_cancel_safety<F: Future<Output = ()>>(mut check: impl FnMut(Cancel) -> F) -> usize {
    for point in 0.. {
        let state = Rc::new(Cell::new(State::Unused));
        let cancel = Cancel { point, state: Rc::clone(&state) };
        let on_panic = PrintPoint(point);
        paused::run(check(cancel));
        std::mem::forget(on_panic);
        match state.get() {
            State::Unused => panic!("the check has to call `Cancel::run`, and to await it"),
            State::Ended => return point,
            State::Reached => {}
        }
    }
    unreachable!("no future has as many awaits as can be counted")
}

#[derive(Clone, Copy)]
enum State {
    Unused,
    /// The future came to its end before the point.
    Ended,
    /// It was cancelled.
    Reached,
}

/// Cancels a future at one point, which [`check_cancel_safety`] chooses.
pub struct Cancel {
    /// Twice the number of Pendings before it; one more if the future is to be woken first.
    point: usize,
    state: Rc<Cell<State>>,
}

impl Cancel {
    /// Runs the future up to the point, and drops it there. `None` if it was dropped, its output if it
    /// came to its end before.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped with this one.
    pub async fn run<F: Future>(self, future: F) -> Option<F::Output> {
        let mut pendings = self.point / 2;
        let decide = || match pendings.checked_sub(1) {
            Some(left) => {
                pendings = left;
                Fate::GoesOn
            }
            None if self.point % 2 == 0 => Fate::Dropped,
            None => Fate::DroppedWhenWoken,
        };
        let output = Cancelled::new(future, decide).await;
        self.state.set(if output.is_some() { State::Ended } else { State::Reached });
        output
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").field("point", &self.point).finish_non_exhaustive()
    }
}

/// Prints the point if the check panics.
struct PrintPoint(usize);

impl Drop for PrintPoint {
    fn drop(&mut self) {
        let when = if self.0 % 2 == 0 { "at once" } else { "when it was woken" };
        eprintln!("it was cancelled at its Pending number {}, {when}", self.0 / 2 + 1);
    }
}

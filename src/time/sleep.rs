use std::{
    fmt,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    current,
    reactor::{
        entered::{ELSEWHERE, here},
        timers::Timers,
    },
    slab::Key,
};

/// Waits for `duration` from now. One that is longer than the clock can count never ends; zero
/// ends on the next turn, when the other ready tasks have had theirs.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// pizzaiolo::block_on(async {
///     let start = Instant::now();
///     pizzaiolo::time::sleep(Duration::from_millis(2)).await;
///     assert!(start.elapsed() >= Duration::from_millis(2));
/// });
/// ```
///
/// # Panics
///
/// When it is polled and no executor runs on this thread.
///
/// # Cancel safety
///
/// Dropping it cancels the timer, and leaves nothing behind.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::new(super::now().checked_add(duration))
}

/// Waits until `deadline`. One that has passed ends on the next turn.
///
/// # Panics
///
/// When it is polled and no executor runs on this thread.
///
/// # Cancel safety
///
/// Dropping it cancels the timer, and leaves nothing behind.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(Some(deadline))
}

/// The future that [`sleep`] and [`sleep_until`] return.
///
/// The timer is set with the first poll, and belongs to the reactor under which that happens. A poll
/// under another one panics.
#[must_use = "it does nothing unless it is awaited"]
pub struct Sleep {
    /// `None` is never.
    deadline: Option<Instant>,
    state: State,
    /// The call that made it, or that set it anew.
    pub(crate) location: &'static Location<'static>,
}

enum State {
    /// Not polled yet, or reset after it had ended.
    Unset,
    /// The deadline had passed with the first poll: it ends with the next.
    Passed,
    /// It is one of a reactor's timers.
    Set { timers: Rc<Timers>, key: Key },
    /// It has ended.
    Done,
}

impl Sleep {
    #[track_caller]
    pub(super) fn new(deadline: Option<Instant>) -> Sleep {
        Sleep { deadline, state: State::Unset, location: Location::caller() }
    }

    /// Returns when it ends; `None` if never.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Says whether it has ended: a poll has returned Ready, and it was not reset since.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Sets another deadline, earlier or later, also when it has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pizzaiolo::time;
    ///
    /// pizzaiolo::block_on(async {
    ///     let mut oven = time::sleep(Duration::MAX);
    ///     oven.reset(time::now() + Duration::from_millis(1));
    ///     oven.await;
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn reset(&mut self, deadline: Instant) {
        self.set(Some(deadline), Location::caller());
    }

    #[inline]
    pub(super) fn set(&mut self, deadline: Option<Instant>, location: &'static Location<'static>) {
        (self.deadline, self.location) = (deadline, location);
        match &self.state {
            State::Set { timers, key } if timers.is_set(*key) => {
                timers.reset(*key, deadline, location);
            }
            _ => self.state = State::Unset,
        }
    }

    /// Sets the timer. A deadline that has passed is due on the next turn.
    #[track_caller]
    #[inline]
    fn start(&mut self, cx: &mut Context<'_>) {
        let reactor = here();
        if self.deadline.is_some_and(|deadline| deadline <= reactor.clock.now()) {
            self.state = State::Passed;
            cx.waker().wake_by_ref();
            return;
        }
        let timers = Rc::clone(&reactor.timers);
        let key = timers.insert(self.deadline, cx.waker().clone());
        self.state = State::Set { timers, key };
        reactor.timers.report_set(current::task(), self.deadline, self.location);
    }
}

impl Future for Sleep {
    type Output = ();

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let fired = match &self.state {
            State::Unset => {
                self.start(cx);
                false
            }
            State::Passed | State::Done => true,
            State::Set { timers, key } => {
                assert!(
                    Rc::ptr_eq(timers, &here().timers),
                    "a timer cannot wait here: {ELSEWHERE}"
                );
                timers.poll(*key, cx.waker(), self.location)
            }
        };
        if !fired {
            return Poll::Pending;
        }
        self.state = State::Done;
        Poll::Ready(())
    }
}

/// What it shares with the reactor is not borrowed while code of the user runs.
impl UnwindSafe for Sleep {}
impl RefUnwindSafe for Sleep {}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        if let State::Set { timers, key } = &self.state {
            timers.cancel(*key);
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .field("is_elapsed", &self.is_elapsed())
            .finish_non_exhaustive()
    }
}

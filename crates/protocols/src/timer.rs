//! hyper's timer, on a runtime with one thread.
//!
//! hyper is written for runtimes of all kinds, some of which move a connection from thread to
//! thread. So its trait `Sleep` asks for `Send + Sync`. Ours is neither: it shares the executor's
//! timers through an `Rc`, which is what makes it cheap.
//!
//! Nothing moves here. A connection over one of pizzaiolo's streams is not `Send` itself, so the
//! compiler keeps it, with its timers, on the thread where it was made:
//!
//! ```compile_fail,E0277
//! fn needs_send<T: Send>() {}
//! needs_send::<pizzaiolo_protocols::Io<pizzaiolo::net::TcpStream>>();
//! ```
//!
//! Only hyper cannot know, as it has the timers behind `dyn Sleep`. `SendWrapper` bridges that: it is `Send` and `Sync`
//! by name, and looks at each use whether the thread is the right one. If a timer came to another
//! thread after all, its use would panic there, and so would its drop; the `Rc` is not touched.
//!
//! The alternative is a task for each timer, which sleeps for it and wakes it through an atomic
//! waker. It could be used from any thread, which is not needed here, and would cost a spawn and a
//! cancelled task for each request.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt;
use pizzaiolo::time;
use send_wrapper::SendWrapper;

/// Gives hyper the time, and its timers: for [`header_read_timeout`], and HTTP/2's
/// keep-alive.
///
/// Time is the executor's: with a paused clock, hyper's timeouts stand still until the test moves
/// them.
///
/// ```
/// use std::time::Duration;
/// use hyper::server::conn::http1;
///
/// let mut http = http1::Builder::new();
/// http.timer(pizzaiolo_protocols::Timer).header_read_timeout(Duration::from_secs(10));
/// ```
///
/// [`header_read_timeout`]: https://docs.rs/hyper/1/hyper/server/conn/http1/struct.Builder.html#method.header_read_timeout
#[derive(Clone, Copy, Default, Debug)]
pub struct Timer;

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep::new(time::sleep(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep::new(time::sleep_until(deadline)))
    }

    fn now(&self) -> Instant {
        time::now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            // In place: no new box, and the entry in the executor's timers is only moved.
            Some(mut own) => own.0.reset(deadline),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

/// A timer of [`pizzaiolo::time`] that hyper accepts. It stays on the thread that made it.
///
/// # Panics
///
/// When it is polled, reset or dropped on another thread.
pub struct Sleep(SendWrapper<time::Sleep>);

impl Sleep {
    fn new(sleep: time::Sleep) -> Sleep {
        Sleep(SendWrapper::new(sleep))
    }
}

impl rt::Sleep for Sleep {}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut *self.0).poll(cx)
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is in it can only be seen on its own thread, and to print it must not panic.
        f.debug_struct("Sleep").field("is_on_its_thread", &self.0.valid()).finish_non_exhaustive()
    }
}

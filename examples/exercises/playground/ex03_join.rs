// The check. Do not change it.

struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

fn main() {
    use std::{
        future::poll_fn,
        pin::pin,
        task::{Context, Poll},
    };

    let log = std::cell::RefCell::new(String::new());
    // Is ready at the poll of this number. Calls its waker in each poll before that.
    let ready_at = |name: char, mut left: u32| {
        let log = &log;
        poll_fn(move |cx| {
            log.borrow_mut().push(name);
            assert_ne!(left, 0, "{name} was polled again after it had returned Ready");
            left -= 1;
            if left == 0 {
                return Poll::Ready(name);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    };
    let count = std::sync::Arc::new(Count(0.into()));
    let waker = count.clone().into();
    let mut cx = Context::from_waker(&waker);
    let mut both = pin!(join(ready_at('a', 2), ready_at('b', 3)));

    assert!(both.as_mut().poll(&mut cx).is_pending(), "neither future is ready");
    assert_eq!(*log.borrow(), "ab", "the first poll must poll both futures, a before b");
    assert!(both.as_mut().poll(&mut cx).is_pending(), "only one future is ready");
    assert_eq!(both.as_mut().poll(&mut cx), Poll::Ready(('a', 'b')), "both are ready");
    assert_eq!(*log.borrow(), "ababb", "a future that is ready must not be polled again");
    let wakes = count.0.load(std::sync::atomic::Ordering::Relaxed);
    assert!(wakes >= 3, "each future must get the waker: it called {wakes} of 3 times");
    assert_eq!(wakes, 3, "join itself must not call the waker: that is a busy loop");
    println!("Exercise 3: all checks pass.");
}

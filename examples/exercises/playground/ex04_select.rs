// The check. Do not change it.

struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

fn main() {
    use std::rc::Rc;
    use std::{
        future::poll_fn,
        pin::pin,
        task::{Context, Poll},
    };

    // Is ready at the poll of this number. It holds `held` until it is dropped.
    let ready_at = |name: char, mut left: u32, held: Rc<()>| {
        poll_fn(move |_| {
            let _ = &held;
            left -= 1;
            if left == 0 { Poll::Ready(name) } else { Poll::Pending }
        })
    };
    let count = std::sync::Arc::new(Count(0.into()));
    let waker = count.clone().into();
    let mut cx = Context::from_waker(&waker);
    let (a, b) = (Rc::new(()), Rc::new(()));

    let mut first = pin!(select(ready_at('a', 9, a.clone()), ready_at('b', 2, b.clone())));
    assert!(first.as_mut().poll(&mut cx).is_pending(), "neither future is ready");
    let output = first.as_mut().poll(&mut cx);
    assert_eq!(output, Poll::Ready(Either::Right('b')), "b is ready first");
    let owners = Rc::strong_count(&a);
    assert_eq!(owners, 1, "the other future must be dropped, even if it has made progress");

    let mut tie = pin!(select(ready_at('a', 1, a.clone()), ready_at('b', 1, b.clone())));
    let output = tie.as_mut().poll(&mut cx);
    assert_eq!(output, Poll::Ready(Either::Left('a')), "if both are ready, a counts");
    let owners = Rc::strong_count(&b);
    assert_eq!(owners, 1, "the other future must be dropped, whichever it is");
    let wakes = count.0.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(wakes, 0, "select itself must not call the waker: that is a busy loop");
    println!("Exercise 4: all checks pass.");
}

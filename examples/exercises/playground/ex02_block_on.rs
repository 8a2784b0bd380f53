// The check. Do not change it.

/// Panics with the rule if the check does not end.
fn ends<T: Send + 'static>(rule: &str, check: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || sender.send(check()));
    receiver.recv_timeout(std::time::Duration::from_secs(7)).unwrap_or_else(|_| panic!("{rule}"))
}

fn main() {
    use std::future::poll_fn;

    let output = ends("block_on must poll before it parks", || block_on(async { "pizza" }));
    assert_eq!(output, "pizza", "block_on must return the output of the future");

    ends("a wake during the poll must end the park after it", || {
        let mut left = 3;
        block_on(poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
    });

    let polls = ends("a wake from another thread must end the park", || {
        let baked = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 1 {
                let (oven, waker) = (baked.clone(), cx.waker().clone());
                thread::spawn(move || {
                    thread::sleep(std::time::Duration::from_millis(50));
                    oven.store(true, std::sync::atomic::Ordering::Release);
                    waker.wake();
                });
            }
            match baked.load(std::sync::atomic::Ordering::Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
        polls
    });
    assert!(polls < 10, "block_on must sleep while the future waits; it polled {polls} times");
    println!("Exercise 2: all checks pass.");
}

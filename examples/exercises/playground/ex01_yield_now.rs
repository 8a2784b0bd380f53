// The check. Do not change it.

struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

fn main() {
    let count = std::sync::Arc::new(Count(0.into()));
    let wakes = || count.0.load(std::sync::atomic::Ordering::Relaxed);
    let waker = count.clone().into();
    let mut cx = Context::from_waker(&waker);
    let mut future = yield_now();

    let first = Pin::new(&mut future).poll(&mut cx);
    assert!(first.is_pending(), "the first poll must return Pending, so that other tasks run");
    assert_eq!(wakes(), 1, "the first poll must call the waker once: no other code will");
    let second = Pin::new(&mut future).poll(&mut cx);
    assert!(second.is_ready(), "the second poll must return Ready, or the task never goes on");
    assert_eq!(wakes(), 1, "a future that is ready needs no other poll");
    println!("Exercise 1: all checks pass.");
}

// The check. Do not change it.

struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

fn counting() -> (std::sync::Arc<Count>, Waker) {
    let count = std::sync::Arc::new(Count(0.into()));
    (count.clone(), count.into())
}

fn main() {
    let wakes = |count: &Count| count.0.load(std::sync::atomic::Ordering::Relaxed);
    let (old, old_waker) = counting();
    let (new, new_waker) = counting();

    let (sender, mut receiver) = oneshot();
    let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&old_waker));
    assert!(poll.is_pending(), "nothing was sent yet");
    let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&new_waker));
    assert!(poll.is_pending(), "nothing was sent yet");
    assert_eq!(sender.send("pizza"), Ok(()), "the receiver is there");
    assert_eq!(wakes(&old), 0, "the waker of an earlier poll is too old");
    assert_eq!(wakes(&new), 1, "send must call the waker of the latest poll, once");
    let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&new_waker));
    assert_eq!(poll, Poll::Ready(Some("pizza")), "the value was sent");

    let (sender, mut receiver) = oneshot::<&str>();
    let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&new_waker));
    assert!(poll.is_pending(), "nothing was sent yet");
    drop(sender);
    assert_eq!(
        wakes(&new),
        2,
        "the drop of the sender must call the waker, or the task waits for ever"
    );
    let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&new_waker));
    assert_eq!(poll, Poll::Ready(None), "the sender was dropped without a value");

    let (sender, receiver) = oneshot();
    drop(receiver);
    assert_eq!(sender.send("pizza"), Err("pizza"), "the receiver is gone, so the value comes back");
    println!("Exercise 7: all checks pass.");
    println!("The tests also check that nothing is borrowed while a waker is called.");
}

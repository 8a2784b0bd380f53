use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::Arc,
    task::{Wake, Waker},
    thread,
};

/// Puts its task back into the queue of those that are ready.
struct TaskWaker {
    task: usize,
    ready: Rc<RefCell<VecDeque<usize>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.borrow_mut().push_back(self.task);
    }
}

fn main() {
    let ready = Rc::new(RefCell::new(VecDeque::new()));
    let waker = Waker::from(Arc::new(TaskWaker { task: 7, ready: Rc::clone(&ready) }));
    // Anybody may keep a waker, and call it from any thread.
    let other = waker.clone();
    thread::spawn(move || other.wake());
    // Two threads now push into one queue, with no lock.
    waker.wake();
}

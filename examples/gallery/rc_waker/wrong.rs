use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::Arc,
    task::{Wake, Waker},
    thread,
};

/// Pushes its task into the ready queue.
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
    // Any code may store a waker, and call it on any thread.
    let other = waker.clone();
    thread::spawn(move || other.wake());
    // Two threads now push into one queue, with no lock.
    waker.wake();
}

//! A small executor on the reactor of the crate.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Wake, Waker},
};

use pizzaiolo::{Reactor, Unparker};

type Task = Pin<Box<dyn Future<Output = ()>>>;

pub(crate) struct Executor {
    reactor: Reactor,
    tasks: RefCell<Vec<Option<Task>>>,
    ready: Arc<Mutex<VecDeque<usize>>>,
}

struct TaskWaker(usize, Arc<Mutex<VecDeque<usize>>>, Unparker);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.1.lock().expect("no push panics").push_back(self.0);
        self.2.unpark();
    }
}

impl Executor {
    pub(crate) fn new() -> io::Result<Executor> {
        Ok(Executor { reactor: Reactor::new()?, tasks: RefCell::default(), ready: Arc::default() })
    }

    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let mut tasks = self.tasks.borrow_mut();
        tasks.push(Some(Box::pin(future)));
        self.ready.lock().expect("no push panics").push_back(tasks.len() - 1);
    }

    pub(crate) fn run(&self) -> io::Result<()> {
        while self.tasks.borrow().iter().any(Option::is_some) {
            let next = self.ready.lock().expect("no push panics").pop_front();
            let Some(id) = next else {
                self.reactor.park(None)?;
                continue;
            };
            let Some(mut task) = self.tasks.borrow_mut()[id].take() else { continue };
            let waker = TaskWaker(id, Arc::clone(&self.ready), self.reactor.unparker());
            let waker = Waker::from(Arc::new(waker));
            let mut cx = Context::from_waker(&waker);
            if self.reactor.enter(|| task.as_mut().poll(&mut cx)).is_pending() {
                self.tasks.borrow_mut()[id] = Some(task);
            }
        }
        Ok(())
    }
}

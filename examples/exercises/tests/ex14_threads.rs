use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{Reactor, time::sleep, yield_now};

use super::{Park, executor, run};
use crate::support::{Wakes, bounded, counting_waker, ends, panics};

/// A park that never sleeps: it records its timeouts, and runs the code of the test instead.
struct Script {
    timeouts: RefCell<Vec<Option<Duration>>>,
    unparks: Arc<Wakes>,
    unparker: Waker,
    asleep: RefCell<Box<dyn FnMut()>>,
}

impl Script {
    fn new(asleep: impl FnMut() + 'static) -> Script {
        let (unparks, unparker) = counting_waker();
        let asleep = RefCell::new(Box::new(asleep) as Box<_>);
        Script { timeouts: RefCell::default(), unparks, unparker, asleep }
    }

    /// How often it was called to sleep, and how often only to check.
    fn parks(&self) -> (usize, usize) {
        let timeouts = self.timeouts.borrow();
        let sleeps = timeouts.iter().filter(|timeout| timeout.is_none()).count();
        (sleeps, timeouts.len() - sleeps)
    }
}

impl Park for Script {
    fn enter(&self, f: &mut dyn FnMut()) {
        f();
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts.borrow_mut().push(timeout);
        assert!(
            self.timeouts.borrow().len() < 1000,
            "run must sleep while no task is ready, because it would burn the processor"
        );
        if timeout.is_none() {
            (self.asleep.borrow_mut())();
        }
        Ok(())
    }

    fn unparker(&self) -> Waker {
        self.unparker.clone()
    }
}

#[test]
#[ignore = "an exercise"]
fn it_sleeps_once_for_each_wait_and_returns_when_no_task_is_left() {
    bounded(|| {
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let keep = Rc::clone(&waker);
        // As a reactor does: the wake comes from inside the park, on this thread.
        let park = Script::new(move || {
            let waker = waker.take();
            waker.expect("run must not sleep while a task is ready, because it would wait").wake();
        });
        let executor = executor(&park);
        let mut polls = 0;
        executor.spawn(poll_fn(move |cx| {
            polls += 1;
            keep.replace(Some(cx.waker().clone()));
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        }));
        run(&executor, &park).expect("it runs");
        assert_eq!(
            park.parks(),
            (2, 0),
            "run must sleep once for each wait and return when no task is left, because then \
             nothing will wake it"
        );
        assert_eq!(
            park.unparks.times(),
            0,
            "a wake on the executor's own thread must not unpark it, because it is awake"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn while_tasks_are_ready_it_looks_and_does_not_sleep() {
    bounded(|| {
        let park = Script::new(|| {
            panic!("run must not sleep while a task is ready, because that task would wait")
        });
        let executor = executor(&park);
        executor.spawn(async {
            for _ in 0..10 {
                yield_now().await;
            }
        });
        run(&executor, &park).expect("it runs");
        assert_eq!(
            park.parks(),
            (0, 10),
            "run must check the sockets after each pass, because a task that is always ready \
             would keep their tasks from being woken"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_from_another_thread_ends_the_sleep() {
    ends("a wake on another thread must unpark the executor, because it sleeps in mio", || {
        let reactor = Reactor::new().expect("a reactor");
        let executor = executor(&reactor);
        for _ in 0..10 {
            let mut polls = 0;
            executor.spawn(poll_fn(move |cx| {
                polls += 1;
                if polls == 1 {
                    let waker = cx.waker().clone();
                    thread::spawn(move || {
                        thread::sleep(Duration::from_millis(1));
                        waker.wake();
                    });
                }
                if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
            }));
        }
        run(&executor, &reactor).expect("it runs");
    });
}

#[test]
#[ignore = "an exercise"]
fn tasks_can_wait_for_the_reactor() {
    ends("run must park until a timer is due, because its wake comes from the park", || {
        let reactor = Reactor::new().expect("a reactor");
        let executor = executor(&reactor);
        let done = Rc::new(Cell::new(false));
        let finished = Rc::clone(&done);
        executor.spawn(async move {
            sleep(Duration::from_millis(5)).await;
            finished.set(true);
        });
        let refused = panics(|| run(&executor, &reactor).expect("it runs"));
        assert!(
            !refused,
            "tasks must be polled inside `enter`, because a timer has to know its reactor"
        );
        assert!(done.get(), "run must not return before its tasks are over, because they wait");
    });
}

#[test]
#[ignore = "an exercise"]
fn an_error_of_the_park_ends_the_run() {
    struct Broken;

    impl Park for Broken {
        fn enter(&self, f: &mut dyn FnMut()) {
            f();
        }

        fn park(&self, _: Option<Duration>) -> io::Result<()> {
            Err(io::Error::other("broken"))
        }

        fn unparker(&self) -> Waker {
            Waker::noop().clone()
        }
    }

    ends("run must return the error of a park, because it would try for ever", || {
        let executor = executor(&Broken);
        executor.spawn(std::future::pending());
        let result = run(&executor, &Broken);
        assert!(result.is_err(), "run must return the error of a park, because it cannot sleep");
    });
}

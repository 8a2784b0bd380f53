//! An observer sees which task woke which, and what it does itself harms no task.

use std::collections::HashSet;

use pizzaiolo::{
    Reactor, TaskId,
    net::{TcpListener, TcpStream},
    trace::{Cause, Direction, Event, EventKind, Observer},
};

use crate::support::prelude::*;

// Which task woke which.

/// What woke the task, in order.
fn wakes(events: &Events, task: TaskId) -> Vec<Cause> {
    let cause = |event: &Event| match event.kind() {
        EventKind::Woken { by, .. } if event.task() == Some(task) => Some(*by),
        _ => None,
    };
    events.pick(cause)
}

#[test]
fn a_task_that_wakes_another_is_the_cause() {
    let (executor, events) = watched();
    let slot = Slot::new();
    let sleeper = executor.spawn(slot.woken());
    let caller = executor.spawn(async move { slot.wake() });
    executor.run();
    assert_eq!(wakes(&events, sleeper.id()), [Cause::Task(caller.id())]);
}

#[test]
fn a_task_that_ends_is_the_cause_of_its_joiners_wake() {
    let (executor, events) = watched();
    let task = executor.spawn(async { yield_now().await });
    let id = task.id();
    let joiner = executor.spawn(task);
    executor.run();
    assert_eq!(wakes(&events, joiner.id()), [Cause::Task(id)]);
}

#[test]
fn a_task_that_wakes_itself_is_the_cause() {
    let (executor, events) = watched();
    let task = executor.spawn(yield_now());
    executor.run();
    assert_eq!(wakes(&events, task.id()), [Cause::Task(task.id())]);
}

#[test]
fn the_future_of_block_on_is_root_and_no_spawned_task_is() {
    let (executor, events) = watched();
    let spawned = executor.block_on(async {
        let task = spawn(yield_now());
        let id = task.id();
        task.await.unwrap();
        id
    });
    let ids: HashSet<TaskId> = events.pick(Event::task).into_iter().collect();
    let (root, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| id.is_root());
    assert_eq!((root.len(), others), (1, vec![spawned]));
}

#[test]
fn a_socket_that_was_registered_is_deregistered_when_it_is_dropped() {
    let (executor, events) = watched();
    let task = executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let task = spawn(async move {
            let _ = time::timeout(Duration::from_millis(1), silent.read(&mut [0])).await;
            drop(silent);
        });
        let id = task.id();
        task.await.unwrap();
        id
    });
    let gone = events.pick(|event| match event.kind() {
        EventKind::Deregistered { source, .. } => Some((event.task(), *source)),
        _ => None,
    });
    let registered = events.pick(|event| match event.kind() {
        EventKind::Registered { source, .. } => Some(*source),
        _ => None,
    });
    // The listener never had to wait, so it was never registered.
    assert_eq!(registered.len(), 1);
    assert_eq!(gone, [(Some(task), registered[0])]);
}

#[test]
fn the_reactor_is_the_cause_with_the_socket_and_the_direction() {
    const LEN: usize = 32 << 20;
    let (executor, events) = watched();
    let (reader, writer) = executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let reader = spawn(async move {
            let mut buf = vec![0; 1 << 18];
            let mut left = LEN;
            while left > 0 {
                left -= server.read(&mut buf).await.unwrap();
            }
        });
        // More than any buffer holds: it has to wait for room.
        let writer = spawn(async move {
            yield_now().await;
            client.write_all(&vec![0; LEN]).await.unwrap();
        });
        let ids = (reader.id(), writer.id());
        reader.await.unwrap();
        writer.await.unwrap();
        ids
    });
    let socket_of = |task, direction| {
        let sources = events.pick(|event| match event.kind() {
            EventKind::Waiting { source, direction: its, .. } => {
                (event.task() == Some(task) && *its == direction).then_some(*source)
            }
            _ => None,
        });
        *sources.first().unwrap_or_else(|| panic!("{task} has not waited"))
    };
    let mut waits = vec![(reader, Direction::Read)];
    // Windows takes any number of bytes in one call, if it takes any: the writer need not wait.
    if cfg!(not(windows)) {
        waits.push((writer, Direction::Write));
    }
    for (task, direction) in waits {
        let source = socket_of(task, direction);
        let causes = wakes(&events, task);
        assert!(causes.contains(&Cause::Source(source, direction)), "{causes:?}");
        // Where buffers are large, the reader reads until its budget is spent.
        let others =
            |by: &&Cause| !matches!(by, Cause::Source(..) | Cause::Task(_) | Cause::Budget);
        assert_eq!(causes.iter().find(others), None);
    }
}

#[test]
fn a_timer_is_the_cause() {
    let (executor, events) = watched_with(Executor::builder().paused_clock(true));
    let task = executor.spawn(time::sleep(Duration::from_secs(60)));
    executor.run();
    assert_eq!(wakes(&events, task.id()), [Cause::Timer]);
    let kinds = events.pick(|event| Some(event.to_string()));
    assert!(kinds.contains(&format!("{}: its timer has fired", task.id())), "{kinds:?}");
}

#[test]
fn another_thread_is_the_cause() {
    let (executor, events) = watched();
    let (sender, wakers) = mpsc::channel::<Waker>();
    let waking = thread::spawn(move || wakers.recv().unwrap().wake());
    let task = executor.spawn(give_waker(move |waker| sender.send(waker).unwrap()));
    executor.run();
    waking.join().unwrap();
    assert_eq!(wakes(&events, task.id()), [Cause::OtherThread]);
}

/// A future that is ready at once, and wakes when it is dropped.
struct WakesOnDrop(Rc<RefCell<Waker>>);

impl Future for WakesOnDrop {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for WakesOnDrop {
    fn drop(&mut self) {
        self.0.borrow().wake_by_ref();
    }
}

#[test]
fn the_executor_is_the_cause_when_no_task_runs() {
    let (executor, events) = watched();
    let waker = Rc::new(RefCell::new(Waker::noop().clone()));
    let slot = Rc::clone(&waker);
    let task = executor.spawn(give_waker(move |waker| drop(slot.replace(waker))));
    executor.run_until_idle();
    // The future of `block_on` is dropped after its last poll.
    executor.block_on(WakesOnDrop(waker));
    executor.run();
    assert_eq!(wakes(&events, task.id()), [Cause::Executor]);
}

// What an observer may do.

fn watched_by(observer: impl Fn(&Event) + 'static) -> Executor {
    made(Executor::builder().observer(OnEvent(observer)))
}

/// Some of everything; returns what it should.
async fn work() -> u32 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let client = spawn(async move {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"7").await.unwrap();
    });
    let (stream, _) = listener.accept().await.unwrap();
    let mut buf = [0; 1];
    stream.read_exact(&mut buf).await.unwrap();
    client.await.unwrap();
    time::sleep(Duration::from_millis(1)).await;
    assert!(spawn(async { panic!("on purpose") }).await.unwrap_err().is_panic());
    let aborted = spawn(pending::<()>());
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    u32::from(buf[0] - b'0')
}

#[test]
fn one_that_panics_harms_nobody() {
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    let executor = watched_by(move |_| {
        counter.set(counter.get() + 1);
        panic!("an observer's own fault");
    });
    assert_eq!(executor.block_on(work()), 7);
    assert!(calls.get() > 20, "it is called with every event all the same: {}", calls.get());
}

#[test]
fn one_that_spawns_and_logs_harms_nobody_and_is_not_told_of_it() {
    let (ran, seen) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (runs, spawned) = (Rc::clone(&ran), Rc::clone(&seen));
    let executor = watched_by(move |event| {
        log::trace!("called with {event}");
        match event.kind() {
            EventKind::Spawned { .. } => spawned.set(spawned.get() + 1),
            EventKind::Waiting { .. } | EventKind::Woken { .. } | EventKind::Finished => {
                let runs = Rc::clone(&runs);
                // It ends unheard: another one would follow from the event of its end.
                drop(spawn(async move {
                    runs.set(runs.get() + 1);
                    pending::<()>().await;
                }));
            }
            _ => {}
        }
    });
    assert_eq!(executor.block_on(work()), 7);
    executor.run_until_idle();
    assert!(ran.get() > 3, "{}", ran.get());
    assert_eq!(seen.get(), 3, "the tasks of `work` and no others");
}

#[test]
fn one_that_wakes_harms_nobody() {
    let victim = Rc::new(RefCell::new(Waker::noop().clone()));
    let (waker, wakes_left) = (Rc::clone(&victim), Cell::new(1000));
    let executor = watched_by(move |_| {
        if wakes_left.get() > 0 {
            wakes_left.set(wakes_left.get() - 1);
            waker.borrow().wake_by_ref();
        }
    });
    let mut future = std::pin::pin!(work());
    let result = executor.block_on(poll_fn(|cx| {
        victim.replace(cx.waker().clone());
        future.as_mut().poll(cx)
    }));
    assert_eq!(result, 7);
}

#[test]
fn a_wake_from_the_callback_that_says_parked_ends_the_sleep() {
    let victim = Rc::new(RefCell::new(Waker::noop().clone()));
    let waker = Rc::clone(&victim);
    let executor = watched_by(move |event| {
        if matches!(event.kind(), EventKind::Parked { .. }) {
            waker.borrow().wake_by_ref();
        }
    });
    executor.block_on(give_waker(|waker| drop(victim.replace(waker))));
}

#[test]
fn one_that_aborts_harms_nobody() {
    let doomed: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let handle = Rc::clone(&doomed);
    let executor = watched_by(move |_| {
        if let Some(doomed) = &*handle.borrow() {
            doomed.abort();
        }
    });
    doomed.replace(Some(executor.spawn(pending())));
    assert_eq!(executor.block_on(work()), 7);
    assert!(doomed.borrow().as_ref().is_some_and(JoinHandle::is_finished));
}

/// It would be alive as long as a join handle or a socket is, or for ever if it holds one.
#[test]
fn it_goes_with_its_executor() {
    let (alive, handle) = (Rc::new(()), Rc::<RefCell<Option<JoinHandle<()>>>>::default());
    let (held, own) = (Rc::clone(&alive), Rc::clone(&handle));
    let executor = watched_by(move |_| {
        let _held = (&held, &own);
    });
    let (task, other) = (executor.spawn(async {}), executor.spawn(pending::<()>()));
    handle.replace(Some(task));
    drop(handle);
    executor.run_until_idle();
    drop(executor);
    assert_eq!(Rc::strong_count(&alive), 1);
    assert!(other.is_finished());
}

#[test]
fn a_task_is_still_the_cause_after_it_has_entered_another_reactor() {
    let (executor, events) = watched();
    let mut is_woken = false;
    let task = executor.spawn(poll_fn(move |cx| {
        if std::mem::replace(&mut is_woken, true) {
            return Poll::Ready(());
        }
        Reactor::new().expect("the OS has descriptors").enter(|| {});
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    executor.run();
    assert_eq!(wakes(&events, task.id()), [Cause::Task(task.id())]);
}

#[test]
#[cfg(unix)]
fn a_timer_that_goes_with_its_executor_is_woken_by_the_executor_not_by_the_last_socket() {
    let (executor, events) = watched();
    let (ours, _peer) = crate::support::unix_pair();
    let source = pizzaiolo::Async::from_fd(ours);
    executor.spawn(async move { source.readable().await }).detach();
    let sleeper = executor.spawn(time::sleep(Duration::from_secs(3600)));
    executor.run_until_idle();
    let id = sleeper.id();
    drop(executor);
    assert_eq!(wakes(&events, id), [Cause::Executor]);
}

#[test]
fn the_observer_is_called_with_the_tasks_that_go_with_the_executor() {
    let (executor, events) = watched();
    let task = executor.spawn(pending::<()>());
    executor.run_until_idle();
    drop(executor);
    let is_it = |event: &Event| event.task() == Some(task.id());
    let last = events.all().into_iter().filter(is_it).last().expect("an event");
    assert_eq!(*last.kind(), EventKind::Aborted);
}

/// Counts events.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Observer for Counts {
    fn on_event(&self, _: &Event) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn two_observers_and_one_in_an_arc_are_called_with_each_event() {
    let (first, second) = (Rc::new(Events::default()), Arc::new(Counts::default()));
    let both = (Rc::clone(&first), Arc::clone(&second));
    let executor = Executor::builder().observer(both).build().expect("descriptors");
    executor.spawn(async {}).detach();
    executor.run();
    assert!(first.all().len() >= 4, "{:?}", first.all());
    assert_eq!(first.all().len(), second.0.load(Ordering::SeqCst));
}

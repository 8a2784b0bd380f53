//! The events say which task waits for which, for which timer, since which call, and until when.

use std::{collections::BTreeMap, future::Future, panic::Location};

use pizzaiolo::{
    TaskId,
    net::{TcpListener, TcpStream, UdpSocket},
    task::{self, JoinSet},
    trace::{Event, EventKind},
};

use crate::support::prelude::*;

/// What is said of the waits of a task, in words.
fn waits(events: &Events, of: TaskId) -> Vec<String> {
    let events = events.all();
    let mine = events.iter().filter(|event| event.task() == Some(of));
    let is_wait = |event: &&Event| {
        matches!(
            event.kind(),
            EventKind::Joining { .. }
                | EventKind::JoinEnded { .. }
                | EventKind::TimerSet { .. }
                | EventKind::TimerFired
                | EventKind::TimerDropped { .. }
                | EventKind::Woken { .. }
        )
    };
    mine.filter(is_wait).map(|event| event.kind().to_string()).collect()
}

/// The lines of this file at which the waits of a task began.
fn lines_of(events: &Events, of: TaskId) -> Vec<u32> {
    let events = events.all();
    let mine = events.iter().filter(|event| event.task() == Some(of));
    let location = |event: &Event| match event.kind() {
        EventKind::Waiting { location, .. }
        | EventKind::Joining { location, .. }
        | EventKind::TimerSet { location, .. } => Some(*location),
        _ => None,
    };
    let here = |location: &Location<'_>| {
        assert!(location.file().ends_with("joins.rs"), "{location}");
        location.line()
    };
    mine.filter_map(location).map(here).collect()
}

fn observed(is_paused: bool) -> (Executor, Events) {
    watched_with(Executor::builder().paused_clock(is_paused))
}

const SECOND: Duration = Duration::from_secs(1);

// Joins.

#[test]
fn a_task_that_awaits_a_handle_says_so_and_its_wait_ends_before_it_is_woken() {
    let (executor, events) = observed(true);
    let oven = executor.spawn(time::sleep(SECOND));
    let id = oven.id();
    let waiter = executor.spawn(oven);
    executor.run();
    let said = [
        format!("pending on the end of {id}"),
        format!("no longer pending on the end of {id}"),
        format!("woken by {id}"),
    ];
    assert_eq!(waits(&events, waiter.id()), said);
}

#[test]
fn a_handle_of_a_task_that_has_ended_is_no_wait() {
    let (executor, events) = observed(true);
    let done = executor.spawn(async {});
    let waiter = executor.spawn(async {
        yield_now().await;
        done.await.unwrap();
    });
    executor.run();
    assert!(!waits(&events, waiter.id()).iter().any(|said| said.starts_with("pending")));
}

#[test]
fn a_wait_that_goes_on_over_several_polls_is_said_once() {
    let (executor, events) = observed(true);
    let mut oven = executor.spawn(time::sleep(SECOND));
    let waiter = executor.spawn(async move {
        for _ in 0..5 {
            assert!(poll_here(&mut oven).await.is_pending());
            yield_now().await;
        }
        oven.await.unwrap();
    });
    executor.run();
    let begun = |said: &&String| said.starts_with("pending");
    assert_eq!(waits(&events, waiter.id()).iter().filter(begun).count(), 1);
}

#[test]
fn a_handle_that_is_dropped_ends_the_wait() {
    let (executor, events) = observed(true);
    let oven = executor.spawn(time::sleep(SECOND));
    let id = oven.id();
    let waiter = executor.spawn(async {
        assert!(time::timeout(SECOND / 2, oven).await.is_err());
    });
    executor.run();
    let said = waits(&events, waiter.id());
    let join: Vec<_> = said.iter().filter(|said| said.contains("the end of")).collect();
    assert_eq!(
        join,
        [&format!("pending on the end of {id}"), &format!("no longer pending on the end of {id}")]
    );
}

#[test]
fn a_handle_that_another_task_polls_ends_the_wait_of_the_first() {
    let (executor, events) = observed(true);
    let oven = executor.spawn(pending::<()>());
    let id = oven.id();
    let hatch = Rc::new(Cell::new(None::<JoinHandle<()>>));
    let there = Rc::clone(&hatch);
    let first = executor.spawn(async move {
        let mut oven = oven;
        assert!(poll_here(&mut oven).await.is_pending());
        there.set(Some(oven));
        pending::<()>().await;
    });
    let second = executor.spawn(async move {
        let handle = hatch.take().unwrap();
        handle.await.unwrap();
    });
    while executor.tick() {}
    let [began, ended] =
        [format!("pending on the end of {id}"), format!("no longer pending on the end of {id}")];
    assert_eq!(waits(&events, first.id()), [began.clone(), ended]);
    assert_eq!(waits(&events, second.id()), [began]);
}

#[test]
fn a_task_that_waits_for_a_set_has_its_waker_at_one_task_of_it_at_a_time() {
    let (executor, events) = observed(true);
    let waiter = executor.spawn(async {
        let mut set = JoinSet::new();
        for number in 1..=4 {
            set.spawn(time::sleep(SECOND * number));
        }
        while set.join_next().await.is_some() {}
    });
    executor.run();
    let mut held = Vec::new();
    let mut waits = 0;
    for event in events.all().iter().filter(|event| event.task() == Some(waiter.id())) {
        match event.kind() {
            EventKind::Joining { task, .. } => held.push(*task),
            EventKind::JoinEnded { task, .. } => held.retain(|held| held != task),
            EventKind::PollEnded { ready: false, .. } => {
                waits += 1;
                assert_eq!(held.len(), 1, "after wait {waits}");
            }
            EventKind::Woken { .. } => assert!(held.is_empty(), "after wait {waits}"),
            _ => {}
        }
    }
    assert_eq!(waits, 4);
}

// Timers.

#[test]
fn a_timer_that_has_fired_is_not_dropped_and_one_that_is_dropped_does_not_fire() {
    let (executor, events) = observed(true);
    let fires = executor.spawn(time::sleep(SECOND));
    let dropped = executor.spawn(async {
        let mut never = time::sleep(Duration::MAX);
        assert!(poll_here(&mut never).await.is_pending());
        drop(never);
    });
    let unset = executor.spawn(async { drop(time::sleep(SECOND)) });
    executor.run();
    assert_eq!(
        waits(&events, fires.id()),
        ["pending on a timer", "its timer has fired", "woken by a timer"]
    );
    let never = ["pending on a timer, for ever", "its timer is dropped"];
    assert_eq!(waits(&events, dropped.id()), never);
    assert_eq!(waits(&events, unset.id()), [""; 0]);
}

#[test]
fn the_deadline_says_which_timer_is_dropped_and_a_reset_sets_it_anew() {
    let (executor, events) = observed(true);
    let task = executor.spawn(async {
        let start = time::now();
        let [mut near, mut far] = [time::sleep(SECOND), time::sleep(3 * SECOND)];
        assert!(poll_here(&mut near).await.is_pending());
        assert!(poll_here(&mut far).await.is_pending());
        near.reset(start + 2 * SECOND);
        drop(far);
        near.await;
    });
    let begin = executor.block_on(async { time::now() });
    executor.run();
    let events = events.all();
    let seconds = |at: &Option<Instant>| at.unwrap().duration_since(begin).as_secs();
    let said: Vec<_> = events
        .iter()
        .filter(|event| event.task() == Some(task.id()))
        .filter_map(|event| match event.kind() {
            EventKind::TimerSet { deadline, .. } => Some(("set", seconds(deadline))),
            EventKind::TimerDropped { deadline, .. } => Some(("dropped", seconds(deadline))),
            EventKind::TimerFired => Some(("fired", 0)),
            _ => None,
        })
        .collect();
    let all = [("set", 1), ("set", 3), ("dropped", 1), ("set", 2), ("dropped", 3), ("fired", 0)];
    assert_eq!(said, all);
}

#[test]
fn a_timer_that_another_task_polls_is_dropped_by_the_first() {
    let (executor, events) = observed(true);
    let hatch = Rc::new(Cell::new(None));
    let there = Rc::clone(&hatch);
    let first = executor.spawn(async move {
        let mut sleep = time::sleep(SECOND);
        assert!(poll_here(&mut sleep).await.is_pending());
        there.set(Some(sleep));
    });
    let second = executor.spawn(async move { hatch.take().unwrap().await });
    executor.run();
    assert_eq!(waits(&events, first.id()), ["pending on a timer", "its timer is dropped"]);
    let fired = ["pending on a timer", "its timer has fired", "woken by a timer"];
    assert_eq!(waits(&events, second.id()), fired);
}

// Where a wait began.

#[test]
fn a_wait_names_the_call_that_made_the_operation_also_inside_others() {
    let (executor, events) = observed(false);
    let lines = executor.block_on(async {
        let mut lines = Vec::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (mut buf, mut other, mut third) = ([0; 8], [0; 8], [0; 8]);
        events.clear();

        let read = client.read(&mut buf);
        lines.push(line!() - 1);
        let accept = listener.accept();
        lines.push(line!() - 1);
        let exact = server.read_exact(&mut other);
        lines.push(line!() - 1);
        let receive = udp.recv_from(&mut third);
        lines.push(line!() - 1);
        let mut both = Box::pin(async { join_all(read, accept, exact, receive).await });
        // It takes longer than the first poll, also on a slow machine, which sets the timer.
        let waited = time::timeout(Duration::from_secs(600), &mut both);
        lines.push(line!() - 1);
        assert!(poll_here(waited).await.is_pending());
        lines
    });
    let root = events.all().iter().find_map(Event::task).unwrap();
    let mut first: Vec<u32> = Vec::new();
    for line in lines_of(&events, root) {
        if !first.contains(&line) {
            first.push(line);
        }
    }
    assert_eq!(first, lines);
}

/// Polls all of them, by way of other futures.
async fn join_all(a: impl Future, b: impl Future, c: impl Future, d: impl Future) {
    let (mut a, mut b, mut c, mut d) = (Box::pin(a), Box::pin(b), Box::pin(c), Box::pin(d));
    poll_fn(|cx| {
        let ready = [
            a.as_mut().poll(cx).is_ready(),
            b.as_mut().poll(cx).is_ready(),
            c.as_mut().poll(cx).is_ready(),
            d.as_mut().poll(cx).is_ready(),
        ];
        if ready == [true; 4] { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn a_join_names_the_await_and_a_timer_the_call_that_set_it() {
    let (executor, events) = observed(true);
    let line = Rc::new(RefCell::new(Vec::new()));
    let lines = Rc::clone(&line);
    let waiter = executor.spawn(async move {
        let oven = spawn(time::sleep(SECOND));
        oven.await.unwrap();
        lines.borrow_mut().push(line!() - 1);
        let mut set = JoinSet::new();
        set.spawn(time::sleep(SECOND));
        set.join_next().await;
        lines.borrow_mut().push(line!() - 1);
        set.spawn(time::sleep(SECOND));
        set.shutdown().await;
        lines.borrow_mut().push(line!() - 1);
        let mut sleep = time::sleep(SECOND);
        lines.borrow_mut().push(line!() - 1);
        assert!(poll_here(&mut sleep).await.is_pending());
        sleep.reset(time::now() + 2 * SECOND);
        lines.borrow_mut().push(line!() - 1);
        sleep.await;
        let mut bell = time::interval(SECOND);
        bell.tick().await;
        bell.tick().await;
        lines.borrow_mut().push(line!() - 1);
    });
    executor.run();
    assert_eq!(lines_of(&events, waiter.id()), *line.borrow());
}

#[test]
fn a_task_whose_future_is_a_handle_waits_since_the_place_where_it_was_spawned() {
    let (executor, events) = observed(true);
    let oven = executor.spawn(time::sleep(SECOND));
    let waiter = executor.spawn(oven);
    let line = line!() - 1;
    let other = executor.spawn(time::sleep(SECOND));
    executor.block_on(other).unwrap();
    let root_line = line!() - 1;
    executor.run();
    assert_eq!(lines_of(&events, waiter.id()), [line]);
    let roots: Vec<TaskId> = events.pick(|event| event.task().filter(|id| id.is_root()));
    assert_eq!(lines_of(&events, roots[0]), [root_line]);
}

// All of it.

/// What begins ends, in each way that a task and an executor can end.
#[test]
fn each_wait_for_a_task_or_a_timer_that_has_begun_has_ended_when_the_executor_is_gone() {
    let (executor, events) = observed(true);
    executor.block_on(async {
        let slow = spawn(time::sleep(5 * SECOND));
        let impatient = spawn(async {
            let _ = time::timeout(SECOND, slow).await;
        });
        let stuck = task::Builder::new().name("stuck").spawn(pending::<()>());
        let waits = spawn(async { drop(stuck.await) });
        let naps = spawn(async {
            let mut bell = time::interval(SECOND);
            for _ in 0..3 {
                bell.tick().await;
            }
            bell.reset();
            bell.tick().await;
        });
        impatient.await.unwrap();
        naps.await.unwrap();
        waits.abort();
        drop(waits);
        drop(spawn(async {
            let inner = spawn(time::sleep(Duration::MAX));
            inner.await.unwrap();
        }));
        yield_now().await;
        yield_now().await;
    });
    drop(executor);
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    let (mut joins, mut timers) = (0, 0);
    for event in events.all() {
        let Some(of) = event.task() else { continue };
        let (key, step) = match event.kind() {
            EventKind::Joining { task, .. } => (format!("{of} for {task}"), 1),
            EventKind::JoinEnded { task, .. } => (format!("{of} for {task}"), -1),
            EventKind::TimerSet { .. } => (format!("{of} for a timer"), 1),
            EventKind::TimerFired | EventKind::TimerDropped { .. } => {
                (format!("{of} for a timer"), -1)
            }
            _ => continue,
        };
        let is_timer = key.ends_with("a timer");
        (joins, timers) = if is_timer { (joins, timers + 1) } else { (joins + 1, timers) };
        let count = open.entry(key).or_default();
        *count += step;
        assert!(*count >= 0, "{open:?}");
    }
    assert!(open.values().all(|count| *count == 0), "{open:?}");
    assert!(joins >= 8 && timers >= 10, "{joins} and {timers}");
}

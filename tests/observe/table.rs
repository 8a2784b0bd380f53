//! The table of tasks: who there is, what each does, and what it waits for.

use std::net;

use pizzaiolo::{
    net::TcpListener,
    task::{self, TaskState, WaitsFor},
    trace::{Direction, EventKind},
};

use crate::support::prelude::*;

#[test]
fn a_task_is_listed_from_its_spawn_to_its_end() {
    let executor = executor();
    assert!(executor.tasks().is_empty());
    assert_eq!(executor.tasks().to_string(), "no tasks");

    let (task, line) = (executor.spawn(yield_now()), line!());
    for polls in 0..2 {
        let tasks = executor.tasks();
        let [info] = &*tasks else { panic!("one task was expected:\n{tasks}") };
        assert_eq!((info.id, info.name.as_deref()), (task.id(), None));
        let place = info.location;
        assert_eq!((place.file(), place.line()), (file!(), line));
        assert_eq!((info.state, info.polls), (TaskState::Ready, polls));
        assert_eq!(info.waits_for, []);
        assert!(executor.tick());
    }
    // Finished, though no task has asked for its output yet.
    assert!(executor.tasks().is_empty());
    drop(task);
}

#[test]
fn a_task_has_its_name_and_the_place_of_its_spawn() {
    let executor = executor();
    for name in ["oven", "table"] {
        let line = line!() + 1;
        let _task = task::Builder::new().name(name).spawn_on(&executor, pending::<()>());
        assert_eq!(named(&executor, name).location.line(), line);
    }
}

#[test]
fn the_task_that_looks_is_running() {
    let executor = Rc::new(executor());
    let looks = Rc::downgrade(&executor);
    let other = executor.spawn(yield_now());
    let task = executor.spawn(async move {
        yield_now().await;
        let executor: Rc<Executor> = looks.upgrade().expect("it runs");
        executor.tasks()
    });
    let id = task.id();
    let tasks = executor.block_on(task).expect("it does not panic");
    let me = tasks.iter().find(|info| info.id == id).expect("it is alive");
    assert_eq!((me.state, me.polls), (TaskState::Running, 2));
    assert!(tasks.iter().all(|info| info.id != other.id()), "the other is done by then");
}

#[test]
fn a_task_that_another_thread_has_woken_is_ready() {
    let executor = executor();
    let (_task, _, waker) = waiting_task(&executor);
    assert_eq!(executor.tasks()[0].state, TaskState::Waiting);
    on_another_thread(|| waker.wake());
    assert_eq!(executor.tasks()[0].state, TaskState::Ready);
}

#[test]
fn the_future_of_block_on_comes_first_while_it_runs() {
    let executor = Rc::new(paused());
    let looks = Rc::downgrade(&executor);
    let line = line!() + 1;
    let (tasks, mine) = executor.block_on(async {
        let table = spawn(async move {
            // The root waits for this.
            let executor: Rc<Executor> = looks.upgrade().expect("it runs");
            time::advance(Duration::from_secs(2)).await;
            executor.tasks()
        });
        (table.await.expect("it does not panic"), executor.tasks())
    });
    let [root, task] = &*tasks else { panic!("the root and a task were expected:\n{tasks}") };
    assert_eq!((root.id.to_string().as_str(), &root.name), ("root", &None));
    let place = root.location;
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert_eq!((root.state, root.polls), (TaskState::Waiting, 1));
    assert_eq!(root.waits_for, [WaitsFor::Join(task.id)]);
    assert_eq!(root.since, Duration::from_secs(2));

    let [root] = &*mine else { panic!("the root alone was expected:\n{mine}") };
    assert_eq!((root.state, root.polls), (TaskState::Running, 2));
    assert!(executor.tasks().is_empty(), "it is over");
}

#[test]
fn a_task_waits_for_a_socket_and_a_direction() {
    let (executor, events) = watched();
    let _reader = executor.spawn(async { silent_source().readable().await });
    let _writer = executor.spawn(async { silent_source().writable().await });
    // One poll each, and no look at the OS in between: there is room to write.
    assert!(executor.tick() && executor.tick());
    let tasks = executor.tasks();
    let sockets = events.pick(|event| match event.kind() {
        EventKind::Registered { source, .. } => Some(*source),
        _ => None,
    });
    assert_eq!(tasks[0].waits_for, [WaitsFor::Socket(sockets[0], Direction::Read)]);
    assert_eq!(tasks[1].waits_for, [WaitsFor::Socket(sockets[1], Direction::Write)]);
    assert_eq!(tasks[0].waits_for[0].to_string(), "socket 0 (read)");
    assert_eq!(tasks[1].waits_for[0].to_string(), "socket 1 (write)");
}

#[test]
fn a_task_waits_for_a_timer_and_so_long() {
    let executor = paused();
    let bakes = async { time::sleep(Duration::from_secs(90)).await };
    let _oven = spawn_named(&executor, "oven", bakes);
    let _never = spawn_named(&executor, "never", time::sleep(Duration::MAX));
    executor.run_until_idle();
    let oven = || named(&executor, "oven").waits_for;
    assert_eq!(oven(), [WaitsFor::Timer(Some(Duration::from_secs(90)))]);
    executor.block_on(async { time::advance(Duration::from_millis(29_500)).await });
    assert_eq!(oven(), [WaitsFor::Timer(Some(Duration::from_millis(60_500)))]);
    assert_eq!(oven()[0].to_string(), "a timer, 60.5s to go");
    let never = named(&executor, "never").waits_for;
    assert_eq!(never, [WaitsFor::Timer(None)]);
    assert_eq!(never[0].to_string(), "a timer that never fires");
}

#[test]
fn a_task_waits_for_another() {
    let executor = executor();
    let oven = executor.spawn(pending::<()>());
    let id = oven.id();
    let _waiter = spawn_named(&executor, "waiter", oven);
    executor.run_until_idle();
    let waiter = named(&executor, "waiter").waits_for;
    assert_eq!(waiter, [WaitsFor::Join(id)]);
    assert_eq!(waiter[0].to_string(), "the end of task 0");
}

/// A future that waits for all of these, and is ready with the first.
fn first<'a>(
    mut futures: Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>,
) -> impl Future<Output = ()> + 'a {
    poll_fn(move |cx| {
        let ready = futures.iter_mut().any(|future| future.as_mut().poll(cx).is_ready());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[test]
fn a_task_waits_for_several_things_at_once() {
    let executor = paused();
    let listener = net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let listener = TcpListener::try_from(listener).expect("it is a socket");
    let ovens = [executor.spawn(pending::<()>()), executor.spawn(pending::<()>())];
    let joins = ovens.each_ref().map(|oven| WaitsFor::Join(oven.id()));
    let _waiter = spawn_named(&executor, "waiter", async move {
        let [one, two] = ovens;
        first(vec![
            Box::pin(async { drop(one.await) }),
            Box::pin(async { drop(two.await) }),
            Box::pin(async { drop(listener.accept().await) }),
            Box::pin(time::sleep(Duration::from_secs(5))),
        ])
        .await;
    });
    executor.run_until_idle();
    let waits_for = named(&executor, "waiter").waits_for;
    let timer = WaitsFor::Timer(Some(Duration::from_secs(5)));
    assert!(waits_for.contains(&timer), "{waits_for:?}");
    assert!(joins.iter().all(|join| waits_for.contains(join)), "{waits_for:?}");
    let is_read = |wait: &WaitsFor| matches!(wait, WaitsFor::Socket(_, Direction::Read));
    assert!(waits_for.iter().any(is_read), "{waits_for:?}");
    assert_eq!(waits_for.len(), 4, "{waits_for:?}");
}

#[test]
fn what_is_waited_for_no_longer_is_not_listed() {
    let executor = paused();
    let oven = executor.spawn(pending::<()>());
    let bell = Bell::default();
    let waits = bell.clone();
    let _waiter = spawn_named(&executor, "waiter", async move {
        let mut oven = pin!(oven);
        let gives_up = time::timeout(Duration::from_secs(1), oven.as_mut()).await;
        assert!(gives_up.is_err());
        // The handle is still there, so the end is still reported to the task.
        waits.await;
    });
    executor.block_on(time::sleep(Duration::from_secs(2)));
    let waiter = named(&executor, "waiter");
    assert!(!waiter.waits_for.iter().any(|wait| matches!(wait, WaitsFor::Timer(_))));
    drop(bell);
}

#[test]
fn what_is_unknown_is_said_to_be_unknown() {
    let executor = executor();
    let bell = Bell::default();
    let _waiter = spawn_named(&executor, "waiter", bell.clone());
    executor.run_until_idle();
    assert_eq!(named(&executor, "waiter").waits_for, []);
    assert!(executor.tasks().to_string().ends_with("  something unknown; waiter"));
    drop(bell);
}

#[test]
fn since_counts_from_the_last_poll_in_the_executors_time() {
    let executor = paused();
    let bell = Bell::default();
    let _early = spawn_named(&executor, "early", bell.clone());
    let slept = bell.clone();
    let _polled = spawn_named(&executor, "polled again", async move {
        time::sleep(Duration::from_secs(1)).await;
        slept.await;
    });
    let rung = bell.clone();
    let seen = executor.block_on(async {
        time::sleep(Duration::from_secs(3)).await;
        drop(spawn_named(&executor, "late", rung));
        yield_now().await;
        time::sleep(Duration::from_secs(4)).await;
        ["early", "polled again", "late"].map(|name| named(&executor, name).since.as_secs())
    });
    assert_eq!(seen, [7, 6, 4]);
    // A clock that is moved by hand counts as well, at once.
    executor.block_on(async {
        time::advance(Duration::from_secs(5));
        assert_eq!(named(&executor, "late").since, Duration::from_secs(9));
        drop(spawn_named(&executor, "new", bell));
        yield_now().await;
        assert_eq!(named(&executor, "new").since, Duration::ZERO);
    });
}

/// The executor has not looked at the clock since, but a caller gets the time of now.
#[test]
fn since_counts_while_a_poll_keeps_the_thread() {
    let executor = executor();
    let bell = Bell::default();
    let _waiter = spawn_named(&executor, "waiter", bell.clone());
    executor.block_on(async {
        yield_now().await;
        thread::sleep(Duration::from_millis(50));
        // It counts in steps of 10 ms.
        let since = named(&executor, "waiter").since;
        assert!(since >= Duration::from_millis(40), "{since:?}");
    });
    drop(bell);
}

#[test]
fn it_prints_as_a_table_and_in_detail() {
    let executor = paused();
    let bakes = async { time::sleep(Duration::from_secs(90)).await };
    let oven = spawn_named(&executor, "oven", bakes);
    let line = line!() + 1;
    let waiter = executor.spawn(async move { drop(oven.await) });
    executor.run_until_idle();
    executor.block_on(async { time::advance(Duration::from_secs(2)).await });
    // Its turn would come next.
    let _guest = spawn_named(&executor, "guest", async {});

    let tasks = executor.tasks();
    let table = tasks.to_string();
    let lines: Vec<&str> = table.lines().collect();
    let [head, oven_line, waiter_line, guest_line] = lines.as_slice() else {
        panic!("a head and three tasks were expected:\n{table}");
    };
    let place = format!("{}:{line}:", file!());
    assert_eq!(*head, "task       state      polls     since  waits for; name or location");
    assert_eq!(*oven_line, "task 0     waiting        1     2.00s  a timer, 88.0s to go; oven");
    let start = format!("task 1     waiting        1     2.00s  the end of task 0; {place}");
    assert!(waiter_line.starts_with(&start), "{waiter_line}\n{start}");
    assert_eq!(*guest_line, "task 2     ready          0     0.00s  nothing; guest");

    let detail = format!("{tasks:#?}");
    for line in [
        "    TaskInfo {",
        "        id: TaskId(task 0),",
        "            \"oven\",",
        "        state: Waiting,",
        "        polls: 1,",
        "            Timer(",
        "                    88s,",
        "            Join(",
        "                TaskId(task 0),",
        "        since: 2s,",
    ] {
        assert!(detail.contains(line), "{line}\n{detail}");
    }
    drop(waiter);
}

#[test]
fn a_thousand_tasks_are_listed_in_the_order_of_their_names() {
    let executor = executor();
    let handles: Vec<_> = (0..1000).map(|_| executor.spawn(yield_now())).collect();
    let listed: Vec<_> = executor.tasks().iter().map(|task| task.id).collect();
    assert_eq!(listed, handles.iter().map(JoinHandle::id).collect::<Vec<_>>());
}

#[test]
fn a_new_task_has_no_polls_of_the_one_before_it_in_its_entry() {
    let executor = executor();
    let first = executor.spawn(async {
        turns(10).await;
    });
    let id = first.id();
    executor.run();
    drop(first);
    let second = executor.spawn(pending::<()>());
    assert_eq!(second.id().to_string(), format!("{id}.1"), "it has the same entry");
    assert_eq!(executor.tasks()[0].polls, 0);
    executor.run_until_idle();
    assert_eq!(executor.tasks()[0].polls, 1);
}

/// Wakers that a combinator or a channel has put around the task's own say nothing of the task. The
/// reactor remembers the task that was polled when the wait began.
#[test]
fn a_task_that_waits_with_another_waker_than_its_own_is_listed() {
    let executor = executor();
    let socket = executor.block_on(async { Rc::new(silent_source()) });
    let own = Rc::clone(&socket);
    drop(spawn_named(&executor, "own", async move { own.readable().await }));
    let wait = Rc::clone(&socket);
    let waits = async move {
        let mut wait = pin!(wait.readable());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(cx).is_pending());
        pending::<()>().await;
    };
    drop(spawn_named(&executor, "future", waits));
    drop(spawn_named(&executor, "poll", async move {
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(socket.poll_readable(cx).is_pending());
        pending::<()>().await;
    }));
    executor.run_until_idle();
    for name in ["own", "future", "poll"] {
        let waits_for = named(&executor, name).waits_for;
        let is_listed = matches!(waits_for[..], [WaitsFor::Socket(_, Direction::Read)]);
        assert!(is_listed, "{name}: {waits_for:?}");
    }
}

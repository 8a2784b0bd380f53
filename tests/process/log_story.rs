//! What happens is written to the `log` crate, in fixed words and in the order in which it happens.

use std::net;

use pizzaiolo::net::TcpListener;

use crate::own_process::in_a_process_of_its_own;
use crate::support::prelude::*;

thread_local! {
    /// What this thread does when its executor is about to sleep.
    static AT_PARK: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
}

/// What a future's run has logged. Places in this file are shown as `HERE`, ports as `PORT`.
fn story(future: impl Future<Output = ()> + 'static) -> Vec<String> {
    levels_and_lines(future).into_iter().map(|(_, line)| line).collect()
}

fn levels_and_lines(future: impl Future<Output = ()> + 'static) -> Vec<(log::Level, String)> {
    let story = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&story);
    on_log(log::LevelFilter::Trace, move |level, line| {
        if line.starts_with("executor: parked") {
            if let Some(code) = AT_PARK.take() {
                code();
            }
        }
        kept.borrow_mut().push((level, line.to_owned()));
    });
    quietly(|| block_on(future)).unwrap();
    let mut story = story.take();
    for (_, line) in &mut story {
        if let Some((before, _)) = line.split_once(file!()) {
            *line = format!("{before}HERE");
        }
        if let Some((before, _)) = line.split_once("127.0.0.1:") {
            *line = format!("{before}127.0.0.1:PORT)");
        }
    }
    story
}

#[test]
fn a_task_that_yields_is_told_word_for_word() {
    let story = story(async {
        let task = spawn(yield_now());
        task.await.unwrap();
    });
    assert_eq!(
        story,
        [
            "root: polled",
            "task 0: spawned at HERE",
            "root: pending on the end of task 0",
            "root: pending",
            "task 0: polled",
            "task 0: woken by task 0",
            "task 0: pending",
            "task 0: polled",
            "task 0: ready",
            "task 0: finished",
            "root: no longer pending on the end of task 0",
            "root: woken by task 0",
            "root: polled",
            "root: ready",
        ]
    );
}

#[test]
fn a_wake_from_another_thread_is_told_with_the_sleep_that_it_ends() {
    let story = story(async {
        let mut asked = false;
        poll_fn(move |cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            let waker: Waker = cx.waker().clone();
            AT_PARK.set(Some(Box::new(|| {
                thread::spawn(move || waker.wake());
            })));
            Poll::Pending
        })
        .await;
    });
    assert_eq!(
        story,
        [
            "root: polled",
            "root: pending",
            "executor: parked",
            "executor: unparked",
            "root: woken by another thread",
            "root: polled",
            "root: ready",
        ]
    );
}

#[test]
fn a_socket_is_told_with_what_the_task_waits_for_and_what_woke_it() {
    let story = story(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        AT_PARK.set(Some(Box::new(move || drop(net::TcpStream::connect(address).unwrap()))));
        drop(listener.accept().await.unwrap());
    });
    assert_eq!(
        story,
        [
            "root: polled",
            "root: registered socket 0 (tcp listener at 127.0.0.1:PORT)",
            "root: pending on socket 0 (read)",
            "root: pending",
            "executor: parked",
            "executor: socket 0 is readable",
            "root: woken by socket 0 (read)",
            "executor: unparked",
            "root: polled",
            "root: deregistered socket 0",
            "root: ready",
        ]
    );
}

#[test]
fn an_abort_and_a_panic_are_told_and_so_is_a_panic_that_nobody_asks_for() {
    let story = story(async {
        let aborted = spawn(pending::<()>());
        aborted.abort();
        aborted.await.unwrap_err();
        drop(spawn(async { panic!("no more dough") }));
        yield_now().await;
    });
    assert_eq!(
        story,
        [
            "root: polled",
            "task 0: spawned at HERE",
            "root: pending on the end of task 0",
            "root: pending",
            "task 0: aborted",
            "root: no longer pending on the end of task 0",
            "root: woken by task 0",
            "root: polled",
            "task 0.1: spawned at HERE",
            "root: woken by root",
            "root: pending",
            "task 0.1: polled",
            "task 0.1: panicked",
            "a detached task panicked: no more dough",
            "root: polled",
            "root: ready",
        ]
    );
}

#[test]
fn at_debug_level_only_the_beginning_and_the_end_of_each_task_are_told() {
    let story = levels_and_lines(async {
        drop(spawn(async { panic!("no more dough") }));
        spawn(yield_now()).await.unwrap();
    });
    let at = |level| {
        let lines = story.iter().filter(move |line| line.0 == level);
        lines.map(|(_, line)| line.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        at(log::Level::Debug),
        [
            "task 0: spawned at HERE",
            "task 1: spawned at HERE",
            "task 0: panicked",
            "task 1: finished",
        ]
    );
    assert_eq!(at(log::Level::Error), ["a detached task panicked: no more dough"]);
    assert_eq!(at(log::Level::Warn), Vec::<&str>::new());
}

/// The level is the process's, and other tests need more.
#[test]
fn at_the_level_debug_the_beginning_and_the_end_of_a_task_are_logged_and_no_more() {
    in_a_process_of_its_own(
        "log_story::at_the_level_debug_the_beginning_and_the_end_of_a_task_are_logged_and_no_more",
        || {
            let lines = Rc::new(RefCell::new(Vec::new()));
            let kept = Rc::clone(&lines);
            on_log(log::LevelFilter::Debug, move |level, line| {
                kept.borrow_mut().push(format!("{level} {line}"));
            });
            let executor = executor();
            executor.spawn(yield_now()).detach();
            executor.run();
            let lines = lines.take();
            assert_eq!(lines.len(), 2, "{lines:?}");
            assert!(lines[0].starts_with("DEBUG ") && lines[0].contains("spawned at"), "{lines:?}");
            assert!(lines[1].starts_with("DEBUG ") && lines[1].ends_with("finished"), "{lines:?}");
        },
    );
}

#[test]
fn the_log_tells_what_a_socket_does() {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&lines);
    on_log(log::LevelFilter::Trace, move |_, line| {
        // When the executor parks, and what the OS reports to it, is the OS's affair.
        if line.starts_with("root: ") {
            kept.borrow_mut().push(line.to_owned());
        }
    });
    let (stream, peer) = pair().expect("a connection");
    let registered = format!(
        "root: registered socket 0 (tcp with {})",
        stream.peer_addr().expect("its address"),
    );
    let mut peer = Some(peer);
    pizzaiolo::block_on(async {
        let mut buf = [0; 8];
        let mut read = pin!(stream.read(&mut buf));
        assert!(poll_here(read.as_mut()).await.is_pending());
        // The end, so that there is one event.
        drop(peer.take());
        assert_eq!(read.await.expect("the end"), 0);
    });
    assert_eq!(
        *lines.borrow(),
        [
            "root: polled",
            &registered,
            // The first poll, and the one by `await`.
            "root: pending on socket 0 (read)",
            "root: pending on socket 0 (read)",
            "root: pending",
            "root: woken by socket 0 (read)",
            "root: polled",
            "root: ready",
        ]
    );
}

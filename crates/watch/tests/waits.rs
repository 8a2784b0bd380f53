//! The replay's model knows at which socket, timer and join handle each task has left its waker.

use std::{future::poll_fn, pin::Pin, rc::Rc, task::Poll, time::Duration};

use pizzaiolo::{
    Executor,
    net::UdpSocket,
    task, time,
    trace::{Direction, EventKind},
    yield_now,
};
use pizzaiolo_watch::{Replay, Timeline};
use serde_json::Value;

fn watched(paused_clock: bool) -> (Rc<Timeline>, Executor) {
    let timeline = Rc::new(Timeline::new());
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(paused_clock);
    (timeline, builder.build().unwrap())
}

fn state(replay: &mut Replay, step: usize) -> Value {
    serde_json::from_str(&replay.state_json(step)).unwrap()
}

/// The waits of a kind that the task of this name has after each step, without a repetition.
fn waits(timeline: &Timeline, name: &str, kind: &str) -> Vec<Vec<Value>> {
    let mut replay = Replay::new(timeline);
    let events = timeline.events();
    let is_it = |kind: &EventKind| matches!(kind, EventKind::Spawned { name: Some(spawned), .. } if **spawned == *name);
    let first = events.iter().position(|event| is_it(event.kind())).unwrap() + 1;
    let number = state(&mut replay, first)["queue"].as_array().unwrap().last().unwrap().to_string();
    let mut all: Vec<Vec<Value>> = Vec::new();
    for step in first..=replay.steps() {
        let state = state(&mut replay, step);
        let waits = state["tasks"][&number][4].as_array().unwrap().clone();
        let waits: Vec<Value> =
            waits.iter().filter(|it| it[0] == kind).map(|it| it[1].clone()).collect();
        if all.last() != Some(&waits) {
            all.push(waits);
        }
    }
    all
}

#[test]
fn a_task_is_at_the_timers_and_handles_that_it_has_not_dropped_and_at_no_other() {
    let (timeline, executor) = watched(true);
    let second = Duration::from_secs(1);
    executor.block_on(async {
        let slow = task::Builder::new().name("slow").spawn(time::sleep(9 * second));
        let waits = task::Builder::new().name("waits").spawn(async move {
            // Over several polls, with a timer that stays and one that is given up.
            let mut long = time::sleep(3 * second);
            let poll = |sleep: &mut time::Sleep, cx: &mut std::task::Context<'_>| {
                Pin::new(sleep).poll(cx).is_ready()
            };
            poll_fn(|cx| Poll::Ready(poll(&mut long, cx))).await;
            assert!(time::timeout(second, slow).await.is_err());
            yield_now().await;
            drop(long);
            time::sleep(second).await;
        });
        waits.await.unwrap();
    });
    let counts = |kind: &str| -> Vec<usize> {
        waits(&timeline, "waits", kind).iter().map(Vec::len).collect()
    };
    assert_eq!(counts("timer"), [0, 1, 2, 1, 0, 1, 0]);
    assert_eq!(counts("join"), [0, 1, 0]);
}

/// A task whose wait for a socket is given up, goes on over polls that do not look at it, and is ended by the
/// socket: once while the task waits, once while it is in the queue already.
fn socket_waits() -> Rc<Timeline> {
    let (timeline, executor) = watched(false);
    executor.block_on(async {
        let [socket, peer] = [0; 2].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        peer.connect(socket.local_addr().unwrap()).unwrap();
        let waits = task::Builder::new().name("waits").spawn(async move {
            let mut letter = [0];
            assert!(poll_here(&mut Box::pin(socket.recv_from(&mut letter))).await.is_pending());
            yield_now().await;
            for comes_while_queued in [false, true] {
                let mut receives = Box::pin(socket.recv_from(&mut letter));
                assert!(poll_here(&mut receives).await.is_pending());
                yield_now().await;
                peer.send(b"1").await.unwrap();
                if comes_while_queued {
                    // After this many the loop asks the OS, though a task is ready.
                    for _ in 0..1_000 {
                        yield_now().await;
                    }
                }
                receives.await.unwrap();
            }
        });
        waits.await.unwrap();
    });
    timeline
}

/// Polls once, as a part of the task that awaits this.
async fn poll_here<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await
}

#[test]
fn a_task_is_at_a_socket_until_it_gives_the_wait_up_or_the_socket_is_reported() {
    let timeline = socket_waits();
    let counts: Vec<usize> = waits(&timeline, "waits", "source").iter().map(Vec::len).collect();
    assert_eq!(counts, [0, 1, 0, 1, 0, 1, 0]);
    let (mut polled_with_wait, mut reported_in_queue) = (0, 0);
    let mut replay = Replay::new(&timeline);
    for (step, event) in timeline.events().iter().enumerate() {
        let state = state(&mut replay, step + 1);
        let tasks: Vec<_> = state["tasks"].as_object().unwrap().values().collect();
        let at_socket =
            |task: &Value| task[4].as_array().unwrap().iter().any(|it| it[0] == "source");
        match event.kind() {
            // It stays there over the poll that only yields.
            EventKind::PollStarted => {
                let is_it = |task: &&&Value| task[0] == "polled" && at_socket(task);
                polled_with_wait += tasks.iter().filter(is_it).count();
            }
            EventKind::OsEvent { readiness, .. } if readiness.is_ready(Direction::Read) => {
                let queued = tasks.iter().filter(|task| task[0] == "queued");
                for task in queued {
                    assert!(!at_socket(task), "step {}: {state}", step + 1);
                    reported_in_queue += 1;
                }
            }
            _ => {}
        }
    }
    assert!(polled_with_wait > 2, "{polled_with_wait}");
    assert_eq!(reported_in_queue, 1);
}

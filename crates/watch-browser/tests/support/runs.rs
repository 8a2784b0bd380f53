//! The runs that are shown.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    panic,
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor,
    net::{TcpListener, TcpStream},
    spawn, task, time, yield_now,
};
use pizzaiolo_watch::Timeline;

fn watched(paused_clock: bool) -> (Rc<Timeline>, Executor) {
    let timeline = Rc::new(Timeline::new());
    let builder = Executor::builder().observer(Rc::clone(&timeline)).paused_clock(paused_clock);
    (timeline, builder.build().unwrap())
}

fn named(name: &str) -> task::Builder {
    task::Builder::new().name(name)
}

/// Wakes of each kind, and each way to end.
pub(crate) fn kitchen() -> Rc<Timeline> {
    let (timeline, executor) = watched(true);
    executor.block_on(async {
        let rung = Rc::new(Cell::new(false));
        let waiter = Rc::new(RefCell::new(None::<Waker>));
        let (heard, left) = (Rc::clone(&rung), Rc::clone(&waiter));
        let waits = named("waits").spawn(poll_fn(move |cx| {
            if heard.get() {
                return Poll::Ready(());
            }
            left.replace(Some(cx.waker().clone()));
            Poll::Pending
        }));
        let rings = named("rings").spawn(async move {
            yield_now().await;
            time::sleep(Duration::from_millis(20)).await;
            rung.set(true);
            waiter.take().unwrap().wake();
            yield_now().await;
        });
        let forever = named("forever").spawn(pending::<()>());
        let burns = named("burns").spawn(async { panic::resume_unwind(Box::new("on purpose")) });
        waits.await.unwrap();
        rings.await.unwrap();
        forever.abort();
        let _: Result<(), _> = forever.await;
        let _: Result<(), _> = burns.await;
        let mut thread = None;
        poll_fn(|cx| {
            if thread.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread = Some(thread::spawn(move || waker.wake()));
            Poll::Pending
        })
        .await;
    });
    timeline.mark(timeline.events()[0].when(), "the beginning");
    timeline
}

/// Two clients of a server, which waits for each with a timeout.
pub(crate) fn orders() -> Rc<Timeline> {
    let (timeline, executor) = watched(false);
    executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let server = named("server").spawn(async move {
            for name in ["serve A", "serve B"] {
                let (stream, _) = listener.accept().await.unwrap();
                named(name).spawn(serve(stream)).detach();
            }
        });
        let clients: Vec<_> = ["A", "B"]
            .map(|name| {
                named(name).spawn(async move {
                    let client = TcpStream::connect(addr).await.unwrap();
                    for _ in 0..3 {
                        client.write_all(b"2").await.unwrap();
                        client.read_exact(&mut [0]).await.unwrap();
                    }
                })
            })
            .into();
        for client in clients {
            client.await.unwrap();
        }
        server.await.unwrap();
    });
    timeline
}

async fn serve(stream: TcpStream) {
    let mut order = [0; 8];
    loop {
        let read = time::timeout(Duration::from_secs(3600), stream.read(&mut order)).await;
        match read.unwrap() {
            Ok(n @ 1..) => stream.write_all(&order[..n]).await.unwrap(),
            _ => return,
        }
    }
}

/// A wait for a socket that goes on over a poll that does not look at it, and is then given up.
pub(crate) fn given_up() -> Rc<Timeline> {
    let (timeline, executor) = watched(false);
    executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let waits = named("waits").spawn(async move {
            let mut accepts = Box::pin(listener.accept());
            poll_fn(|cx| Poll::Ready(accepts.as_mut().poll(cx).is_pending())).await;
            yield_now().await;
            drop(accepts);
            time::sleep(Duration::from_millis(1)).await;
            let _ = time::timeout(Duration::from_millis(1), listener.accept()).await;
        });
        waits.await.unwrap();
    });
    timeline
}

/// 50 tasks, each with a pace of its own, until a timeline is full.
pub(crate) fn fifty() -> Rc<Timeline> {
    let (timeline, executor) = watched(true);
    for number in 0..50 {
        let pace = Duration::from_millis(100 + 37 * number);
        drop(named(&format!("oven {number}")).spawn_on(&executor, async move {
            for _ in 0..1_000 {
                time::sleep(pace).await;
                yield_now().await;
            }
        }));
    }
    executor.run();
    timeline
}

/// A name that would do something if it were anything but text.
pub(crate) const NASTY: &str = "</script><img src=x onerror=\"window.pwned=1\"><b id=pwned>";

pub(crate) fn nasty() -> Rc<Timeline> {
    let (timeline, executor) = watched(false);
    executor.block_on(async {
        named(NASTY).spawn(yield_now()).await.unwrap();
        spawn(yield_now()).await.unwrap();
    });
    timeline.mark(timeline.events()[0].when(), NASTY);
    timeline
}

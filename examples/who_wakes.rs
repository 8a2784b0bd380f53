//! Who calls wake? Five tasks, and each waits for a different thing.
//!
//! Run it with `cargo run --example who_wakes`: it prints each event. The member `watch` draws the
//! same run: `cargo run -p pizzaiolo-watch --example draw_who_wakes -- who_wakes.svg`. A test
//! checks the cause of each wake, and that `docs/who_wakes.svg` shows the same.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io::{self, Write},
    net,
    rc::Rc,
    sync::mpsc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor,
    net::TcpStream,
    task, time,
    trace::{Event, Observer},
    yield_now,
};

/// One task waits for the bell, and another task rings it: a channel for one signal.
#[derive(Default)]
struct Bell {
    rung: Cell<bool>,
    waiter: RefCell<Option<Waker>>,
}

impl Bell {
    fn ring(&self) {
        self.rung.set(true);
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }

    async fn rung(&self) {
        poll_fn(|cx| {
            if self.rung.get() {
                return Poll::Ready(());
            }
            self.waiter.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Runs the tasks with an observer.
pub(crate) fn run(observer: impl Observer + 'static) -> io::Result<()> {
    let executor = Executor::builder().observer(observer).build()?;

    let door = net::TcpListener::bind("127.0.0.1:0")?;
    let mut guest = net::TcpStream::connect(door.local_addr()?)?;
    let order = TcpStream::try_from(door.accept()?.0)?;
    let bell = Rc::new(Bell::default());
    let rung = Rc::clone(&bell);

    let named = |name: &str| task::Builder::new().name(name);
    executor.block_on(async {
        // Woken by the reactor.
        let socket = named("socket").spawn(async move {
            let n = order.read(&mut [0; 16]).await?;
            Ok::<_, io::Error>(n)
        });
        // Woken by the executor, when the task above has ended.
        let join = named("join").spawn(socket);
        // Woken by the task below it.
        let channel = named("channel").spawn(async move { rung.rung().await });
        // Woken by the reactor, when the deadline has passed; and then by itself.
        let timer = named("timer").spawn(async move {
            time::sleep(Duration::from_millis(20)).await;
            bell.ring();
            yield_now().await;
            guest.write_all(b"margherita")
        });
        // Woken by a thread that it starts.
        let (sender, oven) = mpsc::channel();
        let mut sender = Some(sender);
        let thread = named("thread").spawn(poll_fn(move |cx| {
            let Some(sender) = sender.take() else {
                return oven.try_recv().map_or(Poll::Pending, Poll::Ready);
            };
            let waker = cx.waker().clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(10));
                sender.send("baked").unwrap();
                waker.wake();
            });
            Poll::Pending
        }));
        let _ = (join.await, channel.await, timer.await, thread.await);
    });
    Ok(())
}

/// Prints each event.
struct Printer;

impl Observer for Printer {
    fn on_event(&self, event: &Event) {
        println!("{event}");
    }
}

fn main() -> io::Result<()> {
    run(Printer)
}

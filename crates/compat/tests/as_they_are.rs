//! Crates that run as they are. Each test waits at least once in what the crate waits with, and is
//! woken by another task of ours, or by a thread that the crate brings.

mod support;

use std::{cell::Cell, rc::Rc, time::Duration};

use futures::{StreamExt, stream};
use pizzaiolo::{spawn, time, yield_now};

use crate::support::{Result, run};

const SHORT: Duration = Duration::from_millis(1);

#[test]
fn async_broadcast() {
    run(async || {
        let (sender, mut first) = async_broadcast::broadcast(1);
        let mut second = first.clone();
        let task = spawn(async move {
            for order in 0..10 {
                // It waits until both have taken the last one.
                sender.broadcast(order).await?;
            }
            Ok::<_, async_broadcast::SendError<i32>>(())
        });
        for order in 0..10 {
            assert_eq!((first.recv().await?, second.recv().await?), (order, order));
        }
        task.await??;
        Ok(())
    });
}

#[test]
fn async_channel() {
    run(async || {
        let (sender, receiver) = async_channel::bounded(1);
        spawn(async move {
            for order in 0..10 {
                sender.send(order).await.expect("the receiver is there");
            }
        })
        .detach();
        assert_eq!(receiver.collect::<Vec<_>>().await, (0..10).collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn async_executor() {
    run(async || {
        let inner = async_executor::LocalExecutor::new();
        let task = inner.spawn(async {
            time::sleep(SHORT).await;
            Rc::new("from an executor inside ours")
        });
        assert_eq!(*inner.run(task).await, "from an executor inside ours");
        Ok(())
    });
}

/// On threads of the crate `blocking`.
#[test]
fn async_fs() {
    run(async || {
        let path = &format!("{}/async_fs-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        async_fs::write(path, "margherita").await?;
        assert_eq!(async_fs::read_to_string(path).await?, "margherita");
        async_fs::remove_file(path).await?;
        assert!(async_fs::metadata(path).await.is_err());
        Ok(())
    });
}

/// Its reactor has a thread of its own, started at the first use.
#[test]
fn async_io() {
    run(async || {
        async_io::Timer::after(SHORT).await;
        let listener = async_io::Async::<std::net::TcpListener>::bind(([127, 0, 0, 1], 0))?;
        let addr = listener.get_ref().local_addr()?;
        let client =
            spawn(async move { async_io::Async::<std::net::TcpStream>::connect(addr).await });
        listener.accept().await?;
        client.await??;
        Ok(())
    });
}

#[test]
fn async_lock() {
    run(async || {
        let oven = Rc::new(async_lock::Semaphore::new(2));
        let (inside, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut tasks = pizzaiolo::task::JoinSet::new();
        for _ in 0..10 {
            let (oven, inside, most) = (Rc::clone(&oven), Rc::clone(&inside), Rc::clone(&most));
            tasks.spawn(async move {
                let _place = oven.acquire().await;
                inside.set(inside.get() + 1);
                most.set(most.get().max(inside.get()));
                yield_now().await;
                inside.set(inside.get() - 1);
            });
        }
        while let Some(outcome) = tasks.join_next().await {
            outcome?;
        }
        assert_eq!(most.get(), 2);

        let dough = Rc::new(async_lock::Mutex::new(0));
        let guard = dough.lock().await;
        let other = Rc::clone(&dough);
        let task = spawn(async move { *other.lock().await });
        yield_now().await;
        assert!(!task.is_finished());
        drop(guard);
        assert_eq!(task.await?, 0);
        Ok(())
    });
}

/// It waits for the end of a child on a thread of its own, and reads its output on async-io's.
#[test]
fn async_process() {
    run(async || {
        let output = async_process::Command::new("echo").arg("margherita").output().await?;
        assert!(output.status.success());
        assert_eq!(output.stdout, b"margherita\n");
        Ok(())
    });
}

#[test]
fn async_stream() {
    run(async || {
        let orders = async_stream::stream! {
            for order in 0..3 {
                time::sleep(SHORT).await;
                yield order;
            }
        };
        assert_eq!(orders.collect::<Vec<_>>().await, [0, 1, 2]);
        Ok(())
    });
}

#[test]
fn blocking() {
    run(async || {
        let slow = || {
            std::thread::sleep(SHORT);
            "done"
        };
        assert_eq!(blocking::unblock(slow).await, "done");
        Ok(())
    });
}

#[test]
fn event_listener() {
    run(async || {
        let ready = Rc::new(event_listener::Event::new());
        let listener = ready.listen();
        spawn({
            let ready = Rc::clone(&ready);
            async move {
                yield_now().await;
                ready.notify(1);
            }
        })
        .detach();
        listener.await;
        Ok(())
    });
}

#[test]
fn flume() {
    run(async || {
        let (sender, receiver) = flume::bounded(1);
        // From another thread, which blocks: both kinds of waiting in one channel.
        let thread = std::thread::spawn(move || (0..10).try_for_each(|order| sender.send(order)));
        for order in 0..10 {
            assert_eq!(receiver.recv_async().await?, order);
        }
        assert!(receiver.recv_async().await.is_err(), "the sender is gone");
        thread.join().expect("it does not panic")?;
        Ok(())
    });
}

#[test]
fn futures() {
    run(async || {
        let (sender, receiver) = futures::channel::oneshot::channel();
        spawn(async move { sender.send("a pizza") }).detach();
        let slow = time::sleep(Duration::from_secs(3600));
        futures::select! {
            pizza = futures::FutureExt::fuse(receiver) => assert_eq!(pizza?, "a pizza"),
            () = futures::FutureExt::fuse(slow) => return Err("it came too late".into()),
        }
        let squares = stream::iter(0..10).map(async |n| {
            time::sleep(SHORT).await;
            n * n
        });
        assert_eq!(squares.buffer_unordered(10).count().await, 10);
        Ok(())
    });
}

#[test]
fn futures_concurrency() {
    use futures_concurrency::prelude::*;
    run(async || {
        let sleep = async |millis, order| {
            time::sleep(Duration::from_millis(millis)).await;
            order
        };
        assert_eq!((sleep(2, 'a'), sleep(1, 'b')).join().await, ('a', 'b'));
        assert_eq!((sleep(3_600_000, 'a'), sleep(1, 'b')).race().await, 'b');
        let merged = (stream::iter([1, 2]), stream::iter([3, 4])).merge();
        assert_eq!(merged.count().await, 4);
        Ok(())
    });
}

#[test]
fn futures_lite() {
    use futures_lite::{AsyncReadExt, AsyncWriteExt, FutureExt};
    run(async || {
        let late = async {
            time::sleep(Duration::from_secs(3600)).await;
            "late"
        };
        assert_eq!(late.or(async { "early" }).await, "early");
        // On our sockets, through the feature `futures-io`.
        let listener = pizzaiolo::net::TcpListener::bind("127.0.0.1:0")?;
        let mut client = pizzaiolo::net::TcpStream::connect(listener.local_addr()?).await?;
        let (mut server, _) = listener.accept().await?;
        AsyncWriteExt::write_all(&mut client, b"2 pizzas").await?;
        AsyncWriteExt::close(&mut client).await?;
        let mut order = String::new();
        server.read_to_string(&mut order).await?;
        assert_eq!(order, "2 pizzas");
        Ok(())
    });
}

/// It keeps the time on a thread of its own.
#[test]
fn futures_timer() {
    run(async || {
        futures_timer::Delay::new(SHORT).await;
        Ok(())
    });
}

#[test]
fn moka() {
    run(async || {
        let cache = moka::future::Cache::new(10);
        let baked = std::sync::atomic::AtomicU32::new(0);
        // Ten ask at once, and one bakes.
        let pizzas = stream::iter(0..10).map(|_| {
            cache.get_with("margherita", async {
                time::sleep(SHORT).await;
                baked.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            })
        });
        assert_eq!(pizzas.buffer_unordered(10).collect::<Vec<_>>().await, [0; 10]);
        Ok(())
    });
}

#[test]
fn moro_local() {
    run(async || {
        let orders = Cell::new(0);
        // Tasks that borrow from the function that spawns them.
        moro_local::async_scope!(|scope| {
            for _ in 0..10 {
                scope.spawn(async {
                    time::sleep(SHORT).await;
                    orders.set(orders.get() + 1);
                });
            }
        })
        .await;
        assert_eq!(orders.get(), 10);
        Ok(())
    });
}

/// `tokio::sync`, and the macros: they need no runtime.
#[test]
fn tokio() {
    use tokio::sync::{Mutex, Notify, broadcast, mpsc, oneshot, watch};
    run(async || {
        let (sender, mut receiver) = mpsc::channel(1);
        let task = spawn(async move {
            for order in 0..10 {
                sender.send(order).await?;
            }
            Ok::<_, mpsc::error::SendError<i32>>(())
        });
        for order in 0..10 {
            assert_eq!(receiver.recv().await, Some(order));
        }
        task.await??;

        let (sender, receiver) = oneshot::channel();
        let (status, mut watcher) = watch::channel("cold");
        let (ready, mut listener) = broadcast::channel(1);
        let (notify, mutex) = (Rc::new(Notify::new()), Rc::new(Mutex::new(0)));
        let (bell, held) = (Rc::clone(&notify), Rc::clone(&mutex));
        let task = spawn(async move {
            let mut guard = held.lock().await;
            yield_now().await;
            *guard += 1;
            bell.notify_one();
            let sent = sender.send("a pizza").is_ok() && status.send("hot").is_ok();
            sent && ready.send("it is ready").is_ok()
        });
        notify.notified().await;
        let (pizza, heard, changed) = tokio::join!(receiver, listener.recv(), watcher.changed());
        assert_eq!((pizza?, heard?, *mutex.lock().await), ("a pizza", "it is ready", 1));
        changed?;
        assert!(task.await?);
        tokio::select! {
            () = time::sleep(Duration::from_secs(3600)) => return Err("it came too late".into()),
            () = time::sleep(SHORT) => {}
        }
        Ok(())
    });
}

#[test]
fn tokio_stream() {
    use tokio_stream::{StreamMap, wrappers::ReceiverStream};
    run(async || {
        let mut tables = StreamMap::new();
        for table in 0..3 {
            let (sender, receiver) = tokio::sync::mpsc::channel(1);
            tables.insert(table, ReceiverStream::new(receiver));
            spawn(async move {
                time::sleep(SHORT).await;
                sender.send(table * 10).await
            })
            .detach();
        }
        let mut orders: Vec<_> = tables.collect().await;
        orders.sort_unstable();
        assert_eq!(orders, [(0, 0), (1, 10), (2, 20)]);
        Ok(())
    });
}

/// Cancellation, and tokio's traits for I/O over ours.
#[test]
fn tokio_util() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_util::{compat::FuturesAsyncReadCompatExt, sync::CancellationToken};
    run(async || {
        let token = CancellationToken::new();
        let child = token.child_token();
        let task =
            spawn(async move { child.run_until_cancelled(std::future::pending::<()>()).await });
        yield_now().await;
        token.cancel();
        assert_eq!(task.await?, None);

        let listener = pizzaiolo::net::TcpListener::bind("127.0.0.1:0")?;
        let client = pizzaiolo::net::TcpStream::connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        let (mut client, mut server) = (client.compat(), server.compat());
        client.write_all(b"2 pizzas").await?;
        client.shutdown().await?;
        let mut order = String::new();
        server.read_to_string(&mut order).await?;
        assert_eq!(order, "2 pizzas");
        Ok(())
    });
}

/// A span is entered at each poll of its task, and left after it.
#[test]
fn tracing() {
    use tracing::{Event, Metadata, Subscriber, span};
    use tracing::{Instrument, Span, subscriber::with_default};

    /// Counts how often a span is entered.
    struct Counter(std::sync::Arc<std::sync::atomic::AtomicUsize>);
    impl Subscriber for Counter {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &span::Id) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        fn exit(&self, _: &span::Id) {}
    }

    let entered = std::sync::Arc::default();
    with_default(Counter(std::sync::Arc::clone(&entered)), || {
        let span = tracing::info_span!("order");
        pizzaiolo::block_on(async {
            let task = spawn(yield_now().instrument(span));
            task.await.expect("it does not panic");
            assert_eq!(Span::current().id(), None);
        });
    });
    // Twice for its two polls, and once for its drop.
    assert_eq!(entered.load(std::sync::atomic::Ordering::Relaxed), 3);
}

/// Over a socket pair, without a bus. Its connection is on async-io's thread, and on one of its own.
#[cfg(unix)]
#[test]
fn zbus() {
    use std::os::unix::net::UnixStream;

    struct Kitchen;
    #[zbus::interface(name = "org.example.Kitchen")]
    impl Kitchen {
        #[allow(clippy::unused_self, reason = "an interface has methods")]
        fn order(&self, pizza: &str) -> String {
            format!("{pizza}, baked")
        }
    }

    run(async || {
        let (ours, theirs) = UnixStream::pair()?;
        let guid = zbus::Guid::generate();
        let server = zbus::connection::Builder::unix_stream(ours)
            .server(guid)?
            .p2p()
            .serve_at("/kitchen", Kitchen)?
            .build();
        let client = zbus::connection::Builder::unix_stream(theirs).p2p().build();
        let (_server, client) = futures::future::try_join(server, client).await?;
        let name = Some("org.example.Kitchen");
        let reply =
            client.call_method(None::<&str>, "/kitchen", name, "Order", &("calzone",)).await?;
        assert_eq!(reply.body().deserialize::<String>()?, "calzone, baked");
        Result::Ok(())
    });
}

//! The pizza server's parts, taken one by one, where a process would leave the order of things to
//! chance. On a paused clock nothing times out while a task waits for a socket.

use std::{
    cell::{Cell, RefCell},
    future::{pending, ready},
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream as Client},
    rc::Rc,
    time::{Duration, Instant},
};

use pizzaiolo::{
    Executor,
    net::TcpListener,
    spawn,
    task::JoinSet,
    time::{advance, now, sleep},
    yield_now,
};

#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../examples/pizza-server/connections.rs"]
mod connections;
#[path = "support/orders.rs"]
mod orders;
#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../examples/pizza-server/server.rs"]
mod server;
#[path = "../examples/pizza-server/sockets.rs"]
mod sockets;

use connections::{Connections, Freed, Place, hang_up};
use orders::in_all_orders;
use server::{Server, serve};
use sockets::{Listener, Stream};

const GRACE: Duration = Duration::from_secs(5);

fn run<T>(future: impl Future<Output = T>) -> T {
    Executor::builder().paused_clock(true).build().expect("an executor").block_on(future)
}

fn connections(limit: usize, idle_timeout: Option<u64>) -> Rc<Connections> {
    Rc::new(Connections::new(limit, idle_timeout.map(Duration::from_secs), Freed::default()))
}

fn peer() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 1).into()
}

/// Lets the other tasks go as far as they can without the clock or a socket.
async fn others_run() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[test]
fn who_has_no_place_gets_the_first_that_is_free() {
    in_all_orders(2, || async {
        let connections = connections(2, None);
        let (first, _second) = (connections.place().await, connections.place().await);
        let is_free = Rc::new(Cell::new(false));
        let third = spawn({
            let (connections, is_free) = (Rc::clone(&connections), Rc::clone(&is_free));
            async move {
                let _place = connections.place().await;
                assert!(is_free.get());
            }
        });
        yield_now().await;
        is_free.set(true);
        drop(first);
        third.await.expect("it gets one");
    });
}

/// A listener that fails so often, and then has a client. It notes when it was asked.
struct Failing {
    failures: usize,
    asked: RefCell<Vec<Instant>>,
    /// Is dropped while it is asked for the first time.
    ends: RefCell<Option<Place>>,
}

impl Failing {
    fn new(failures: usize) -> Failing {
        Failing { failures, asked: RefCell::default(), ends: RefCell::default() }
    }

    /// How long the pauses were between the times that it was asked.
    fn pauses(&self) -> Vec<Duration> {
        self.asked.borrow().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Listener for Failing {
    type Stream = Tape;

    async fn accept(&self) -> io::Result<(Tape, SocketAddr)> {
        self.asked.borrow_mut().push(now());
        drop(self.ends.take());
        if self.asked.borrow().len() <= self.failures {
            return Err(io::Error::other("no descriptor"));
        }
        Ok((Tape::default(), peer()))
    }
}

#[test]
fn backing_off_ends_when_a_connection_of_any_thread_ends_or_after_a_moment() {
    run(async {
        let freed = Freed::default();
        let threads = [(); 2].map(|()| Rc::new(Connections::new(9, None, freed.clone())));
        let listener = Failing::new(1);
        threads[0].accept(&listener).await;
        let moment = listener.pauses()[0];
        assert!(moment > Duration::ZERO);

        for thread in &threads {
            let ends = thread.place().await;
            let ends = spawn(async move {
                sleep(moment / 2).await;
                drop(ends);
            });
            // Each end counts once.
            let listener = Failing::new(2);
            threads[0].accept(&listener).await;
            assert_eq!(listener.pauses(), [moment / 2, moment]);
            ends.await.expect("no panic");
        }
    });
}

#[test]
fn an_end_before_the_back_off_counts_too() {
    run(async {
        let connections = connections(9, None);
        let listener = Failing::new(1);
        // While the OS was asked and had nothing.
        listener.ends.replace(Some(connections.place().await));
        connections.accept(&listener).await;
        assert_eq!(listener.pauses(), [Duration::ZERO]);
    });
}

/// A server at work for clients, each of which has a place, and is what it makes of that.
fn serving<F>(
    connections: &Rc<Connections>,
    clients: impl IntoIterator<Item = F>,
) -> Server<Failing>
where
    F: Future<Output = ()> + 'static,
{
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(client);
    }
    let connections = Rc::clone(connections);
    Server { server_socket: Failing::new(0), connections, tasks: RefCell::new(tasks) }
}

#[test]
fn what_has_come_is_still_read_when_the_server_closes() {
    in_all_orders(8, || async {
        let connections = connections(2, None);
        let heard = Rc::new(Cell::new(0));
        let mut clients = Vec::new();
        for closes in [true, false] {
            let mut place = connections.place().await;
            let (connections, heard) = (Rc::clone(&connections), Rc::clone(&heard));
            clients.push(async move {
                if closes {
                    connections.close();
                }
                assert_eq!(place.listen(ready(5)).await, Some(5));
                assert_eq!(place.listen(pending::<()>()).await, None);
                sleep(Duration::from_secs(3)).await;
                heard.set(heard.get() + 1);
            });
        }
        let start = now();
        serving(&connections, clients).close().await;
        // It has waited for the last one.
        assert_eq!(heard.get(), 2);
        assert_eq!(now() - start, Duration::from_secs(3));
    });
}

#[test]
fn who_floods_the_server_lets_the_others_have_their_turn() {
    run(async {
        let connections = connections(3, None);
        let heard = Rc::new(RefCell::new(Vec::new()));
        let clients: Vec<_> = (0..2)
            .map(|client| {
                let (connections, heard) = (Rc::clone(&connections), Rc::clone(&heard));
                spawn(async move {
                    let mut place = connections.place().await;
                    for _ in 0..200 {
                        place.listen(ready(())).await.expect("the server is open");
                        heard.borrow_mut().push(client);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("no panic");
        }
        let heard = heard.take();
        let longest = heard.chunk_by(|a, b| a == b).map(<[_]>::len).max();
        assert!(longest.is_some_and(|turns| turns <= 4), "{longest:?} in a row");
    });
}

#[test]
fn who_goes_on_talking_is_hung_up_on_when_the_server_closes() {
    run(async {
        let connections = connections(1, None);
        let mut place = connections.place().await;
        connections.close();
        let mut words = 0;
        while place.listen(ready(())).await.is_some() {
            words += 1;
            assert!(words < 1000, "it never ends");
        }
        assert!(words > 10, "what has come already is served");
    });
}

#[test]
fn who_waits_is_told_that_the_server_closes() {
    in_all_orders(20, || async {
        let connections = connections(2, None);
        let reported = Rc::new(Cell::new(0));
        let clients = (0..2).map(|_| {
            let (connections, reported) = (Rc::clone(&connections), Rc::clone(&reported));
            async move {
                let mut place = connections.place().await;
                assert_eq!(place.listen(pending::<()>()).await, None);
                reported.set(reported.get() + 1);
            }
        });
        let server = serving(&connections, clients);
        // By then none of them waits, or one, or both.
        yield_now().await;
        let start = now();
        server.close().await;
        assert_eq!(now(), start, "it waited for no client");
        assert_eq!(reported.get(), 2);
    });
}

#[test]
fn closing_takes_no_longer_than_the_grace_time() {
    in_all_orders(4, || async {
        let connections = connections(1, None);
        let server = serving(&connections, [pending(), pending()]);
        let start = now();
        server.close().await;
        assert_eq!(now() - start, GRACE);
    });
}

#[test]
fn to_idle_is_neither_to_speak_nor_to_listen() {
    run(async {
        let connections = connections(1, Some(10));
        let mut place = connections.place().await;
        let start = now();
        // Each word counts anew.
        for _ in 0..5 {
            assert!(place.listen(sleep(Duration::from_secs(9))).await.is_some());
        }
        assert_eq!(now() - start, Duration::from_secs(45));
        assert!(place.listen(sleep(Duration::from_secs(11))).await.is_none());
        assert_eq!(now() - start, Duration::from_secs(55));

        let deaf = place.speak(pending::<io::Result<()>>()).await.expect_err("it takes too long");
        assert_eq!(deaf.kind(), std::io::ErrorKind::TimedOut);
        assert_eq!(now() - start, Duration::from_secs(65));
        place.speak(async { Ok(()) }).await.expect("in time");
    });
}

/// To close a socket into which something comes, or in which something is left, resets the
/// connection: then what the OS has not sent yet is thrown away.
#[test]
fn hanging_up_loses_no_reply_though_the_client_goes_on_talking() {
    const REPLIES: usize = 64 << 20;

    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut client = Client::connect(listener.local_addr().expect("its address")).expect("it");
        let (conn, _) = listener.accept().await.expect("it is there");
        // More than the OS can bring to the client before that reads.
        let mut written = 0;
        while written < REPLIES {
            match pizzaiolo::time::timeout(Duration::ZERO, conn.write(&[b'x'; 4096])).await {
                Ok(len) => written += len.expect("room"),
                Err(_) => break,
            }
        }
        assert!(written > 0);
        client.write_all(b"another order").expect("the server is there");
        let server = spawn(async move {
            hang_up(&conn, &mut [0; 1024]).await.expect("it is connected");
            drop(conn);
        });
        others_run().await;
        client.write_all(b"and another").expect("the server is there");
        let client = std::thread::spawn(move || {
            let mut replies = Vec::new();
            client.read_to_end(&mut replies).map(|_| replies.len())
        });
        server.await.expect("no panic");
        assert_eq!(client.join().expect("no panic").expect("the end, not a reset"), written);
    });
}

#[test]
fn a_client_that_does_not_hang_up_is_left_after_a_moment() {
    let executor = Executor::builder().paused_clock(true).build().expect("an executor");
    executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let _client = Client::connect(listener.local_addr().expect("its address")).expect("it");
        let (conn, _) = listener.accept().await.expect("it is there");
        let server = spawn(async move { hang_up(&conn, &mut [0; 1024]).await });
        others_run().await;
        assert!(!server.is_finished());
        advance(Duration::from_secs(2));
        others_run().await;
        assert!(server.is_finished());
    });
}

/// A client in memory: each of `reads` is what one read brings, and then nothing, for ever.
#[derive(Default)]
struct Tape {
    reads: RefCell<Vec<&'static [u8]>>,
    written: RefCell<Vec<u8>>,
    hung_up: Cell<bool>,
}

impl Stream for Tape {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(data) = self.reads.borrow_mut().pop() else { return pending().await };
        buf[..data.len()].copy_from_slice(data);
        Ok(data.len())
    }

    async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        // A client that is slow to read.
        sleep(Duration::from_secs(1)).await;
        self.written.borrow_mut().extend_from_slice(buf);
        Ok(())
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        assert_eq!(how, Shutdown::Write);
        self.hung_up.set(true);
        Ok(())
    }
}

#[test]
fn a_conversation_that_the_server_ends_has_a_reply_to_each_order() {
    run(async {
        let connections = connections(1, None);
        let mut place = connections.place().await;
        let tape =
            Rc::new(Tape { reads: RefCell::new(vec![b"3", b"two", b"1"]), ..Tape::default() });
        let client = {
            let tape = Rc::clone(&tape);
            async move { serve(&mut place, &*tape, peer()).await.expect("no error") }
        };
        let server = serving(&connections, [client]);
        // In the middle of the first reply.
        others_run().await;
        server.close().await;
        let written = String::from_utf8(tape.written.take()).expect("text");
        let replies: Vec<_> = written.lines().collect();
        assert_eq!(
            replies,
            [
                "Thank you for ordering 1 pizzas!",
                "Wrong number of pizzas, please try again.",
                "Thank you for ordering 3 pizzas!"
            ]
        );
        assert!(tape.hung_up.get());
    });
}

#[test]
fn a_client_that_hangs_up_itself_is_not_waited_for() {
    run(async {
        let mut place = connections(1, None).place().await;
        let tape = Tape { reads: RefCell::new(vec![b"", b"1"]), ..Tape::default() };
        serve(&mut place, &tape, peer()).await.expect("no error");
        assert_eq!(tape.written.take(), b"Thank you for ordering 1 pizzas!\n");
        assert!(!tape.hung_up.get());
    });
}

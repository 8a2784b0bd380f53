//! The pizza server's parts, taken one by one, where a process would leave the order of things to
//! chance. On a paused clock nothing times out while a socket is waited for.

use std::{
    cell::{Cell, RefCell},
    future::{pending, ready},
    io::{Read, Write},
    net::TcpStream as Client,
    rc::Rc,
    time::Duration,
};

use pizzaiolo::{
    Executor,
    net::TcpListener,
    spawn,
    time::{advance, now, sleep},
    yield_now,
};

#[path = "../examples/pizza-server/connections.rs"]
mod connections;
#[path = "../examples/pizza-server/conversation.rs"]
mod conversation;

use connections::{Connections, Freed};
use conversation::{Line, converse};

const GRACE: Duration = Duration::from_secs(5);

fn run<T>(future: impl Future<Output = T>) -> T {
    Executor::builder().paused_clock(true).build().expect("an executor").block_on(future)
}

fn connections(limit: usize, idle_timeout: Option<u64>) -> Rc<Connections> {
    Rc::new(Connections::new(limit, idle_timeout.map(Duration::from_secs), Freed::default()))
}

/// Lets the other tasks go as far as they can without the clock or a socket.
async fn others_run() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[test]
fn who_has_no_place_gets_the_first_that_is_free() {
    run(async {
        let connections = connections(2, None);
        let (first, _second) = (connections.place().await, connections.place().await);
        let third = spawn({
            let connections = Rc::clone(&connections);
            async move { drop(connections.place().await) }
        });
        others_run().await;
        assert!(!third.is_finished());
        drop(first);
        others_run().await;
        assert!(third.is_finished());
    });
}

#[test]
fn backing_off_ends_when_a_connection_of_any_thread_ends_or_after_a_moment() {
    run(async {
        let freed = Freed::default();
        let threads = [(); 2].map(|()| Rc::new(Connections::new(9, None, freed.clone())));
        let unused = threads[0].place().await;
        let start = now();
        unused.back_off().await;
        let moment = now() - start;
        assert!(moment > Duration::ZERO);

        for thread in &threads {
            let ends = thread.place().await;
            let start = now();
            let ends = spawn(async move {
                sleep(moment / 2).await;
                drop(ends);
            });
            unused.back_off().await;
            assert_eq!(now() - start, moment / 2);
            ends.await.expect("no panic");
        }
        // Each end counts once.
        let start = now();
        unused.back_off().await;
        assert_eq!(now() - start, moment);
    });
}

#[test]
fn an_end_before_the_back_off_counts_too() {
    run(async {
        let connections = connections(9, None);
        let (ends, unused) = (connections.place().await, connections.place().await);
        // While the OS was asked in vain.
        drop(ends);
        let start = now();
        unused.back_off().await;
        assert_eq!(now(), start);
    });
}

#[test]
fn what_has_come_is_still_read_when_the_server_closes() {
    run(async {
        let connections = connections(2, None);
        let place = connections.place().await;
        let closing = spawn({
            let connections = Rc::clone(&connections);
            async move { connections.close(GRACE).await }
        });
        others_run().await;
        assert_eq!(place.listen(ready(5)).await, Some(5));
        assert_eq!(place.listen(pending::<()>()).await, None);
        // It waits for the last one.
        assert!(!closing.is_finished());
        drop(place);
        others_run().await;
        assert!(closing.is_finished());
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
                    let place = connections.place().await;
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
        let place = connections.place().await;
        let closing = spawn({
            let connections = Rc::clone(&connections);
            async move { connections.close(GRACE).await }
        });
        others_run().await;
        let mut words = 0;
        while place.listen(ready(())).await.is_some() {
            words += 1;
            assert!(words < 1000, "it never ends");
        }
        assert!(words > 10, "what has come already is served");
        drop(place);
        closing.await.expect("no panic");
    });
}

#[test]
fn who_waits_is_told_that_the_server_closes() {
    run(async {
        let connections = connections(9, None);
        let listeners: Vec<_> = (0..9)
            .map(|_| {
                let connections = Rc::clone(&connections);
                spawn(async move { connections.place().await.listen(pending::<()>()).await })
            })
            .collect();
        others_run().await;
        let start = now();
        connections.close(GRACE).await;
        assert_eq!(now(), start, "nobody was waited for");
        for listener in listeners {
            assert_eq!(listener.await.expect("no panic"), None);
        }
    });
}

#[test]
fn closing_takes_no_longer_than_the_grace_time() {
    run(async {
        let connections = connections(1, None);
        let _place = connections.place().await;
        let start = now();
        connections.close(GRACE).await;
        assert_eq!(now() - start, GRACE);
    });
}

#[test]
fn to_idle_is_neither_to_speak_nor_to_listen() {
    run(async {
        let connections = connections(1, Some(10));
        let place = connections.place().await;
        let start = now();
        // Each word counts anew.
        for _ in 0..5 {
            assert!(place.listen(sleep(Duration::from_secs(9))).await.is_some());
        }
        assert_eq!(now() - start, Duration::from_secs(45));
        assert!(place.listen(sleep(Duration::from_secs(11))).await.is_none());
        assert_eq!(now() - start, Duration::from_secs(55));

        let deaf = place.speak(pending()).await.expect_err("it takes too long");
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
            conn.hang_up(&mut [0; 1024]).await.expect("it is connected");
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
        let server = spawn(async move { conn.hang_up(&mut [0; 1024]).await });
        others_run().await;
        assert!(!server.is_finished());
        advance(Duration::from_secs(2));
        others_run().await;
        assert!(server.is_finished());
    });
}

/// A line in memory: each of `reads` is what one read brings, and then nothing, for ever.
struct Tape {
    reads: RefCell<Vec<&'static [u8]>>,
    written: RefCell<Vec<u8>>,
    hung_up: Cell<bool>,
}

impl Line for Tape {
    async fn read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
        let Some(data) = self.reads.borrow_mut().pop() else { return pending().await };
        buf[..data.len()].copy_from_slice(data);
        Ok(data.len())
    }

    async fn write_all(&self, buf: &[u8]) -> std::io::Result<()> {
        // A client that is slow to read.
        sleep(Duration::from_secs(1)).await;
        self.written.borrow_mut().extend_from_slice(buf);
        Ok(())
    }

    async fn hang_up(&self, _: &mut [u8]) -> std::io::Result<()> {
        self.hung_up.set(true);
        Ok(())
    }
}

#[test]
fn a_conversation_that_the_server_ends_has_a_reply_to_each_order() {
    run(async {
        let connections = connections(1, None);
        let place = connections.place().await;
        let tape = Rc::new(Tape {
            reads: RefCell::new(vec![b"3", b"two", b"1"]),
            written: RefCell::default(),
            hung_up: Cell::new(false),
        });
        let conversation = spawn({
            let tape = Rc::clone(&tape);
            async move { converse(&*tape, "peer", &place).await }
        });
        // In the middle of the first reply.
        others_run().await;
        connections.close(GRACE).await;
        conversation.await.expect("no panic").expect("no error");
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
        let connections = connections(1, None);
        let place = connections.place().await;
        let tape = Tape {
            reads: RefCell::new(vec![b"", b"1"]),
            written: RefCell::default(),
            hung_up: Cell::new(false),
        };
        converse(&tape, "peer", &place).await.expect("no error");
        assert_eq!(tape.written.take(), b"Thank you for ordering 1 pizzas!\n");
        assert!(!tape.hung_up.get());
    });
}

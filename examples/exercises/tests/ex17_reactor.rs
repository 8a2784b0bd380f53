use std::{
    cell::RefCell,
    io::{self, Read, Write},
    net::{self, SocketAddr},
    pin::{Pin, pin},
    rc::Rc,
    sync::mpsc,
    task::Waker,
    thread,
    time::Duration,
};

use mio::net::TcpStream;

use super::{Direction, Reactor, Source};
use crate::{
    ex14_threads::{Park, executor, run},
    server::serve,
    support::{Touch, Wakes, bounded, counting_waker, ends, poll, reenter, spy_calls},
};

/// Two ends of a connection: one registered, one of std.
fn pair(reactor: &Reactor) -> (Source<TcpStream>, net::TcpStream) {
    let listener = net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let other = net::TcpStream::connect(listener.local_addr().expect("an address")).expect("it");
    let (stream, _) = listener.accept().expect("it is there");
    stream.set_nonblocking(true).expect("non-blocking");
    (reactor.register(TcpStream::from_std(stream)).expect("mio takes it"), other)
}

/// A future that reads some bytes.
fn read(source: &Source<TcpStream>) -> Pin<Box<dyn Future<Output = io::Result<usize>> + '_>> {
    let attempt = |mut stream: &TcpStream| stream.read(&mut [0; 1024]);
    Box::pin(source.io(Direction::Read, attempt))
}

/// Parks until the waker was called.
fn park_until(reactor: &Reactor, woken: &Wakes) {
    while woken.times() == 0 {
        reactor.park(None).expect("it parks");
    }
}

/// Fills a socket until it takes no more.
fn fill(source: &Source<TcpStream>, waker: &Waker) {
    let bytes = vec![0; 1 << 16];
    let attempt = |mut stream: &TcpStream| stream.write(&bytes);
    while poll(pin!(source.io(Direction::Write, attempt)), waker).is_ready() {}
}

#[test]
#[ignore = "an exercise"]
fn a_try_that_need_not_wait_does_not() {
    bounded(|| {
        let reactor = Reactor::new().expect("a reactor");
        let (source, mut other) = pair(&reactor);
        other.write_all(b"1").expect("it is sent");
        // It arrives at once, or this waits for it.
        let _ = other.set_nodelay(true);
        let (woken, waker) = counting_waker();
        let mut first = read(&source);
        if poll(first.as_mut(), &waker).is_pending() {
            park_until(&reactor, &woken);
            assert!(
                poll(first.as_mut(), &waker).is_ready(),
                "a read must be Ready while there are bytes, because it need not wait"
            );
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn an_event_wakes_the_task_that_waits() {
    ends("the park must end with the event of a socket, and call the waker of its task", || {
        let reactor = Reactor::new().expect("a reactor");
        let (source, mut other) = pair(&reactor);
        let (woken, waker) = counting_waker();
        let mut reads = read(&source);
        for _ in 0..3 {
            assert!(
                poll(reads.as_mut(), &waker).is_pending(),
                "a read must be Pending while there is nothing to read, because it would block"
            );
            reactor.park(Some(Duration::ZERO)).expect("it looks");
        }
        assert_eq!(
            woken.times(),
            0,
            "a reader must not be woken by an event for writing, because it would poll for nothing"
        );
        other.write_all(b"1").expect("it is sent");
        park_until(&reactor, &woken);
        assert!(
            poll(reads.as_mut(), &waker).is_ready(),
            "the poll after the event must read, because the bytes are there"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_reader_and_a_writer_wait_for_one_socket_at_the_same_time() {
    ends("each direction must keep its own waker, because two tasks may use a socket", || {
        let reactor = Reactor::new().expect("a reactor");
        let (source, mut other) = pair(&reactor);
        let ((read_woken, reader), (write_woken, writer)) = (counting_waker(), counting_waker());
        fill(&source, &writer);
        reactor.park(Some(Duration::ZERO)).expect("it looks");
        fill(&source, &writer);
        let mut reads = read(&source);
        let _ = poll(reads.as_mut(), &reader);
        other.write_all(b"1").expect("it is sent");
        park_until(&reactor, &read_woken);
        let drained = thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while other.read(&mut bytes).is_ok_and(|n| n > 0) {}
        });
        park_until(&reactor, &write_woken);
        drop(reads);
        drop(source);
        drained.join().expect("it reads to the end");
    });
}

#[test]
#[ignore = "an exercise"]
fn the_end_of_a_connection_wakes_both() {
    ends("the end of a connection must wake its tasks, because no other event will come", || {
        let reactor = Reactor::new().expect("a reactor");
        let (source, other) = pair(&reactor);
        let (woken, waker) = counting_waker();
        let mut reads = read(&source);
        let _ = poll(reads.as_mut(), &waker);
        drop(other);
        park_until(&reactor, &woken);
        assert!(
            poll(reads.as_mut(), &waker).is_ready(),
            "a read must be Ready at the end of the connection, because nothing will come"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn an_event_of_a_source_that_is_gone_wakes_nothing() {
    bounded(|| {
        let reactor = Rc::new(Reactor::new().expect("a reactor"));
        let (woken, waker) = counting_waker();
        let ((first, mut one), (second, mut two)) = (pair(&reactor), pair(&reactor));
        let sources = Rc::new(RefCell::new(vec![first, second]));
        // Both have an event in the same park. The task of the one that is woken first drops the
        // other, whose slot goes to a third, which waits.
        let third = Rc::new(RefCell::new(None));
        let (slot, replaced, inner) = (Rc::clone(&third), Rc::clone(&sources), Rc::clone(&reactor));
        let waits = waker.clone();
        let enter = move || {
            let gone = replaced.borrow_mut().pop();
            drop(gone);
            let (source, other) = pair(&inner);
            let _ = poll(read(&source).as_mut(), &waits);
            slot.replace(Some((source, other)));
        };
        reenter(Touch::Called, enter, |spy| {
            let _ = poll(read(&sources.borrow()[0]).as_mut(), spy);
            one.write_all(b"1").expect("it is sent");
            two.write_all(b"1").expect("it is sent");
            let before = spy_calls();
            while spy_calls() == before {
                reactor.park(None).expect("it parks");
            }
        });
        assert_eq!(
            woken.times(),
            0,
            "an event of a source that is gone must wake nothing, because a slot that is used again \
             needs a new generation"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_waker_is_cloned_dropped_or_called() {
    bounded(|| {
        for touch in [Touch::Cloned, Touch::Called, Touch::Dropped] {
            let reactor = Rc::new(Reactor::new().expect("a reactor"));
            let (source, mut other) = pair(&reactor);
            let inner = Rc::clone(&reactor);
            let enter = move || {
                let (source, _other) = pair(&inner);
                let _ = poll(read(&source).as_mut(), Waker::noop());
            };
            reenter(touch, enter, |spy| {
                let mut reads = read(&source);
                let _ = poll(reads.as_mut(), spy);
                let _ = poll(reads.as_mut(), Waker::noop());
                let _ = poll(reads.as_mut(), spy);
                other.write_all(b"1").expect("it is sent");
                if touch != Touch::Called {
                    return;
                }
                loop {
                    reactor.park(Some(Duration::from_millis(10))).expect("it parks");
                    if poll(reads.as_mut(), Waker::noop()).is_ready()
                        || poll(reads.as_mut(), spy).is_ready()
                    {
                        break;
                    }
                }
            });
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn the_unparker_ends_the_park_and_also_the_next() {
    ends("the unparker must end a park, because a wake on another thread needs that", || {
        let reactor = Reactor::new().expect("a reactor");
        let unparker = reactor.unparker();
        unparker.wake_by_ref();
        reactor.park(None).expect("it parks");
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            unparker.wake();
        });
        reactor.park(None).expect("it parks");
    });
}

#[test]
#[ignore = "an exercise"]
fn tasks_of_the_executor_wait_for_sockets() {
    ends("the executor must sleep in this reactor, because its sockets are there", || {
        let reactor = Reactor::new().expect("a reactor");
        let (source, mut other) = pair(&reactor);
        let executor = executor(&reactor);
        let sender = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            other.write_all(b"pizza").expect("it is sent");
        });
        let read = Rc::new(RefCell::new(0));
        let total = Rc::clone(&read);
        executor.spawn(async move {
            while *total.borrow() < 5 {
                let attempt = |mut stream: &TcpStream| stream.read(&mut [0; 1024]);
                let n = source.io(Direction::Read, attempt).await.expect("it reads");
                *total.borrow_mut() += n;
            }
        });
        run(&executor, &reactor).expect("it runs");
        assert_eq!(
            *read.borrow(),
            5,
            "the task must read all that was sent, because each event wakes it"
        );
        sender.join().expect("the sender");
    });
}

/// One client of the pizza server.
fn order(addr: SocketAddr, order: &str) -> String {
    let mut stream = net::TcpStream::connect(addr).expect("it listens");
    stream.write_all(order.as_bytes()).expect("it is sent");
    stream.shutdown(net::Shutdown::Write).expect("that is all");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("the reply");
    reply
}

#[test]
#[ignore = "an exercise"]
fn the_pizza_server_runs_on_it() {
    ends("the pizza server must answer each client, because it serves all at once", || {
        let (started, addr) = mpsc::channel();
        thread::spawn(move || serve("127.0.0.1:0", |addr| started.send(addr).expect("a test")));
        let addr = addr.recv().expect("it has started");
        let silent = net::TcpStream::connect(addr).expect("it listens");
        let clients: Vec<_> =
            (1..=20).map(|n| thread::spawn(move || (n, order(addr, &format!("{n}\n"))))).collect();
        for client in clients {
            let (n, reply) = client.join().expect("a client");
            assert_eq!(
                reply,
                format!("Thank you for ordering {n} pizzas!\n"),
                "the pizza server must answer an order, although another client is silent"
            );
        }
        assert_eq!(
            order(addr, "three"),
            "Wrong number of pizzas, please try again.\n",
            "the pizza server must answer what is no number, because the client waits"
        );
        drop(silent);
    });
}

//! A task of the pizza server that panics while it serves one client. The server has no panic of
//! its own to offer, so the log that it writes to has one: for one client's order.

use std::{
    cell::RefCell,
    io::{Read, Write},
    net::{self, SocketAddr, TcpStream},
    rc::Rc,
    sync::{Mutex, OnceLock},
    thread,
    time::Duration,
};

use log::{Log, Metadata, Record};
use pizzaiolo::{Executor, net::TcpListener};

#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../examples/pizza-server/connections.rs"]
mod connections;
#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../examples/pizza-server/server.rs"]
mod server;
#[path = "../examples/pizza-server/sockets.rs"]
mod sockets;

use connections::{Connections, Freed};
use server::Server;

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

/// The client whose order makes the log panic.
static VICTIM: OnceLock<SocketAddr> = OnceLock::new();

/// All that was logged.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Trap;

impl Log for Trap {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &Record) {
        let line = record.args().to_string();
        if let Some(victim) = VICTIM.get() {
            assert!(line != format!("Sending message to {victim}"), "no more dough");
        }
        LINES.lock().expect("no thread panics with it").push(line);
    }

    fn flush(&self) {}
}

#[test]
fn a_panic_disconnects_its_client_and_nobody_else_and_the_log_says_why() {
    log::set_logger(&Trap).expect("there is no other");
    log::set_max_level(log::LevelFilter::Info);
    let listener = net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("its address");
    // As many places as there are clients at once: that of the victim is free again.
    let connections = Rc::new(Connections::new(2, None, Freed::default()));
    let server_socket = TcpListener::try_from(listener).expect("a listener");
    let server = Server { server_socket, connections, tasks: RefCell::default() };

    let executor = Executor::new().expect("an executor");
    let (server, stop) = futures_util::future::abortable(async move { server.start().await });
    let clients = thread::spawn(move || {
        let mut other = connect(addr);
        assert_eq!(order(&mut other, "1"), "Thank you for ordering 1 pizzas!\n");
        let mut victim = connect(addr);
        assert_eq!(order(&mut victim, "x"), "Wrong number of pizzas, please try again.\n");
        VICTIM.set(victim.local_addr().expect("its address")).expect("it is the only one");
        assert_eq!(order(&mut victim, "2"), "");
        assert_eq!(order(&mut other, "3"), "Thank you for ordering 3 pizzas!\n");
        assert_eq!(order(&mut connect(addr), "4"), "Thank you for ordering 4 pizzas!\n");
        stop.abort();
    });
    executor.block_on(server).expect_err("only `abort` ends it");
    clients.join().expect("no panic");

    let victim = VICTIM.get().expect("it has ordered");
    let lines = LINES.lock().expect("no thread panics with it");
    assert!(lines.contains(&format!("Serving {victim} panicked: the connection is closed")));
    assert!(lines.iter().any(|line| line.contains("panicked: no more dough")), "{lines:?}");
}

fn connect(addr: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(addr).expect("it listens");
    client.set_read_timeout(Some(A_HANG)).expect("a timeout");
    client
}

/// What the server says to an order; nothing, if it hangs up.
fn order(client: &mut TcpStream, order: &str) -> String {
    client.write_all(order.as_bytes()).expect("the server reads");
    let mut reply = [0; 64];
    let len = client.read(&mut reply).expect("a reply, or the end");
    String::from_utf8(reply[..len].to_vec()).expect("text")
}

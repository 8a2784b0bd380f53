//! The pizza server on the network in memory: it is the program's own code.

#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../../../../examples/pizza-server/connections.rs"]
mod connections;
#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../../../../examples/pizza-server/server.rs"]
mod server;
#[path = "../../../../examples/pizza-server/sockets.rs"]
mod sockets;

use std::{
    cell::RefCell,
    io,
    net::{Shutdown, SocketAddr},
    rc::Rc,
    time::Duration,
};

use pizzaiolo::{Executor, spawn, time};
use pizzaiolo_testkit::{
    Explorer,
    net::{Network, TcpListener, TcpStream},
};

use connections::{Connections, Freed};
use server::Server;
use sockets::{Listener, Stream};

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept().await
    }
}

impl Stream for TcpStream {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf).await
    }

    async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        self.write_all(buf).await
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

/// The server, with room for all clients.
fn server<L>(server_socket: L) -> Server<L> {
    let connections = Rc::new(Connections::new(2_000, None, Freed::default()));
    Server { server_socket, connections, tasks: RefCell::default() }
}

const CLIENTS: u32 = 1_000;

/// Of each client: its number, the replies that it got, and how long that took.
type Replies = Vec<(u32, String, Duration)>;

/// Orders three times, waits for each reply, and returns all of them.
async fn order(conn: impl Stream, client: u32) -> io::Result<String> {
    let mut replies = String::new();
    let mut buf = [0; 64];
    for order in [client.to_string(), "margherita".to_owned(), "-1\r\n".to_owned()] {
        conn.write_all(order.as_bytes()).await?;
        let begin = replies.len();
        while !replies[begin..].ends_with('\n') {
            let len = conn.read(&mut buf).await?;
            replies.push_str(std::str::from_utf8(&buf[..len]).unwrap());
        }
    }
    Ok(replies)
}

fn expected(client: u32) -> String {
    format!(
        "Thank you for ordering {client} pizzas!\nWrong number of pizzas, please try again.\n\
         Thank you for ordering -1 pizzas!\n"
    )
}

/// A client a millisecond, for a second.
fn serve_all(network: &Network, seed: u64) -> Replies {
    let executor = Executor::builder().paused_clock(true).ready_order(seed).build().unwrap();
    let all = Rc::new(RefCell::new(Vec::new()));
    let listener = network.bind("10.0.0.1:12345").unwrap();
    executor.spawn(async move { server(listener).start().await }).detach();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (network, all) = (network.clone(), Rc::clone(&all));
            executor.spawn(async move {
                time::sleep(Duration::from_millis(client.into())).await;
                let start = time::now();
                let conn = network.connect("10.0.0.1:12345").await.unwrap();
                let replies = order(conn, client).await.unwrap();
                all.borrow_mut().push((client, replies, time::now() - start));
            })
        })
        .collect();
    executor.block_on(async {
        let all_leave = async {
            for client in clients {
                client.await.unwrap();
            }
        };
        // With a paused clock, only what would hang takes an hour.
        time::timeout(Duration::from_secs(3600), all_leave).await.expect("a client hangs");
    });
    all.take()
}

fn network() -> Network {
    Network::new().latency(Duration::from_millis(20)).bandwidth(10_000)
}

#[test]
fn a_thousand_clients_get_their_replies_and_each_takes_its_time() {
    let replies = serve_all(&network(), 1);
    assert_eq!(replies.len(), 1_000);
    for (client, replies, took) in replies {
        assert_eq!(replies, expected(client));
        // Four round trips, and the time of the bytes on the wire.
        let order = client.to_string() + "margherita" + "-1\r\n";
        let bytes = u32::try_from(order.len() + replies.len()).unwrap();
        assert_eq!(took, Duration::from_millis(160) + bytes * Duration::from_micros(100));
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_one_another() {
    // An order that comes in pieces is several orders: so the server is, like the original.
    let run = |seed| serve_all(&network().pieces(seed), seed);
    let first = run(7);
    assert!(first.iter().any(|(client, replies, _)| *replies != expected(*client)));
    assert_eq!(first, run(7));
    assert_ne!(first, run(8));
}

#[test]
fn the_same_loops_serve_real_sockets() {
    pizzaiolo::block_on(async {
        let listener = pizzaiolo::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        spawn(async move { server(listener).start().await }).detach();
        let conn = pizzaiolo::net::TcpStream::connect(addr).await.unwrap();
        assert_eq!(order(conn, 3).await.unwrap(), expected(3));
    });
}

#[test]
fn two_clients_are_served_in_every_order() {
    let report = Explorer::new().leave_tasks(true).run(|| async {
        let network = Network::new();
        let listener = network.bind("10.0.0.1:1").unwrap();
        spawn(async move { server(listener).start().await }).detach();
        let clients = [1, 2].map(|client| {
            let network = network.clone();
            spawn(async move {
                let conn = network.connect("10.0.0.1:1").await.unwrap();
                conn.write_all(client.to_string().as_bytes()).await.unwrap();
                let mut buf = [0; 64];
                let len = conn.read(&mut buf).await.unwrap();
                let expected = format!("Thank you for ordering {client} pizzas!\n");
                assert_eq!(std::str::from_utf8(&buf[..len]), Ok(&*expected));
            })
        });
        for client in clients {
            client.await.unwrap();
        }
    });
    assert_eq!(report.to_string(), "all 1,448 orders");
}

//! The two loops of the pizza server, as the original has them: accept, and serve.

use std::{io, net::SocketAddr, time::Duration};

use log::{info, warn};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    task,
    time::sleep,
};

/// One read of up to this many bytes is one order.
const BUFFER_SIZE: usize = 1024;

/// How long to wait when a connection cannot be accepted. Mostly that is for want of descriptors,
/// and to ask again at once would only keep those from working who are about to free one.
const BACK_OFF: Duration = Duration::from_millis(100);

pub(crate) struct Server {
    server_socket: TcpListener,
}

impl Server {
    pub(crate) fn bind(addr: &str) -> io::Result<Server> {
        let server_socket = TcpListener::bind(addr)?;
        info!("Starting up on: {}", server_socket.local_addr()?);
        Ok(Server { server_socket })
    }

    pub(crate) async fn start(&self) {
        info!("Server listening for incoming connections");
        loop {
            match self.server_socket.accept().await {
                Ok((conn, address)) => {
                    info!("Connected to {address}");
                    let task = task::Builder::new().name(format!("serve {address}"));
                    drop(task.spawn(serve(conn, address)));
                }
                Err(error) => {
                    warn!("Accepting a connection failed: {error}");
                    sleep(BACK_OFF).await;
                }
            }
        }
    }
}

async fn serve(conn: TcpStream, address: SocketAddr) {
    if let Err(error) = converse(&conn, address).await {
        warn!("Connection with {address} has failed: {error}");
    }
    info!("Connection with {address} has been closed");
}

async fn converse(conn: &TcpStream, address: SocketAddr) -> io::Result<()> {
    let mut data = [0; BUFFER_SIZE];
    loop {
        let len = conn.read(&mut data).await?;
        if len == 0 {
            return Ok(());
        }
        let response = match parse_order(&data[..len]) {
            Some(order) => format!("Thank you for ordering {order} pizzas!\n"),
            None => "Wrong number of pizzas, please try again.\n".to_owned(),
        };
        info!("Sending message to {address}");
        conn.write_all(response.as_bytes()).await?;
    }
}

/// The number in an order. White space around it is allowed, and a sign.
fn parse_order(data: &[u8]) -> Option<i64> {
    std::str::from_utf8(data).ok()?.trim().parse().ok()
}

//! The original's `Server`: `start` accepts clients, and `serve` takes the orders of one.
//! `README.md` says what each part is there for that the original has not.

use std::{cell::RefCell, io, net::SocketAddr, rc::Rc, thread, time::Duration};

use log::{error, info, warn};
use pizzaiolo::{
    task::{self, JoinSet},
    time::timeout,
};

use crate::{
    connections::{Connections, Place, hang_up},
    sockets::{Listener, Stream},
};

/// One read of up to this many bytes is one order.
pub(crate) const BUFFER_SIZE: usize = 1024;

/// How long the server waits, when it closes, for clients that are still to get a reply.
const GRACE: Duration = Duration::from_secs(5);

#[expect(clippy::struct_field_names, reason = "the names are those of the original")]
pub(crate) struct Server<L> {
    pub(crate) server_socket: L,
    pub(crate) connections: Rc<Connections>,
    pub(crate) tasks: RefCell<JoinSet<()>>,
}

impl<L: Listener> Server<L> {
    /// Accepts clients for ever, and serves each in a task of its own.
    pub(crate) async fn start(&self) {
        info!("Server listening for incoming connections");
        loop {
            let place = self.connections.place().await;
            let (conn, address) = self.connections.accept(&self.server_socket).await;
            info!("Connected to {address}");
            let mut tasks = self.tasks.borrow_mut();
            let task = task::Builder::new().name(format!("serve {address}"));
            task.spawn_in(&mut tasks, serve_one(place, conn, address));
            // The tasks that have ended leave the set. If one panicked, this is the reason.
            while let Some(ended) = tasks.try_join_next() {
                ended.unwrap_or_else(|error| error!("A client was lost: {error}"));
            }
        }
    }

    /// Closes each connection as soon as it has its replies, or when the grace time is over.
    pub(crate) async fn close(self) {
        // No client can connect any more.
        drop(self.server_socket);
        self.connections.close();
        let mut tasks = self.tasks.into_inner();
        if timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await.is_err() {
            warn!("{} connections are cut off: the grace time is over", tasks.len());
        }
    }
}

/// Takes orders until the client hangs up. If it idles too long, or if the server closes, the server
/// hangs up, with no order left without its reply.
pub(crate) async fn serve(
    place: &mut Place,
    conn: &impl Stream,
    address: SocketAddr,
) -> io::Result<()> {
    let mut data = [0; BUFFER_SIZE];
    while let Some(read) = place.listen(conn.read(&mut data)).await {
        let len = read?;
        if len == 0 {
            return Ok(());
        }
        let response = match parse_order(&data[..len]) {
            Some(order) => format!("Thank you for ordering {order} pizzas!\n"),
            None => "Wrong number of pizzas, please try again.\n".to_owned(),
        };
        info!("Sending message to {address}");
        place.speak(conn.write_all(response.as_bytes())).await?;
    }
    hang_up(conn, &mut data).await
}

/// Serves one client. The place is the first argument, so it is dropped last, after the socket.
async fn serve_one(mut place: Place, conn: impl Stream, address: SocketAddr) {
    let _guard = OnPanic(address);
    if let Err(error) = serve(&mut place, &conn, address).await {
        warn!("Connection with {address} has failed: {error}");
    }
    info!("Connection with {address} has been closed");
}

/// The number in an order. White space around it is allowed, and a sign.
pub(crate) fn parse_order(data: &[u8]) -> Option<i64> {
    std::str::from_utf8(data).ok()?.trim().parse().ok()
}

/// Logs at once which client a task serves that panics.
struct OnPanic(SocketAddr);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            error!("Serving {} panicked: the connection is closed", self.0);
        }
    }
}

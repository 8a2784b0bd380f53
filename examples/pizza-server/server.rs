//! The two loops of the pizza server, as the original has them: accept, and serve.
//!
//! What a client says and hears is in `conversation.rs`, and how many there may be, and for how
//! long, in `connections.rs`.

use std::{
    io,
    net::{self, SocketAddr},
    rc::Rc,
    thread,
};

use log::{error, info, warn};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    task,
};

use crate::{
    connections::{Connections, Place},
    conversation::converse,
};

pub(crate) struct Server {
    server_socket: TcpListener,
    connections: Rc<Connections>,
}

/// Says where clients find the server.
pub(crate) fn announce(listener: &net::TcpListener) -> io::Result<()> {
    info!("Starting up on: {}", listener.local_addr()?);
    Ok(())
}

impl Server {
    pub(crate) fn new(
        listener: net::TcpListener,
        connections: Rc<Connections>,
    ) -> io::Result<Server> {
        Ok(Server { server_socket: listener.try_into()?, connections })
    }

    pub(crate) async fn start(&self) {
        info!("Server listening for incoming connections");
        loop {
            let place = self.connections.place().await;
            let (conn, address) = self.accept_for(&place).await;
            info!("Connected to {address}");
            let task = task::Builder::new().name(format!("serve {address}"));
            task.spawn(serve(place, conn, address)).detach();
        }
    }

    async fn accept_for(&self, place: &Place) -> (TcpStream, SocketAddr) {
        loop {
            match self.server_socket.accept().await {
                Ok(accepted) => return accepted,
                // It concerns that client only; the next may be there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    info!("A client was gone before it was accepted");
                }
                Err(error) => {
                    warn!("Accepting a connection failed: {error}");
                    place.back_off().await;
                }
            }
        }
    }
}

/// The place comes first, to be dropped last: it is not free before the socket is closed.
async fn serve(place: Place, conn: TcpStream, address: SocketAddr) {
    let _guard = OnPanic(address);
    if let Err(error) = converse(&conn, address, &place).await {
        warn!("Connection with {address} has failed: {error}");
    }
    info!("Connection with {address} has been closed");
}

/// Says whom a task has served that panics. The executor, which goes on, says why.
struct OnPanic(SocketAddr);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            error!("Serving {} panicked: the connection is closed", self.0);
        }
    }
}

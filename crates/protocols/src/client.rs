//! Connections for hyper-util's client, which keeps them in a pool.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll},
};

use hyper::{Uri, http::uri::Scheme};
use hyper_util::client::legacy::connect::{Connected, Connection};
use pizzaiolo::net::TcpStream;
use tower_service::Service;

use crate::{LocalIo, local};

/// Connects to the host of a URI, without TLS: for `hyper_util::client::legacy::Client`.
///
/// ```
/// use http_body_util::Empty;
/// use hyper::body::Bytes;
/// use hyper_util::client::legacy::Client;
/// use pizzaiolo_protocols::{Connector, Executor, Timer};
///
/// let client: Client<_, Empty<Bytes>> =
///     Client::builder(Executor).timer(Timer).pool_timer(Timer).build(Connector);
/// ```
///
/// A host is an address, or `localhost`; other names are looked up with pizzaiolo's feature `dns`,
/// and without it are an error. For TLS, or whatever else is to be around the socket, write a
/// function and give the client `tower::service_fn` of it: `tests/client.rs` has one.
#[derive(Clone, Copy, Default, Debug)]
pub struct Connector;

impl Service<Uri> for Connector {
    type Response = LocalIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<LocalIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(local(connect(uri)))
    }
}

async fn connect(uri: Uri) -> io::Result<LocalIo<TcpStream>> {
    if uri.scheme() != Some(&Scheme::HTTP) {
        let message = format!("{uri} is not of http, the only scheme that this connects to");
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    let host = uri.host().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "no host"))?;
    // An IPv6 address stands in brackets in a URI, and there only.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
    // A request is written in one piece, and waits for its reply.
    stream.set_nodelay(true)?;
    Ok(LocalIo::new(stream))
}

impl<S> Connection for LocalIo<S> {
    /// That it is a connection, and nothing more: an HTTP/2 that TLS has agreed on is not seen.
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

//! hyper's hello world, once for each runtime: `programs web KIND ADDR [--connections N]`.
//!
//! The service is the same on each; what differs is the adapter of the sockets, which is the one that
//! the runtime's own documentation advises. The first line on standard output names the address.
//! It serves until its standard input ends, or until so many connections have ended.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::process::{ExitCode, exit};
use std::thread;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, rt};
use hyper_util::rt::TokioIo;
use pizzaiolo_benches::runtime::{LocalRuntime, LocalSet, Runtime, Smol, Tokio};
use pizzaiolo_benches::server::LISTENING;
use pizzaiolo_benches::web::{BODY, KINDS};
use pizzaiolo_protocols::Io;
use smol::Async;
use smol_hyper::rt::FuturesIo;

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let (kind, address, connections) = match arguments {
        [kind, address] => (kind, address, None),
        [kind, address, flag, n] if flag == "--connections" => (kind, address, n.parse().ok()),
        _ => return usage(),
    };
    if !KINDS.contains(&kind.as_str()) {
        return usage();
    }
    match serve(kind, address, connections) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{kind}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("programs web KIND ADDR [--connections N]\nKIND: {}", KINDS.join(", "));
    ExitCode::from(2)
}

thread_local! {
    static CONNECTIONS_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

fn serve(kind: &str, address: &str, connections: Option<u64>) -> io::Result<()> {
    CONNECTIONS_LEFT.set(connections.unwrap_or(u64::MAX));
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    println!("{LISTENING}{}", listener.local_addr()?);
    io::stdout().flush()?;
    if connections.is_none() {
        thread::spawn(stop_with_stdin);
    }
    match kind {
        "tokio" => Tokio::new().block_on(tokio::<Tokio>(listener)),
        "tokio-local" => LocalRuntime::new().block_on(tokio::<LocalRuntime>(listener)),
        "tokio-localset" => LocalSet::new().block_on(tokio::<LocalSet>(listener)),
        "smol" => Smol::new().block_on(smol(listener)),
        _ => pizzaiolo::block_on(pizzaiolo(listener)),
    }
}

async fn pizzaiolo(listener: TcpListener) -> io::Result<()> {
    let listener = pizzaiolo::net::TcpListener::try_from(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        pizzaiolo::spawn(hello(Io::new(stream))).detach();
    }
}

async fn tokio<R: Runtime>(listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        R::spawn_detached(hello(TokioIo::new(stream)));
    }
}

async fn smol(listener: TcpListener) -> io::Result<()> {
    let listener = Async::new_nonblocking(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        Smol::spawn_detached(hello(FuturesIo::new(stream)));
    }
}

/// Serves one connection to its end.
async fn hello(io: impl rt::Read + rt::Write + Unpin) {
    // A connection that fails is over, like one that has ended.
    let _ = http1::Builder::new().serve_connection(io, service_fn(reply)).await;
    CONNECTIONS_LEFT.set(CONNECTIONS_LEFT.get() - 1);
    if CONNECTIONS_LEFT.get() == 0 {
        exit(0);
    }
}

async fn reply(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(BODY.as_bytes()))))
}

fn stop_with_stdin() {
    let mut rest = [0; 64];
    while matches!(io::stdin().read(&mut rest), Ok(1..)) {}
    exit(0);
}

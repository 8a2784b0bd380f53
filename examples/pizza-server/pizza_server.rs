//! The pizza server: the original's `Server`, on `async fn` tasks. The two loops are in `server.rs`,
//! and `README.md` says what the rest is there for.
//!
//! Run it with `cargo run --release --example pizza-server`, and order with `nc 127.0.0.1 12345`.

mod connections;
mod listeners;
mod options;
mod server;
mod signals;
mod sockets;

use std::{cell::RefCell, fs, io, net, pin::pin, process::exit, rc::Rc, thread};

use log::info;
use pizzaiolo::{Executor, net::TcpListener};
use pizzaiolo_watch::Timeline;

use connections::{Connections, Freed, unless};
use options::Options;
use server::Server;

fn main() {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let options = options::parse().unwrap_or_else(|error| fail(2, &format!("{error}, see --help")));
    run(&options).unwrap_or_else(|error| fail(1, &error.to_string()));
    info!("Server stopped.");
}

fn fail(status: i32, message: &str) -> ! {
    eprintln!("pizza-server: {message}");
    exit(status)
}

/// Serves with an executor on each thread, this one among them, until a signal comes.
fn run(options: &Options) -> io::Result<()> {
    let addr = options.addr.as_deref().unwrap_or("127.0.0.1:12345");
    let threads = options.threads.unwrap_or(1);
    let listeners = listeners::bind(addr, threads)
        .map_err(|error| io::Error::other(format!("cannot listen at {addr}: {error}")))?;
    let allowed = connections_allowed(threads);
    let limit = options.max_connections.unwrap_or(allowed).div_ceil(threads);
    signals::listen()?;
    info!("Starting up on: {}", listeners[0].local_addr()?);

    let freed = Freed::default();
    let mut servers = listeners.into_iter().map(|listener| {
        let connections = Connections::new(limit, options.idle_timeout, freed.clone());
        move || run_one(listener, connections, options)
    });
    let mine = servers.next().expect("one thread at least");
    thread::scope(|scope| {
        for server in servers {
            scope.spawn(|| server().unwrap_or_else(|error| fail(1, &error.to_string())));
        }
        mine()
    })
}

/// Raises the limit of open files as far as it goes, and says how many connections that allows.
fn connections_allowed(threads: usize) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(256);
    info!("Up to {files} files may be open");
    // Some are kept for the standard streams, the signals, and each thread's reactor and listener.
    usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(10 + 3 * threads).max(1)
}

/// One thread's server, from its first connection to its last.
fn run_one(
    listener: net::TcpListener,
    connections: Connections,
    options: &Options,
) -> io::Result<()> {
    let last = options.timeline_last.unwrap_or(65_536);
    let timeline = options.timeline.as_ref().map(|_| Rc::new(Timeline::with_capacity(last)));
    let live = options.watch.as_ref().map(pizzaiolo_watch::serve).transpose()?;
    if let Some(live) = &live {
        info!("Watch it at http://{}/", live.local_addr());
    }
    let builder = Executor::builder();
    let executor = match (timeline.clone(), live) {
        (None, None) => builder,
        (Some(timeline), None) => builder.observer(timeline),
        (None, Some(live)) => builder.observer(live),
        (Some(timeline), Some(live)) => builder.observer((timeline, live)),
    }
    .build()?;
    executor.block_on(async {
        let server_socket = TcpListener::try_from(listener)?;
        let connections = Rc::new(connections);
        let server = Server { server_socket, connections, tasks: RefCell::default() };
        unless(pin!(signals::stopped(&executor)), pin!(server.start())).await;
        server.close().await;
        io::Result::Ok(())
    })?;
    match timeline.zip(options.timeline.as_ref()) {
        Some((timeline, (path, draw))) => fs::write(path, draw(&timeline)),
        None => Ok(()),
    }
}

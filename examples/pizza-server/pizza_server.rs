//! The pizza server: the original's `Server`, on `async fn` tasks. The two loops are in `server.rs`,
//! and `README.md` says what the rest is there for.
//!
//! Run it with `cargo run --release --example pizza-server`, and order with `nc 127.0.0.1 12345`.

mod connections;
mod listeners;
mod options;
mod server;
#[cfg_attr(not(unix), path = "no_signals.rs")]
mod signals;
mod sockets;
mod timeline;

use std::{io, net::TcpListener, process::ExitCode, rc::Rc, thread};

use log::{info, warn};
use pizzaiolo::Executor;
use pizzaiolo_watch::Timeline;

use connections::{Connections, Freed, unless};
use options::{HELP, Options};
use server::Server;
use signals::Watch;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let (status, message) = match options::parse() {
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Some(options)) => match run(&options) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => (1, error.to_string()),
        },
        Err(error) => (2, format!("{error}, see --help")),
    };
    eprintln!("pizza-server: {message}");
    ExitCode::from(status)
}

/// Serves with a listener on each thread, this one among them, until a signal comes.
fn run(options: &Options) -> io::Result<()> {
    let listeners = listeners::bind(&options.addr, options.threads)
        .map_err(|error| io::Error::other(format!("cannot listen at {}: {error}", options.addr)))?;
    let limit = connections_a_thread(options);
    // Before anybody knows that the server is there: so no signal is missed.
    let watches = listeners.iter().map(|_| Watch::new()).collect::<io::Result<Vec<_>>>()?;
    signals::end_at_the_second()?;
    info!("Starting up on: {}", listeners[0].local_addr()?);

    let freed = Freed::default();
    let run = |(listener, watch)| {
        let connections = Connections::new(limit, options.idle_timeout, freed.clone());
        run_one(listener, watch, connections, options).inspect_err(|_| signals::raise())
    };
    let mut threads = listeners.into_iter().zip(watches);
    let mine = threads.next();
    thread::scope(|scope| {
        let others: Vec<_> = threads.map(|thread| scope.spawn(|| run(thread))).collect();
        let mut result = mine.map_or(Ok(()), run);
        for thread in others {
            let panicked = |_| Err(io::Error::other("a thread panicked"));
            result = result.and(thread.join().unwrap_or_else(panicked));
        }
        result
    })?;
    info!("Server stopped.");
    Ok(())
}

/// Raises the limit of open files as far as it goes, and says how many connections that allows.
fn connections_a_thread(options: &Options) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        warn!("The limit of open files stays as it is: {error}");
        256
    });
    info!("Up to {files} files may be open");
    // Some are kept for the standard streams, and a few to spare; and for each thread two of its
    // reactor, its listener, and two of its signals.
    let kept = 8 + 5 * options.threads;
    let allowed = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(kept);
    options.max_connections.unwrap_or(allowed).div_ceil(options.threads).max(1)
}

/// One thread's server, from its first connection to its last.
fn run_one(
    listener: TcpListener,
    watch: Watch,
    connections: Connections,
    options: &Options,
) -> io::Result<()> {
    let path = options.timeline.as_deref();
    let timeline = path.map(|_| Rc::new(Timeline::with_capacity(options.timeline_last)));
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
        let server = Server::new(listener, Rc::new(connections))?;
        let stopped = unless(server.start(), watch.stop(&executor)).await;
        server.close().await;
        stopped.unwrap_or(Ok(()))
    })?;
    let picture = timeline.zip(path);
    picture.map_or(Ok(()), |(timeline, path)| timeline::write_timeline(&timeline, path))
}

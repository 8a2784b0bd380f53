//! A load generator for the pizza server, and for whatever else speaks its protocol.
//!
//! Run it with `cargo run --release --example pizza-rush 127.0.0.1:12345`. `options.rs` reads the
//! command line, `client.rs` is one client, `tally.rs` has the figures; this file sends the
//! clients out and waits for them.
//!
//! The loop is closed: a client orders again when it has been answered. So the latencies are
//! those of as many orders at a time as there are clients; a slow server gets fewer orders, and
//! no queue of them builds up.

mod client;
mod options;
mod tally;

use std::{
    cell::RefCell,
    io::{self, ErrorKind, IsTerminal, Write},
    pin::pin,
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use client::Rush;
use options::{Command, Options};
use pizzaiolo::{net::TcpStream, time::timeout};
use tally::Tally;

const HELP: &str = "\
Orders pizzas over TCP, as many as it can, and checks every reply.

Usage: pizza-rush ADDR [--clients N] [--seconds S | --orders N] [--patience S]

  ADDR          where the server listens, such as 127.0.0.1:12345
  --clients N   how many connections order at the same time: 64 unless given. Each needs a
                descriptor, see ulimit -Hn.
  --seconds S   for how long new orders are made: 10 unless given
  --orders N    make so many orders instead, all clients together
  --patience S  give up when no client has been answered for this many whole seconds: 10 unless given
  --help        this text

A client orders, reads the whole reply, and orders again. One order in 16 is no number, and
must be refused.

Exit status: 1 if a reply was wrong or missing or a connection failed, 2 if the command line
cannot be read.";

/// How many connections are made at a time: fewer than the shortest queue of a listener holds.
const CONNECT_AT_ONCE: usize = 64;

const SECOND: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let options = match options::parse(std::env::args_os().skip(1)) {
        Ok(Command::Rush(options)) => options,
        Ok(Command::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => return fail(2, &format!("{message}, see --help")),
    };
    // If it cannot be raised, connections fail without descriptors, and that is reported.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let tally = pizzaiolo::block_on(rush(&options));
    if tally.connected == 0 {
        let reason = tally.failures.first().map_or("no address", |(reason, _)| reason);
        return fail(1, &format!("cannot connect to {}: {reason}", options.addr));
    }
    if let Err(error) = io::stdout().write_all(tally.report().as_bytes()) {
        return fail(1, &format!("cannot write the figures: {error}"));
    }
    match tally.complaints() {
        None => ExitCode::SUCCESS,
        Some(complaints) => fail(1, &complaints),
    }
}

fn fail(status: u8, message: &str) -> ExitCode {
    eprintln!("pizza-rush: {message}");
    ExitCode::from(status)
}

/// Connects all clients, lets them order, and returns what came of it.
async fn rush(options: &Options) -> Tally {
    let mut tally = Tally::new();
    let streams = connect(options, &mut tally).await;
    tally.start();
    let rush = Rc::new(Rush::new(options, tally));

    let clients: Vec<_> = streams
        .into_iter()
        .map(|stream| pizzaiolo::spawn(client::client(stream, Rc::clone(&rush))))
        .collect();
    let mut all = pin!(async {
        for client in clients {
            client.await.expect("a client does not panic");
        }
    });

    let mut progress = Progress::new();
    let mut idle_seconds = 0;
    while timeout(SECOND, all.as_mut()).await.is_err() {
        idle_seconds = if progress.show(&rush.tally) { 0 } else { idle_seconds + 1 };
        if idle_seconds >= options.patience {
            rush.tally.borrow_mut().give_up(idle_seconds);
            break;
        }
    }
    progress.end();
    // Clients that are still waiting share the tally, so it is taken from under them.
    rush.tally.replace(Tally::new())
}

/// Makes the connections, before the clock starts.
async fn connect(options: &Options, tally: &mut Tally) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    let mut left = options.clients;
    while left > 0 {
        let some = left.min(CONNECT_AT_ONCE);
        left -= some;
        let tries: Vec<_> = (0..some)
            .map(|_| {
                let addrs = options.addrs.clone();
                let patience = SECOND.saturating_mul(options.patience);
                pizzaiolo::spawn(async move {
                    match timeout(patience, TcpStream::connect(&addrs[..])).await {
                        Ok(stream) => stream.and_then(|stream| {
                            stream.set_nodelay(true)?;
                            Ok(stream)
                        }),
                        Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "no answer")),
                    }
                })
            })
            .collect();
        for attempt in tries {
            match attempt.await.expect("connecting does not panic") {
                Ok(stream) => streams.push(stream),
                Err(error) => tally.failed(error.to_string()),
            }
        }
        if streams.is_empty() {
            break; // No server listens; more tries would only take longer.
        }
    }
    tally.connected = streams.len();
    streams
}

/// The line that says how it goes, once a second.
struct Progress {
    started: Instant,
    /// On a terminal, each line replaces the one before.
    terminal: bool,
    shown: bool,
    /// How many orders were answered when the line was written last, and when that was.
    answered: u64,
    since: Instant,
}

impl Progress {
    fn new() -> Progress {
        let now = Instant::now();
        let terminal = io::stderr().is_terminal();
        Progress { started: now, terminal, shown: false, answered: 0, since: now }
    }

    /// Writes the line. Returns whether anyone has been answered since the last one.
    fn show(&mut self, tally: &RefCell<Tally>) -> bool {
        let answered = tally.borrow().answered();
        let now = Instant::now();
        let rate = tally::per_second(answered - self.answered, now - self.since);
        let seconds = (now - self.started).as_secs();
        let line = format!("{seconds} s: {answered} orders, {rate:.0} orders/s");
        // A progress line that cannot be printed is no reason to stop.
        let _ = if self.terminal {
            write!(io::stderr(), "\r{line}\x1b[K")
        } else {
            writeln!(io::stderr(), "{line}")
        };
        let moved = answered > self.answered;
        (self.shown, self.answered, self.since) = (true, answered, now);
        moved
    }

    /// Leaves the terminal's line to what comes next.
    fn end(&self) {
        if self.terminal && self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

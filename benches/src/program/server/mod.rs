//! The pizza server, once for each runtime and twice by hand: `programs server KIND ADDR`.
//!
//! All do the same work for an order, that of `order.rs`: one read of up to 1,024 bytes, trim,
//! parse, format into a stack buffer, one write. The first line on standard output names the
//! address. Without a limit it serves until its standard input ends; with one it stops right after
//! the last order or connection, without tearing anything down, so that two runs with different
//! limits differ by nothing but the orders between them. Then it says what it used.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::process::{ExitCode, exit};
use std::thread;

use pizzaiolo_benches::process::Process;
use pizzaiolo_benches::runtime::{LocalPool, LocalRuntime, LocalSet, Smol, Tokio};
use pizzaiolo_benches::server::{KINDS, LISTENING};

mod async_io;
mod mio;
mod monoio;
mod pizzaiolo;
mod tokio;

const USAGE: &str = "programs server KIND ADDR [--orders N | --connections N] [--nodelay]";

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let Some(options) = Options::read(arguments) else {
        eprintln!("{USAGE}\nKIND: {}", KINDS.join(", "));
        return ExitCode::from(2);
    };
    match options.serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", options.kind);
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Options {
    kind: String,
    address: String,
    /// Stop after so many orders.
    orders: Option<u64>,
    /// Stop after so many connections have ended.
    connections: Option<u64>,
    /// Send each reply at once, whatever is under way.
    nodelay: bool,
}

impl Options {
    fn read(arguments: &[String]) -> Option<Self> {
        let [kind, address, flags @ ..] = arguments else { return None };
        let mut options = Options {
            kind: kind.clone(),
            address: address.clone(),
            orders: None,
            connections: None,
            nodelay: false,
        };
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            match flag.as_str() {
                "--orders" => options.orders = Some(flags.next()?.parse().ok()?),
                "--connections" => options.connections = Some(flags.next()?.parse().ok()?),
                "--nodelay" => options.nodelay = true,
                _ => return None,
            }
        }
        KINDS.contains(&options.kind.as_str()).then_some(options)
    }

    /// Serves until a limit is reached, or standard input ends.
    fn serve(&self) -> io::Result<()> {
        // Failing that, what the shell allows has to do.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        ORDERS_LEFT.set(self.orders.unwrap_or(u64::MAX));
        CONNECTIONS_LEFT.set(self.connections.unwrap_or(u64::MAX));
        let listener = TcpListener::bind(&self.address)?;
        listener.set_nonblocking(true)?;
        println!("{LISTENING}{}", listener.local_addr()?);
        io::stdout().flush()?;
        if self.orders.is_none() && self.connections.is_none() {
            thread::spawn(stop_with_stdin);
        }
        match self.kind.as_str() {
            "mio" => mio::run(listener, self.nodelay, mio::Reads::TrustShort),
            "mio-drain" => mio::run(listener, self.nodelay, mio::Reads::Drain),
            "tokio" => tokio::run::<Tokio>(listener, self.nodelay),
            "tokio-local" => tokio::run::<LocalRuntime>(listener, self.nodelay),
            "tokio-localset" => tokio::run::<LocalSet>(listener, self.nodelay),
            "smol" => async_io::run::<Smol>(listener, self.nodelay),
            "localpool" => async_io::run::<LocalPool>(listener, self.nodelay),
            "monoio" => monoio::run(listener, self.nodelay),
            _ => pizzaiolo::run(listener, self.nodelay),
        }
    }
}

thread_local! {
    static ORDERS_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static CONNECTIONS_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Every server calls this after each reply.
fn order_served() {
    ORDERS_LEFT.set(ORDERS_LEFT.get() - 1);
    if ORDERS_LEFT.get() == 0 {
        stop();
    }
}

/// Every server calls this once a connection is closed.
fn connection_ended() {
    CONNECTIONS_LEFT.set(CONNECTIONS_LEFT.get() - 1);
    if CONNECTIONS_LEFT.get() == 0 {
        stop();
    }
}

fn stop_with_stdin() {
    let mut rest = [0; 64];
    while matches!(io::stdin().read(&mut rest), Ok(1..)) {}
    stop();
}

/// Says what the process used, and ends it.
fn stop() -> ! {
    if let Ok(time) = Process::this().processor_time() {
        // The process that started this may have stopped reading.
        let _ = writeln!(io::stdout(), "processor time: {} ns", time.as_nanos());
    }
    exit(0);
}

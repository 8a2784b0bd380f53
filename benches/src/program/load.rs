//! A plain client for the scripts: `programs load ADDR --clients N --orders M [--slow | --one-shot]`.
//!
//! Every client sends its next order when the last one's reply is there. With `--slow` it thinks
//! for 20 ms in between; with `--one-shot` each order has a connection of its own.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use pizzaiolo_benches::load::Load;

const USAGE: &str = "programs load ADDR --clients N --orders M [--slow | --one-shot]";

/// Long enough for a server under strace to be done and asleep again.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let Some(options) = Options::read(arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match options.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", options.address);
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Options {
    address: SocketAddr,
    clients: usize,
    orders: usize,
    manner: Manner,
}

/// How the clients go about it.
enum Manner {
    /// The next order follows the reply at once.
    Eager,
    /// The next order follows after a pause.
    Slow,
    /// The next order comes over a new connection.
    OneShot,
}

impl Options {
    fn read(arguments: &[String]) -> Option<Self> {
        let [address, flags @ ..] = arguments else { return None };
        let address = address.parse().ok()?;
        let mut options = Options { address, clients: 64, orders: 10_000, manner: Manner::Eager };
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            match flag.as_str() {
                "--clients" => options.clients = flags.next()?.parse().ok()?,
                "--orders" => options.orders = flags.next()?.parse().ok()?,
                "--slow" => options.manner = Manner::Slow,
                "--one-shot" => options.manner = Manner::OneShot,
                _ => return None,
            }
        }
        (options.clients > 0).then_some(options)
    }

    fn run(&self) -> io::Result<()> {
        // Failing that, what the shell allows has to do.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let mut load = Load::connect(self.address, self.clients)?;
        let orders = self.orders.saturating_sub(Load::orders_to_connect(self.clients));
        match self.manner {
            Manner::Eager => load.order(orders),
            Manner::Slow => load.order_slowly(orders, PAUSE),
            Manner::OneShot => load.come_and_go(self.address, orders),
        }
    }
}

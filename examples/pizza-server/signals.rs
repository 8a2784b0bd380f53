//! The signals that the server listens to.

use std::{
    io::{self, Write},
    sync::{Arc, atomic::AtomicBool},
};

use log::{info, warn};
use pizzaiolo::{Async, Executor};
use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGUSR1},
    flag, low_level,
};
use signal_hook_mio::v1_0::Signals;

/// The signals, as one thread sees them. Every thread has its own, and each gets every signal.
pub(crate) struct Watch(Signals);

impl Watch {
    /// What comes from now on is not lost.
    pub(crate) fn new() -> io::Result<Watch> {
        Signals::new([SIGINT, SIGTERM, SIGUSR1]).map(Watch)
    }

    /// Waits for SIGINT or SIGTERM. Until then, prints the executor's tasks at each SIGUSR1.
    pub(crate) async fn stop(self, executor: &Executor) -> io::Result<()> {
        let mut signals = Async::new(self.0)?;
        let next =
            |from: &mut Signals| from.pending().next().ok_or(io::ErrorKind::WouldBlock.into());
        loop {
            let signal = signals.read_with_mut(next).await?;
            if signal != SIGUSR1 {
                info!("{}: closing", low_level::signal_name(signal).unwrap_or("signal"));
                return Ok(());
            }
            if let Err(error) = writeln!(io::stdout(), "{}", executor.tasks()) {
                warn!("Cannot print the tasks: {error}");
            }
        }
    }
}

/// From now on, the second SIGINT or SIGTERM ends the process at once, in the signal's handler: also
/// if the server is stuck. The first is left to the [`Watch`].
pub(crate) fn end_at_the_second() -> io::Result<()> {
    let second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down, and raises it.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second))?;
        flag::register(signal, Arc::clone(&second))?;
    }
    Ok(())
}

/// Tells the other threads that this one cannot go on.
pub(crate) fn raise() {
    if let Err(error) = low_level::raise(SIGTERM) {
        warn!("The other threads cannot be told: {error}");
    }
}

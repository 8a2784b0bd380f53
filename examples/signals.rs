//! Signals as something to await, with the `signal-hook-mio` crate and [`pizzaiolo::Async`].
//!
//! Run it with `cargo run --example signals`. Then send it signals: it prints and counts each `kill
//! -USR1 PID`, and ends after Ctrl-C. The pizza server waits for them on a thread.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use std::io::ErrorKind;

    use pizzaiolo::Async;
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
    use signal_hook_mio::v1_0::Signals;

    pizzaiolo::block_on(async {
        // `Signals` contains a socket. The handler of a signal writes to it.
        let mut signals = Async::new(Signals::new([SIGINT, SIGTERM, SIGUSR1])?)?;
        println!("Waiting for signals, as process {}", std::process::id());
        let mut calls = 0;
        loop {
            let next = |signals: &mut Signals| {
                // `None` means "would block": wait, and try again.
                signals.pending().next().ok_or(ErrorKind::WouldBlock.into())
            };
            match signals.read_with_mut(next).await? {
                SIGUSR1 => {
                    calls += 1;
                    println!("SIGUSR1, call {calls}");
                }
                signal => {
                    println!("Signal {signal} after {calls} calls: the end");
                    return Ok(());
                }
            }
        }
    })
}

#[cfg(not(unix))]
fn main() {
    println!("This platform has no signals.");
}

//! The signals of the process, and Ctrl-C on Windows. A thread waits for them, and wakes the executors.

use std::{io, io::Write, pin::pin, process::exit, thread, time::Duration};

use async_lock::OnceCell;
use event_listener::Event;
use log::{info, warn};
use pizzaiolo::{Executor, time::sleep};

use crate::connections::unless;

static STOP: OnceCell<()> = OnceCell::new();
static SHOW_TASKS: Event = Event::new();

/// From now on no signal is lost. The second that ends the server ends the process at once, also if
/// the server is stuck.
#[cfg(unix)]
pub(crate) fn listen() -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
    use signal_hook::{iterator::Signals, low_level::signal_name};

    let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGUSR1 => drop(SHOW_TASKS.notify(usize::MAX)),
                _ => stop(signal_name(signal).unwrap_or("signal"), 128 + signal),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn listen() -> io::Result<()> {
    ctrlc::set_handler(|| stop("Ctrl-C", 130)).map_err(io::Error::other)
}

fn stop(signal: &str, status: i32) {
    if STOP.is_initialized() {
        exit(status);
    }
    info!("{signal}: closing");
    let _ = STOP.set_blocking(());
}

/// Waits until the server is to end. Until then, prints the executor's tasks at each SIGUSR1.
pub(crate) async fn stopped(executor: &Executor) {
    let mut show_tasks = SHOW_TASKS.listen();
    while unless(pin!(STOP.wait()), pin!(show_tasks)).await.is_some() {
        show_tasks = SHOW_TASKS.listen();
        if let Err(error) = writeln!(io::stdout(), "{}", executor.tasks()) {
            warn!("Cannot print the tasks: {error}");
        }
    }
    // The wake of another thread can be sooner here than an order that was sent before the signal.
    // When a timer fires, the reactor has seen all that has come.
    sleep(Duration::from_millis(1)).await;
}

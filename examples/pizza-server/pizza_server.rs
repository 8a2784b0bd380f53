//! The pizza server: the original's `Server`, on `async fn` tasks.
//!
//! Run it with `cargo run --release --example pizza-server`, and order with `nc 127.0.0.1 12345`.
//! What it survives, and how that was tried, is in `docs/under-fire.md`.
//!
//! The accept loop and the client loop are in `server.rs`; this file reads the command line, and
//! `run.rs` starts an executor for each thread and ends it when a signal says so.

mod connections;
mod conversation;
mod listeners;
mod options;
mod run;
mod server;
#[cfg_attr(not(unix), path = "no_signals.rs")]
mod signals;
mod timeline;

use std::process::ExitCode;

use log::{info, warn};

use options::{HELP, Options, Request};
use run::run;

/// The descriptors that are kept for other things than connections: the standard streams, and a
/// few to spare.
const FILES_KEPT: usize = 8;
/// And for each thread: its reactor takes two, its listener one, its signals two.
const FILES_KEPT_A_THREAD: usize = 5;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let options = match Request::parse(std::env::args_os().skip(1)) {
        Ok(Request::Serve(options)) => options,
        Ok(Request::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => return fail(2, &message),
    };
    let listeners = match listeners::bind(&options.addr, options.threads) {
        Ok(listeners) => listeners,
        Err(error) => return fail(1, &format!("cannot listen at {}: {error}", options.addr)),
    };
    let connections = connections_a_thread(&options);
    match run(listeners, connections, &options) {
        Ok(()) => info!("Server stopped."),
        Err(error) => return fail(1, &format!("cannot go on: {error}")),
    }
    ExitCode::SUCCESS
}

fn fail(status: u8, message: &str) -> ExitCode {
    eprintln!("pizza-server: {message}");
    ExitCode::from(status)
}

/// Raises the limit of open files as far as it goes, and says how many connections each thread
/// may have.
fn connections_a_thread(options: &Options) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        warn!("The limit of open files stays as it is: {error}");
        256
    });
    info!("Up to {files} files may be open");
    let kept = FILES_KEPT + FILES_KEPT_A_THREAD * options.threads;
    let allowed = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(kept);
    options.max_connections.unwrap_or(allowed).div_ceil(options.threads).max(1)
}

//! The pizza server: the original's `Server`, on `async fn` tasks.
//!
//! Run it with `cargo run --release --example pizza-server`, and order with `nc 127.0.0.1 12345`.
//! The accept loop and the client loop are in `server.rs`; this file reads the command line.

mod server;

use std::{net::ToSocketAddrs, process::ExitCode};

use server::Server;

const HELP: &str = "\
Serves pizzas over TCP, to many clients at once, on one thread.

Usage: pizza-server [ADDR]

  ADDR    where to listen: 127.0.0.1:12345 unless given. Port 0 is any free port.
  --help  this text

Each read of up to 1,024 bytes is one order: a number, with or without a sign and white
space around it. Try it: nc 127.0.0.1 12345

RUST_LOG sets what is logged to stderr: info unless set; trace shows each step.
Exit status: 1 if the address cannot be had, 2 if the command line cannot be read.";

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    // `args` would panic at what is not Unicode.
    let mut args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let addr = match (args.next(), args.next()) {
        (Some(arg), None) if arg == "--help" || arg == "-h" => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        (Some(arg), None) if arg.starts_with('-') => {
            return fail(2, &format!("unknown option {arg:?}, see --help"));
        }
        (addr, None) => addr.unwrap_or_else(|| "127.0.0.1:12345".to_owned()),
        (_, Some(extra)) => return fail(2, &format!("unexpected argument {extra:?}, see --help")),
    };
    if let Err(error) = addr.to_socket_addrs() {
        return fail(2, &format!("{addr:?} is no address to listen at: {error}"));
    }
    let server = match Server::bind(&addr) {
        Ok(server) => server,
        Err(error) => return fail(1, &format!("cannot listen at {addr}: {error}")),
    };
    pizzaiolo::block_on(server.start());
    ExitCode::SUCCESS
}

fn fail(status: u8, message: &str) -> ExitCode {
    eprintln!("pizza-server: {message}");
    ExitCode::from(status)
}

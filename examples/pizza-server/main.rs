//! The pizza server: the original's `Server`, on `async fn` tasks.
//!
//! Run it with `cargo run --release --example pizza-server`, and order with `nc 127.0.0.1 12345`.
//! The accept loop and the client loop are in `server.rs`; this file reads the command line, and
//! `timeline.rs` writes the picture that `--timeline` asks for.

mod server;
mod timeline;

use std::{
    io,
    net::ToSocketAddrs,
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
};

use pizzaiolo::{Executor, trace::Timeline};
use server::Server;

const HELP: &str = "\
Serves pizzas over TCP, to many clients at once, on one thread.

Usage: pizza-server [--timeline FILE] [ADDR]

  ADDR             where to listen: 127.0.0.1:12345 unless given. Port 0 is any free port.
  --timeline FILE  write a picture of the run at the end: a Mermaid diagram if the name ends
                   in .mmd, an SVG if .svg, a trace for Perfetto if .json
  --help           this text

Each read of up to 1,024 bytes is one order: a number, with or without a sign and white
space around it. Try it: nc 127.0.0.1 12345

RUST_LOG sets what is logged to stderr: info unless set; trace shows each step.
Exit status: 1 if the address cannot be had or the picture cannot be written, 2 if the
command line cannot be read.";

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let (mut addr, mut picture) = (None, None);
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        // `args` would panic at what is not Unicode.
        match &*arg.to_string_lossy() {
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            "--timeline" => match args.next().map(PathBuf::from) {
                Some(path) => picture = Some(path),
                None => return fail(2, "--timeline needs the name of a file, see --help"),
            },
            option if option.starts_with('-') => {
                return fail(2, &format!("unknown option {option:?}, see --help"));
            }
            arg if addr.is_none() => addr = Some(arg.to_owned()),
            extra => return fail(2, &format!("unexpected argument {extra:?}, see --help")),
        }
    }
    let addr = addr.unwrap_or_else(|| "127.0.0.1:12345".to_owned());
    if let Some(Err(error)) = picture.as_deref().map(timeline::format) {
        return fail(2, &format!("--timeline: {error}"));
    }
    if let Err(error) = addr.to_socket_addrs() {
        let message = format!("{addr:?} is no address, such as 127.0.0.1:12345: {error}");
        return fail(2, &message);
    }
    let server = match Server::bind(&addr) {
        Ok(server) => server,
        Err(error) => return fail(1, &format!("cannot listen at {addr}: {error}")),
    };
    match run(&server, picture.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error.to_string()),
    }
}

/// Serves, and writes the picture if there is to be one.
fn run(server: &Server, picture: Option<&Path>) -> io::Result<()> {
    let Some(path) = picture else {
        pizzaiolo::block_on(server.start());
        return Ok(());
    };
    let timeline = Rc::new(Timeline::new());
    let executor = Executor::builder().observer(Rc::clone(&timeline)).build()?;
    executor.block_on(server.start());
    timeline::write_timeline(&timeline, path)
}

fn fail(status: u8, message: &str) -> ExitCode {
    eprintln!("pizza-server: {message}");
    ExitCode::from(status)
}

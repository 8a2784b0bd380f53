//! The command line.

use std::{ffi::OsString, net::ToSocketAddrs, path::PathBuf, time::Duration};

use lexopt::{Arg, Error, Parser, ValueExt};

use crate::timeline;

pub(crate) const HELP: &str = "\
Serves pizzas over TCP, to many clients at once.

Usage: pizza-server [OPTIONS] [ADDR]

  ADDR                    where to listen: 127.0.0.1:12345 unless given. That is this machine
                          only; give 0.0.0.0:12345 to serve others. Port 0 is any free port.
  --threads N             so many executors, each with its own thread and listener [1]
  --max-connections N     how many may be served at once; who comes then has to wait
                          [what the limit of open files allows]
  --idle-timeout SECONDS  hang up on who neither speaks nor listens for so long [never]
  --timeline FILE         write a picture of the run at the end: a page to step through it if
                          the name ends in .html, an SVG if .svg, a Mermaid diagram if .mmd,
                          a trace for Perfetto if .json
  --timeline-last N       of the last N events only [65,536]
  --watch ADDR            serve a page at http://ADDR/ that shows the run while it goes on; give a
                          loopback address, for all who reach it can read it
  --help                  this text

Each read of up to 1,024 bytes is one order: a number, with or without a sign and white
space around it. Try it: nc 127.0.0.1 12345

SIGINT and SIGTERM: takes no more orders, hangs up when the last has its reply or after 5 s;
a second one ends it at once. SIGUSR1 prints what each task waits for.
RUST_LOG sets what is logged to stderr: info unless set; trace shows each step.
Exit status: 1 if the address cannot be had or the picture cannot be written, 2 if the
command line cannot be read.";

pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) threads: usize,
    pub(crate) max_connections: Option<usize>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) timeline: Option<PathBuf>,
    pub(crate) timeline_last: usize,
    pub(crate) watch: Option<String>,
}

/// Reads the command line; `None` if it asks for help. An error is one line that says what is wrong.
pub(crate) fn parse() -> Result<Option<Options>, Error> {
    let (mut addr, mut threads, mut max_connections, mut idle_timeout) = (None, 1, None, None);
    let (mut timeline, mut timeline_last, mut watch) = (None, 65_536, None);
    let mut args = Parser::from_env();
    while let Some(arg) = args.next()? {
        let name = if let Arg::Long(name) = arg { format!("--{name}") } else { String::new() };
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Long("threads") => threads = number(&name, args.value()?)?,
            Arg::Long("max-connections") => max_connections = Some(number(&name, args.value()?)?),
            Arg::Long("idle-timeout") => idle_timeout = Some(seconds(&name, args.value()?)?),
            Arg::Long("timeline") => timeline = Some(picture(&name, args.value()?)?),
            Arg::Long("timeline-last") => timeline_last = number(&name, args.value()?)?,
            Arg::Long("watch") => watch = Some(address(&name, args.value()?)?),
            Arg::Value(value) if addr.is_none() => addr = Some(address("address", value)?),
            _ => return Err(arg.unexpected()),
        }
    }
    if threads > 1 && (timeline.is_some() || watch.is_some()) {
        return Err("--timeline and --watch are of one thread".into());
    }
    let addr = addr.unwrap_or_else(|| "127.0.0.1:12345".to_owned());
    Ok(Some(Options {
        addr,
        threads,
        max_connections,
        idle_timeout,
        timeline,
        timeline_last,
        watch,
    }))
}

fn address(name: &str, value: OsString) -> Result<String, Error> {
    let addr = value.string()?;
    match addr.to_socket_addrs() {
        Ok(_) => Ok(addr),
        Err(error) => Err(format!("{name} {addr:?} is none, such as 127.0.0.1:12345: {error}"))?,
    }
}

fn number(name: &str, value: OsString) -> Result<usize, Error> {
    let value = value.string()?;
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{name} needs a number from 1 on, not {value:?}").into())
}

fn seconds(name: &str, value: OsString) -> Result<Duration, Error> {
    let value = value.string()?;
    let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| format!("{name} needs seconds, more than 0, not {value:?}").into())
}

fn picture(name: &str, value: OsString) -> Result<PathBuf, Error> {
    let path = PathBuf::from(value);
    timeline::format(&path).map_err(|error| format!("{name}: {error}"))?;
    Ok(path)
}

//! The command line.

use std::{ffi::OsString, net::ToSocketAddrs, path::PathBuf, str::FromStr, time::Duration};

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

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) threads: usize,
    /// How many connections there may be at once; `None`: what the limit of open files allows.
    pub(crate) max_connections: Option<usize>,
    pub(crate) idle_timeout: Option<Duration>,
    /// Where to write a picture of the run.
    pub(crate) timeline: Option<PathBuf>,
    /// How many events the picture has at most.
    pub(crate) timeline_last: usize,
    /// Where to serve the page that shows the run.
    pub(crate) watch: Option<String>,
}

/// What the command line asks for.
pub(crate) enum Request {
    Help,
    Serve(Options),
}

impl Request {
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub(crate) fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Request, String> {
        let mut addr = None;
        let mut options = Options {
            addr: String::new(),
            threads: 1,
            max_connections: None,
            idle_timeout: None,
            timeline: None,
            timeline_last: 65_536,
            watch: None,
        };
        while let Some(arg) = args.next() {
            // `args` would panic at what is not Unicode; only the name of a file need not be.
            let arg = arg.to_string_lossy().into_owned();
            // Both `--threads 4` and `--threads=4`.
            let (name, mut value) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.into())),
                _ => (arg.as_str(), None),
            };
            let mut file = || {
                let value = value.take().or_else(|| args.next());
                value.ok_or_else(|| format!("{name} needs a value, see --help"))
            };
            let mut value = || file().map(|value| value.to_string_lossy().into_owned());
            match name {
                "--help" | "-h" => return Ok(Request::Help),
                "--threads" => options.threads = at_least_one(name, &value()?)?,
                "--max-connections" => {
                    options.max_connections = Some(at_least_one(name, &value()?)?);
                }
                "--idle-timeout" => options.idle_timeout = Some(seconds(name, &value()?)?),
                "--timeline" => options.timeline = Some(picture(name, file()?)?),
                "--timeline-last" => options.timeline_last = at_least_one(name, &value()?)?,
                "--watch" => options.watch = Some(address(name, value()?)?),
                _ if name.starts_with('-') => {
                    return Err(format!("unknown option {name:?}, see --help"));
                }
                _ if addr.is_none() => addr = Some(arg),
                _ => return Err(format!("unexpected argument {arg:?}, see --help")),
            }
        }
        if options.timeline.is_some() && options.threads > 1 {
            return Err("--timeline is the picture of one thread, see --help".to_owned());
        }
        if options.watch.is_some() && options.threads > 1 {
            return Err("--watch shows one thread, see --help".to_owned());
        }
        options.addr = addr.unwrap_or_else(|| "127.0.0.1:12345".to_owned());
        is_address(&options.addr)?;
        Ok(Request::Serve(options))
    }
}

fn is_address(addr: &str) -> Result<(), String> {
    match addr.to_socket_addrs() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{addr:?} is no address, such as 127.0.0.1:12345: {error}")),
    }
}

fn address(name: &str, value: String) -> Result<String, String> {
    is_address(&value).map_err(|error| format!("{name}: {error}"))?;
    Ok(value)
}

fn at_least_one(name: &str, value: &str) -> Result<usize, String> {
    let number = usize::from_str(value).ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{name} needs a number from 1 on, not {value:?}"))
}

fn seconds(name: &str, value: &str) -> Result<Duration, String> {
    let seconds = f64::from_str(value).ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| format!("{name} needs a number of seconds above 0, not {value:?}"))
}

fn picture(name: &str, value: OsString) -> Result<PathBuf, String> {
    let path = PathBuf::from(value);
    timeline::format(&path).map_err(|error| format!("{name}: {error}"))?;
    Ok(path)
}

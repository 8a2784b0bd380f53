//! The command line.

use std::{ffi::OsString, net::ToSocketAddrs, path::PathBuf, process::exit, time::Duration};

use lexopt::{Error, Parser, prelude::*};
use pizzaiolo_watch::Timeline;

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) addr: Option<String>,
    pub(crate) threads: Option<usize>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) timeline: Option<(PathBuf, Format)>,
    pub(crate) timeline_last: Option<usize>,
    pub(crate) watch: Option<String>,
}

/// How a run is drawn.
pub(crate) type Format = fn(&Timeline) -> String;

/// Reads the command line. An error is one line that says what is wrong.
pub(crate) fn parse() -> Result<Options, Error> {
    let (mut options, mut args) = (Options::default(), Parser::from_env());
    while let Some(arg) = args.next()? {
        let name = if let Long(name) = arg { format!("--{name}") } else { "ADDR".to_owned() };
        match arg {
            Short('h') | Long("help") => {
                print!("{}", include_str!("help.txt"));
                exit(0)
            }
            Long("threads") => options.threads = Some(number(&name, args.value()?)?),
            Long("max-connections") => {
                options.max_connections = Some(number(&name, args.value()?)?);
            }
            Long("idle-timeout") => options.idle_timeout = Some(seconds(&name, args.value()?)?),
            Long("timeline") => options.timeline = Some(picture(&name, args.value()?)?),
            Long("timeline-last") => options.timeline_last = Some(number(&name, args.value()?)?),
            Long("watch") => options.watch = Some(address(&name, args.value()?)?),
            Value(addr) if options.addr.is_none() => options.addr = Some(address(&name, addr)?),
            _ => return Err(arg.unexpected()),
        }
    }
    if options.threads > Some(1) && (options.timeline.is_some() || options.watch.is_some()) {
        return Err("--timeline and --watch are of one thread".into());
    }
    Ok(options)
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
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let duration = seconds.filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| format!("{name} needs seconds, more than 0, not {value:?}").into())
}

fn picture(name: &str, value: OsString) -> Result<(PathBuf, Format), Error> {
    let path = PathBuf::from(value);
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => Timeline::to_html,
        Some("svg") => Timeline::to_svg,
        Some("mmd") => Timeline::to_mermaid,
        Some("json") => Timeline::to_chrome_trace,
        _ => return Err(format!("{name} needs a file in .html, .svg, .mmd or .json").into()),
    };
    Ok((path, format))
}

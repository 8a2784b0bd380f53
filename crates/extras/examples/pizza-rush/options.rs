//! The command line.

use std::{
    ffi::OsString,
    fmt::Display,
    net::{SocketAddr, ToSocketAddrs},
    str::FromStr,
    time::Duration,
};

pub(crate) enum Command {
    Help,
    Rush(Options),
}

pub(crate) struct Options {
    /// As it was given, for messages.
    pub(crate) addr: String,
    pub(crate) addrs: Vec<SocketAddr>,
    pub(crate) clients: usize,
    pub(crate) until: Until,
    /// In seconds.
    pub(crate) patience: u32,
}

/// When no new order is made.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    Elapsed(Duration),
    Ordered(u64),
}

/// Reads the arguments. The error is a message without a full stop.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let (mut addr, mut until, mut clients, mut patience) = (None, None, 64, 10);
    let mut args = args.into_iter().map(|arg| arg.to_string_lossy().into_owned());
    while let Some(arg) = args.next() {
        match &*arg {
            "--help" | "-h" => return Ok(Command::Help),
            "--clients" => clients = at_least_one(&arg, args.next())?,
            "--patience" => patience = at_least_one(&arg, args.next())?,
            "--seconds" | "--orders" if until.is_some() => {
                return Err("--seconds and --orders are one or the other, and once".to_owned());
            }
            "--seconds" => until = Some(Until::Elapsed(duration(&arg, args.next())?)),
            "--orders" => until = Some(Until::Ordered(at_least_one(&arg, args.next())?)),
            option if option.starts_with('-') => return Err(format!("unknown option {option:?}")),
            _ if addr.is_none() => addr = Some(arg),
            extra => return Err(format!("unexpected argument {extra:?}")),
        }
    }
    let addr = addr.ok_or("the server's address is missing")?;
    let addrs = addr
        .to_socket_addrs()
        .map_err(|error| format!("{addr:?} is no address, such as 127.0.0.1:12345: {error}"))?
        .collect();
    let until = until.unwrap_or(Until::Elapsed(Duration::from_secs(10)));
    Ok(Command::Rush(Options { addr, addrs, clients, until, patience }))
}

fn at_least_one<N>(option: &str, value: Option<String>) -> Result<N, String>
where
    N: FromStr<Err: Display> + PartialOrd + From<u8>,
{
    let value = value.ok_or_else(|| format!("{option} needs a number"))?;
    match value.parse() {
        Ok(number) if number >= N::from(1) => Ok(number),
        Ok(_) => Err(format!("{option} {value}: it must be 1 or more")),
        Err(error) => Err(format!("{option} {value:?}: {error}")),
    }
}

fn duration(option: &str, value: Option<String>) -> Result<Duration, String> {
    let value = value.ok_or_else(|| format!("{option} needs a number"))?;
    let seconds: f64 = value.parse().map_err(|error| format!("{option} {value:?}: {error}"))?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(Duration::ZERO) => Err(format!("{option} {value}: it must be more than 0")),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{option} {value}: {error}")),
    }
}

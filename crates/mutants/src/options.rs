//! The command line.

use std::time::Duration;

use crate::Result;

const HELP: &str = "\
usage: cargo run --release -p mutants -- [OPTIONS]

  --only TEXT       run only the mutants whose line in the list has this text
  --sample N        run only N mutants, picked in equal steps
  --again           run the earlier survivors that have no reason again, with new tests
  --record          ask again which mutants each test comes by
  --slow SECONDS    leave tests out that take longer (default: 4)
  --jobs N          run so many mutants at a time (default: 2)
  --report          only print the table of what was run";

/// What is asked for on the command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) only: Option<String>,
    pub(crate) sample: Option<usize>,
    pub(crate) again: bool,
    pub(crate) record: bool,
    pub(crate) slow: Duration,
    pub(crate) jobs: usize,
    pub(crate) only_report: bool,
}

impl Options {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    ///
    /// If one is not known, or has no value: the text of the help.
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Result<Options> {
        let mut args = args;
        let mut options = Options {
            only: None,
            sample: None,
            again: false,
            record: false,
            slow: Duration::from_secs(4),
            jobs: 2,
            only_report: false,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(HELP);
            match arg.as_str() {
                "--only" => options.only = Some(value()?),
                "--sample" => options.sample = Some(value()?.parse()?),
                "--again" => options.again = true,
                "--record" => options.record = true,
                "--slow" => options.slow = Duration::from_secs_f64(value()?.parse()?),
                "--jobs" => options.jobs = value()?.parse()?,
                "--report" => options.only_report = true,
                _ => return Err(HELP.into()),
            }
        }
        Ok(options)
    }
}

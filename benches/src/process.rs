//! What the kernel says that a process uses: read from `/proc`, so on Linux only.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, process};

/// A process, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Process(u32);

impl Process {
    /// The one that asks.
    #[must_use]
    pub fn this() -> Self {
        Process(process::id())
    }

    /// Another one.
    #[must_use]
    pub fn numbered(id: u32) -> Self {
        Process(id)
    }

    /// Memory that is in RAM now, in bytes: `VmRSS`.
    ///
    /// # Errors
    ///
    /// When the process is gone, or where there is no `/proc`.
    pub fn resident_bytes(self) -> io::Result<u64> {
        let status = fs::read_to_string(self.path("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kibibytes
            .and_then(|number| number.parse::<u64>().ok())
            .map(|number| number * 1024)
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "no VmRSS in /proc/PID/status"))
    }

    /// Time on a processor, user's and kernel's, of the threads that are alive.
    ///
    /// # Errors
    ///
    /// When the process is gone, or where there is no `/proc`.
    pub fn processor_time(self) -> io::Result<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(self.path("task"))? {
            // The first number is the time on a processor, in nanoseconds.
            let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
            let first = schedstat.split_whitespace().next();
            nanoseconds += first
                .and_then(|number| number.parse::<u64>().ok())
                .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "no number in schedstat"))?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    fn path(self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.0))
    }
}

//! A server of one kind in a process of its own, which ends with the value that stands for it.

use std::io::{self, BufRead, BufReader, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::Process;

/// Every kind that the `server` program knows, the hand-written floor first.
pub const KINDS: [&str; 9] = [
    "mio",
    "mio-drain",
    "pizzaiolo",
    "tokio",
    "tokio-local",
    "tokio-localset",
    "smol",
    "localpool",
    "monoio",
];

/// What the program says of its address, before the address.
pub const LISTENING: &str = "listening on ";

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts `program`, the program of this package, as a server on a free port. What it serves is orders
    /// (`server`) or web pages (`web`).
    ///
    /// # Errors
    ///
    /// When it can't start, or does not say where it listens.
    pub fn start(program: &Path, serves: &str, kind: &str) -> io::Result<Self> {
        // It stops at the end of its standard input, so that it can't outlive this process.
        let mut child = Command::new(program)
            .args([serves, kind, "127.0.0.1:0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix(LISTENING).and_then(|text| text.parse().ok());
        let Some(address) = address else {
            let message = format!("the server said {line:?}");
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        };
        Ok(Server { child, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process, to ask what it uses.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::numbered(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Nothing is left to do for one that can't be waited for.
        let _ = self.child.wait();
    }
}

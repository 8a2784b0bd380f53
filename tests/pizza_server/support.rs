//! The example as a process, and plain std clients that talk to it.
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "what only the tests of other systems use")
)]

#[path = "../support/example.rs"]
mod example;

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// Only a hang takes so long.
pub(crate) const A_HANG: Duration = Duration::from_secs(60);

pub(crate) const WRONG: &str = "Wrong number of pizzas, please try again.\n";

pub(crate) fn thanks(order: impl std::fmt::Display) -> String {
    format!("Thank you for ordering {order} pizzas!\n")
}

/// The example's program.
pub(crate) fn binary() -> PathBuf {
    example::binary("pizza-server")
}

/// The example, ready to run.
pub(crate) fn command() -> Command {
    prepared(Command::new(binary()))
}

pub(crate) fn prepared(mut command: Command) -> Command {
    command.env_remove("RUST_LOG").env_remove("RUST_LOG_STYLE");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs a command that ends by itself, to its end.
pub(crate) fn finish(command: &mut Command) -> Output {
    let mut process = command.spawn().expect("the example runs");
    let since = Instant::now();
    while process.try_wait().expect("it is ours").is_none() {
        if since.elapsed() > A_HANG {
            process.kill().expect("it is ours");
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(2));
    }
    // What it writes is less than a pipe holds.
    process.wait_with_output().expect("it is ours")
}

/// A line of the log without the level and the module in front.
fn message_of(line: &str) -> String {
    assert!(line.is_ascii() && !line.contains('\u{1b}'), "no colours: {line:?}");
    let (_, message) = line.split_once("] ").expect("a line of the log");
    message.to_owned()
}

/// A server that runs. It is killed at the end of the test, however that ends.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) addr: SocketAddr,
    pub(crate) log: Receiver<String>,
}

impl Server {
    pub(crate) fn start() -> Server {
        let mut command = command();
        command.arg("127.0.0.1:0");
        Server::run(command)
    }

    pub(crate) fn run(mut command: Command) -> Server {
        let mut process = command.spawn().expect("the example runs");
        let mut stderr = process.stderr.take().expect("it is piped");
        let (line, log) = mpsc::channel();
        thread::spawn(move || {
            let mut text = Vec::new();
            let mut buf = [0; 4096];
            while let Ok(len @ 1..) = stderr.read(&mut buf) {
                text.extend_from_slice(&buf[..len]);
                while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                    let rest = text.split_off(end + 1);
                    let whole = String::from_utf8_lossy(&text[..end]).into_owned();
                    // The test may have read all that it wants to know.
                    let _ = line.send(whole);
                    text = rest;
                }
            }
        });
        let mut server = Server { process, addr: SocketAddr::from(([0; 4], 0)), log };
        let addr = server.wait_for("Starting up on: ");
        server.addr = addr.parse().expect("an address");
        server
    }

    /// The next line of the log, without the level and the module in front.
    pub(crate) fn next_line(&self) -> String {
        message_of(&self.log.recv_timeout(A_HANG).expect("the server goes on"))
    }

    /// The lines that are there already.
    pub(crate) fn lines_so_far(&self) -> Vec<String> {
        self.log.try_iter().map(|line| message_of(&line)).collect()
    }

    /// Waits for a line of the log that begins so. Returns what follows.
    pub(crate) fn wait_for(&self, begin: &str) -> String {
        loop {
            if let Some(rest) = self.next_line().strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    /// Sends a signal: `TERM`, for example.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.process.id());
        assert!(Command::new("sh").arg("-c").arg(kill).status().expect("a shell").success());
    }

    /// Waits for the end. Returns the status and what was logged until then.
    pub(crate) fn end(&mut self) -> (ExitStatus, Vec<String>) {
        let mut lines = Vec::new();
        loop {
            match self.log.recv_timeout(A_HANG) {
                Ok(line) => lines.push(line.split_once("] ").map_or("", |line| line.1).to_owned()),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the server does not end"),
            }
        }
        (self.process.wait().expect("it is ours"), lines)
    }

    pub(crate) fn connect(&self) -> Client {
        Client::from(TcpStream::connect_timeout(&self.addr, A_HANG).expect("it listens"))
    }

    /// The same with small buffers: who does not read soon stops who writes.
    pub(crate) fn connect_narrow(&self) -> Client {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)
            .expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        // With small packets, the server's buffer stays small too.
        #[cfg(unix)]
        socket.set_tcp_mss(536).expect("small packets");
        socket.connect(&self.addr.into()).expect("it listens");
        Client::from(TcpStream::from(socket))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says whether all threads of a process sleep: whatever has happened, they have done what follows.
/// Elsewhere than on Linux this is taken for granted.
fn is_asleep(process: u32) -> bool {
    if cfg!(not(target_os = "linux")) {
        return true; // wine would show the folder below, by other numbers.
    }
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return true };
    threads.flatten().all(|thread| {
        // The state follows the name, which is in parentheses. A thread that has just ended has no file.
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('S'))
    })
}

/// A server with options.
pub(crate) fn start(options: &[&str]) -> Server {
    let mut command = command();
    command.arg("127.0.0.1:0").args(options);
    Server::run(command)
}

/// A client that orders pizzas.
pub(crate) struct Client(pub(crate) TcpStream);

impl From<TcpStream> for Client {
    fn from(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(A_HANG)).expect("a timeout");
        stream.set_write_timeout(Some(A_HANG)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Client(stream)
    }
}

impl Client {
    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().expect("its address")
    }

    pub(crate) fn send(&mut self, order: impl AsRef<[u8]>) {
        self.0.write_all(order.as_ref()).expect("the server reads");
    }

    pub(crate) fn reply(&mut self) -> String {
        let mut reply = Vec::new();
        let mut byte = [0];
        while reply.last() != Some(&b'\n') {
            // Not `read`: with a timeout set, a signal that is ignored can interrupt that.
            self.0.read_exact(&mut byte).expect("a reply");
            reply.push(byte[0]);
        }
        String::from_utf8(reply).expect("a reply in UTF-8")
    }

    /// Sends an order again and again and reads no reply, until the server can write no more, and
    /// reads no more. Returns how many bytes were sent. `server` is the id of its process.
    ///
    /// A server on a busy machine may read nothing for any time, because it does not run. So it has to
    /// be seen asleep, while there is no room to send, twice in a row.
    pub(crate) fn fall_silent(&mut self, server: u32, order: &str) -> usize {
        self.0.set_write_timeout(Some(Duration::from_millis(150))).expect("a timeout");
        let orders = order.repeat(64);
        let (mut sent, mut silent) = (0, 0);
        while silent < 2 {
            match self.0.write(&orders.as_bytes()[sent % orders.len()..]) {
                Ok(len) => (sent, silent) = (sent + len, 0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => silent = if is_asleep(server) { silent + 1 } else { 0 },
            }
            assert!(sent < 1 << 30, "the server never waits");
        }
        self.0.set_write_timeout(Some(A_HANG)).expect("a timeout");
        sent
    }

    /// What comes until the server hangs up.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        // A server that never stops would never stop the test.
        (&self.0).take(1 << 26).read_to_string(&mut rest).expect("the end, and no error");
        rest
    }

    pub(crate) fn order(&mut self, order: impl AsRef<[u8]>) -> String {
        self.send(order);
        self.reply()
    }

    /// Ends the conversation with a reset.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).expect("linger");
    }
}

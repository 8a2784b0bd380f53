//! The ladder, driven as real processes by real clients: every step speaks the same protocol, and
//! figures show what is wrong with a step and right with a later one.
//!
//! Nothing here waits for time to pass: a test waits for an event (a reply, a line, a process's own
//! processor time), under a bound that only a hang can reach.

#[cfg(target_os = "linux")]
mod costs;
mod sources;

use std::io::{BufRead, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::{env, fs};

use crate::support::prelude::*;

const STEPS: RangeInclusive<usize> = 1..=11;

const WRONG: &str = "Wrong number of pizzas, please try again.\n";

/// The program of a step.
fn program(step: usize) -> PathBuf {
    crate::support::example::binary(&format!("ladder-{step}"))
}

/// The guide's table of what each step costs. From left to right: the step, how many it serves at
/// once, its threads, its processor time, its system calls.
fn figures() -> Vec<Vec<&'static str>> {
    let table = include_str!("../../../src/guide/figures.md").lines();
    let rows = table.skip(2).map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows: Vec<Vec<_>> = rows.map(|row| row.split(" | ").collect()).collect();
    for (row, step) in rows.iter().zip(STEPS) {
        assert_eq!((row[0], row.len()), (&*step.to_string(), 5), "{row:?}");
    }
    assert_eq!(rows.len(), STEPS.count());
    rows
}

/// A step that runs, until it is dropped.
struct Server {
    step: usize,
    process: Child,
    addr: SocketAddr,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(step: usize) -> Server {
        let mut command = Command::new(program(step));
        command.arg("127.0.0.1:0");
        Server::run(step, &mut command)
    }

    fn run(step: usize, command: &mut Command) -> Server {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the step starts");
        let stdout = lines(process.stdout.take().expect("a pipe"));
        let stderr = lines(process.stderr.take().expect("a pipe"));
        let first = stdout.recv_timeout(BOUND).expect("a first line");
        let addr = first.strip_prefix("Starting up on: ").expect("it says where");
        let addr = addr.parse().expect("an address");
        Server { step, process, addr, stdout, stderr }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.addr).expect("the step listens");
        stream.set_read_timeout(Some(BOUND)).expect("a timeout");
        stream.set_write_timeout(Some(BOUND)).expect("a timeout");
        Client { step: self.step, stream }
    }

    /// As many clients, each of which has been served once: so each has what it gets of the step.
    fn connect_many(&self, count: usize) -> Vec<Client> {
        let mut clients: Vec<_> = (0..count).map(|_| self.connect()).collect();
        clients.iter_mut().for_each(Client::order_one);
        clients
    }

    /// Processor time in clock ticks.
    #[cfg(target_os = "linux")]
    fn processor_time(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("stat");
        // The name, in parentheses, may contain spaces; utime and stime are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let fields = fields.split_whitespace().skip(11).take(2);
        fields.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
    }

    /// Waits until the step has nothing more to do. Step 3, which always has, gets a clock tick.
    #[cfg(target_os = "linux")]
    fn settle(&self) {
        let begin = self.processor_time();
        wait_until("the step is idle", || match self.step {
            3 => self.processor_time() > begin,
            _ => !self.is_awake(),
        });
    }

    /// Whether any of its threads runs, or is held up by strace on its way to run or to sleep.
    #[cfg(target_os = "linux")]
    fn is_awake(&self) -> bool {
        self.states().any(|state| state != 'S')
    }

    /// The states of its threads: `R` runs, `S` sleeps, and so on.
    #[cfg(target_os = "linux")]
    fn states(&self) -> impl Iterator<Item = char> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("threads");
        threads.flatten().filter_map(|thread| {
            // A thread that has ended meanwhile has no file, and no state.
            let stat = fs::read_to_string(thread.path().join("stat")).ok()?;
            stat.rsplit_once(") ")?.1.chars().next()
        })
    }

    /// Sends it a signal, as `kill` does.
    #[cfg(target_os = "linux")]
    fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        let status = kill.args(["-s", signal, &self.process.id().to_string()]).status();
        assert!(status.expect("there is a `kill`").success(), "kill -s {signal}");
    }

    /// Stops it, as Ctrl-Z does, until it gets a `CONT`.
    #[cfg(target_os = "linux")]
    fn stop(&self) {
        self.signal("STOP");
        // `t` is a stop under strace.
        wait_until("the step has stopped", || self.states().all(|state| "Tt".contains(state)));
    }

    #[cfg(target_os = "linux")]
    fn threads(&self) -> usize {
        let status = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(status).expect("status");
        let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
        threads.expect("a line").trim().parse().expect("a number")
    }
}

/// Reads lines to the end, so that the step never waits for its reader.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Waits for a line with `text` in it. Returns the lines before it.
fn wait_for(lines: &Receiver<String>, text: &str) -> Vec<String> {
    let mut before = Vec::new();
    loop {
        let line = lines.recv_timeout(BOUND);
        let line = line.unwrap_or_else(|_| panic!("no line with {text:?} after {before:?}"));
        if line.contains(text) {
            return before;
        }
        before.push(line);
    }
}

/// Waits for what no read can wait for.
#[cfg(target_os = "linux")]
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = std::time::Instant::now();
    while !condition() {
        assert!(begin.elapsed() < BOUND, "not yet, after {BOUND:?}: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

struct Client {
    step: usize,
    stream: TcpStream,
}

impl Client {
    fn peer(&self) -> String {
        self.stream.local_addr().expect("an address").to_string()
    }

    fn send(&mut self, order: &[u8]) {
        self.stream.write_all(order).expect("the order is sent");
    }

    /// Reads one reply. Nothing is read ahead: the protocol has one reply for each order.
    fn reply(&mut self) -> String {
        let mut reply = Vec::new();
        while reply.last() != Some(&b'\n') {
            let mut byte = [0];
            let read = self.stream.read_exact(&mut byte);
            read.unwrap_or_else(|error| panic!("step {}, after {reply:?}: {error}", self.step));
            reply.push(byte[0]);
        }
        String::from_utf8(reply).expect("replies are UTF-8")
    }

    fn order(&mut self, order: &[u8], expected: &str) {
        self.send(order);
        let (reply, step) = (self.reply(), self.step);
        assert_eq!(reply, expected, "step {step}, order {}", order.escape_ascii());
    }

    fn order_one(&mut self) {
        self.order(b"1\n", "Thank you for ordering 1 pizzas!\n");
    }
}

#[test]
fn every_step_holds_the_same_conversation() {
    for step in STEPS {
        let server = Server::start(step);
        let mut client = server.connect();
        for (order, number) in [
            (&b"3\n"[..], "3"),
            (b"  42\r\n", "42"),
            (b"007", "7"),
            (b"+5", "5"),
            (b"-5\n", "-5"),
            (b"-0", "0"),
            (b"9223372036854775807", "9223372036854775807"),
            (b"-9223372036854775808", "-9223372036854775808"),
        ] {
            client.order(order, &format!("Thank you for ordering {number} pizzas!\n"));
        }
        for order in [
            &b"three\n"[..],
            b"\n",
            b"+",
            b"1 2",
            b"1.0",
            b"0x10",
            b"1_000",
            b"9223372036854775808",
            b"\xff3",
            b"3\xff\n",
            b"3\0",
            "٣".as_bytes(),
        ] {
            client.order(order, WRONG);
        }
        client.order(&[b'0'; 1024], "Thank you for ordering 0 pizzas!\n");

        let peer = client.peer();
        client.stream.shutdown(Shutdown::Write).expect("the client says that it is done");
        let rest = client.stream.read_to_end(&mut Vec::new()).expect("the step closes");
        assert_eq!(rest, 0, "step {step} has nothing more to say");
        let before = wait_for(&server.stdout, &format!("Connection with {peer} has been closed"));
        assert_eq!(before, [format!("Connected to {peer}")], "step {step}");
        assert!(server.stderr.try_recv().is_err(), "step {step} has nothing to complain about");
    }
}

#[test]
fn step_1_serves_the_second_client_only_when_the_first_has_left() {
    let server = Server::start(1);
    let mut first = server.connect();
    first.order_one();
    let mut second = server.connect();
    second.send(b"2");
    // All that the first gets, it gets before the second.
    for _ in 0..100 {
        first.order_one();
    }
    second.stream.set_nonblocking(true).expect("non-blocking");
    let early = second.stream.peek(&mut [0]).expect_err("the second has no reply yet");
    assert_eq!(early.kind(), ErrorKind::WouldBlock);
    second.stream.set_nonblocking(false).expect("blocking");

    let (first_peer, second_peer) = (first.peer(), second.peer());
    drop(first);
    assert_eq!(second.reply(), "Thank you for ordering 2 pizzas!\n");
    let before = wait_for(&server.stdout, &format!("Connected to {second_peer}"));
    let closed = format!("Connection with {first_peer} has been closed");
    assert_eq!(before.last(), Some(&closed), "only then was the second let in");
    assert_eq!(figures()[0][1], "one", "the guide");
}

#[test]
fn from_step_2_on_a_silent_client_keeps_nobody_waiting() {
    for step in 2..=11 {
        let server = Server::start(step);
        let mut silent = server.connect();
        silent.order_one();
        // All connected at once, served last come, first served.
        let mut others = server.connect_many(10);
        others.iter_mut().rev().for_each(Client::order_one);
        silent.order_one();
        assert_eq!(figures()[step - 1][1], "all", "the guide on step {step}");
    }
}

#[test]
fn replies_are_whole_for_a_client_that_does_not_read_and_from_step_2_on_it_keeps_nobody_waiting() {
    for step in STEPS {
        let server = Server::start(step);
        let mut slow = server.connect();
        // Orders, until the step cannot get rid of the replies and so takes no more orders. Were
        // the bound too short on a slow machine, the test would be weaker, and would not fail.
        let stuck = Some(Duration::from_millis(150));
        slow.stream.set_write_timeout(stuck).expect("a timeout");
        let orders = vec![b'x'; 1 << 16];
        let mut sent = 0;
        while let Ok(n) = slow.stream.write(&orders) {
            sent += n;
            assert!(sent < 1 << 30, "step {step} takes orders without end");
        }
        if step > 1 {
            server.connect().order_one();
        }

        slow.stream.shutdown(Shutdown::Write).expect("the client says that it is done");
        let mut replies = Vec::new();
        slow.stream.read_to_end(&mut replies).expect("the replies, and the end");
        // The last chunk is shorter, and so wrong, if the last reply is cut.
        let mut whole = replies.chunks(WRONG.len());
        assert!(whole.all(|reply| reply == WRONG.as_bytes()), "step {step}");
        let least = sent.div_ceil(1024) * WRONG.len();
        assert!(replies.len() >= least, "step {step}: {} of {least} bytes", replies.len());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_connection_that_is_reset_ends_alone() {
    for step in STEPS {
        let server = Server::start(step);
        let mut bystander = (step > 1).then(|| server.connect());
        bystander.iter_mut().for_each(Client::order_one);

        let mut rude = server.connect();
        let peer = rude.peer();
        rude.send(b"1");
        assert_eq!(rude.stream.peek(&mut [0]).expect("the reply is there"), 1);
        // To close with a reply unread is a reset, not an end.
        drop(rude);
        wait_for(&server.stderr, &format!("Connection with {peer} failed: "));

        bystander.iter_mut().for_each(Client::order_one);
        server.connect().order_one();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_failing_accept_is_reported_and_the_step_goes_on() {
    // Step 1 has never more than one client, and cannot run out of files.
    for step in 2..=11 {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 16; exec \"$0\" 127.0.0.1:0"]).arg(program(step));
        let server = Server::run(step, &mut command);
        // The kernel completes them all; the step can accept only some.
        let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
        wait_for(&server.stderr, "Cannot accept a connection: ");
        clients[0].order_one();
        let mut last = clients.pop().expect("the last of 20");
        last.send(b"1");
        drop(clients);
        assert_eq!(last.reply(), "Thank you for ordering 1 pizzas!\n", "step {step}");
    }
}

#[test]
fn an_address_that_cannot_be_had_is_one_line_and_status_1() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("its address").to_string();
    for step in STEPS {
        for addr in [&taken, "three", "127.0.0.1", "127.0.0.1:99999", ""] {
            let output = Command::new(program(step)).arg(addr).output().expect("the step runs");
            let stderr = String::from_utf8(output.stderr).expect("UTF-8");
            assert_eq!(output.status.code(), Some(1), "step {step}, {addr:?}: {stderr}");
            assert!(output.stdout.is_empty(), "step {step}, {addr:?}");
            assert_eq!(stderr.lines().count(), 1, "step {step}, {addr:?}: {stderr}");
            assert!(stderr.starts_with("Cannot serve on "), "step {step}, {addr:?}: {stderr}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn to_be_stopped_and_to_go_on_is_nothing_to_complain_about() {
    for step in STEPS {
        let mut server = Server::start(step);
        let mut client = server.connect();
        client.order_one();
        server.settle();
        server.stop();
        server.signal("CONT");
        client.order_one();
        server.settle();
        server.process.kill().expect("the step ends");
        let complaints: Vec<_> = server.stderr.iter().collect();
        assert!(complaints.is_empty(), "step {step}: {complaints:?}");
    }
}

//! The pizza server as a real process, and plain std clients that talk to it.

use std::{
    collections::HashMap,
    env,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

const WRONG: &str = "Wrong number of pizzas, please try again.\n";

fn thanks(order: impl std::fmt::Display) -> String {
    format!("Thank you for ordering {order} pizzas!\n")
}

/// The example's binary. `cargo test` builds it beside this test.
fn binary() -> PathBuf {
    let test = env::current_exe().expect("the test's own path");
    let profile = test.ancestors().nth(2).expect("it is in target/PROFILE/deps");
    let binary = profile.join("examples").join(format!("pizza-server{}", env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "build it first: cargo build --example pizza-server");
    binary
}

/// The example, ready to run.
fn command() -> Command {
    prepared(Command::new(binary()))
}

fn prepared(mut command: Command) -> Command {
    command.env_remove("RUST_LOG").env_remove("RUST_LOG_STYLE");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs a command that ends by itself, to its end.
fn finish(command: &mut Command) -> Output {
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

/// A server that runs. It is killed at the end of the test, however that ends.
struct Server {
    process: Child,
    addr: SocketAddr,
    log: Receiver<String>,
}

impl Server {
    fn start() -> Server {
        let mut command = command();
        command.arg("127.0.0.1:0");
        Server::run(command)
    }

    fn run(mut command: Command) -> Server {
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
    fn next_line(&self) -> String {
        let line = self.log.recv_timeout(A_HANG).expect("the server goes on");
        assert!(line.is_ascii() && !line.contains('\u{1b}'), "no colours: {line:?}");
        let (_, message) = line.split_once("] ").expect("a line of the log");
        message.to_owned()
    }

    /// Waits for a line of the log that begins so. Returns what follows.
    fn wait_for(&self, begin: &str) -> String {
        loop {
            if let Some(rest) = self.next_line().strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    fn connect(&self) -> Client {
        Client::from(TcpStream::connect_timeout(&self.addr, A_HANG).expect("it listens"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody who orders pizzas.
struct Client(TcpStream);

impl From<TcpStream> for Client {
    fn from(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(A_HANG)).expect("a timeout");
        stream.set_write_timeout(Some(A_HANG)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Client(stream)
    }
}

impl Client {
    fn addr(&self) -> SocketAddr {
        self.0.local_addr().expect("its address")
    }

    fn send(&mut self, order: impl AsRef<[u8]>) {
        self.0.write_all(order.as_ref()).expect("the server reads");
    }

    fn reply(&mut self) -> String {
        let mut reply = Vec::new();
        let mut byte = [0];
        while reply.last() != Some(&b'\n') {
            // Not `read`: with a timeout set, a signal that concerns nobody can interrupt that.
            self.0.read_exact(&mut byte).expect("a reply");
            reply.push(byte[0]);
        }
        String::from_utf8(reply).expect("a reply in UTF-8")
    }

    fn order(&mut self, order: impl AsRef<[u8]>) -> String {
        self.send(order);
        self.reply()
    }

    /// Ends the conversation with a reset.
    fn reset(self) {
        socket2::SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).expect("linger");
    }
}

#[test]
fn orders_are_numbers_with_sign_and_white_space() {
    let server = Server::start();
    let mut client = server.connect();
    let orders = [
        ("1", "1"),
        ("2\n", "2"),
        ("007", "7"),
        ("+5", "5"),
        ("-3", "-3"),
        ("-0", "0"),
        ("0", "0"),
        (" \t 12 \r\n", "12"),
        ("\u{3000}8\u{a0}", "8"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("+00000000000000000000000000000000000000001", "1"),
    ];
    for (order, number) in orders {
        assert_eq!(client.order(order), thanks(number), "{order:?}");
    }
}

#[test]
fn anything_else_is_a_wrong_number_and_the_client_may_try_again() {
    let server = Server::start();
    let mut client = server.connect();
    let orders: [&[u8]; 19] = [
        b"ten",
        b"\n",
        b" \t\r\n",
        b"9223372036854775808",
        b"-9223372036854775809",
        b"1.5",
        b"1e3",
        b"0x10",
        b"1_000",
        b"1 2",
        b"+ 5",
        b"+-5",
        b"+",
        b"\0",
        b"5\0",
        "٣".as_bytes(), // A digit, but no decimal one of ASCII.
        b"\xff\xfe",
        b"5\xff",
        b"5\x00\n\x00", // UTF-16.
    ];
    for order in orders {
        assert_eq!(client.order(order), WRONG, "{order:?}");
        assert_eq!(client.order("5"), thanks(5), "after {order:?}");
    }
}

#[test]
fn one_read_of_up_to_1_024_bytes_is_one_order() {
    let server = Server::start();
    let mut client = server.connect();
    let order = format!("{:0>1024}", 7);
    assert_eq!(order.len(), 1024);
    assert_eq!(client.order(&order), thanks(7));
    // What is more is the next order.
    assert_eq!(client.order(order + "3"), thanks(7));
    assert_eq!(client.reply(), thanks(3));
    // Lines are no orders: what comes in one read is one.
    assert_eq!(client.order("1\n2\n"), WRONG);
}

#[test]
fn an_empty_read_ends_the_conversation() {
    let server = Server::start();
    let mut client = server.connect();
    client.send("4");
    client.0.shutdown(Shutdown::Write).expect("it is connected");
    let mut all = String::new();
    client.0.take(1_000).read_to_string(&mut all).expect("the reply, and the end");
    assert_eq!(all, thanks(4));
}

#[test]
fn the_log_tells_the_story_in_fixed_words() {
    let mut command = command();
    command.arg("127.0.0.1:0");
    let server = Server::run(command);
    assert_eq!(server.next_line(), "Server listening for incoming connections");
    let mut client = server.connect();
    let peer = client.addr();
    assert_eq!(client.order("1"), thanks(1));
    assert_eq!(client.order("x"), WRONG);
    drop(client);
    assert_eq!(server.next_line(), format!("Connected to {peer}"));
    assert_eq!(server.next_line(), format!("Sending message to {peer}"));
    assert_eq!(server.next_line(), format!("Sending message to {peer}"));
    assert_eq!(server.next_line(), format!("Connection with {peer} has been closed"));
}

#[test]
fn rust_log_shows_each_step() {
    let mut command = command();
    command.arg("127.0.0.1:0").env("RUST_LOG", "trace");
    let server = Server::run(command);
    let mut client = server.connect();
    assert_eq!(client.order("1"), thanks(1));
    let begin = |text: &str| server.wait_for(text);
    let registered = begin("task 0: registered socket ");
    assert!(registered.contains(&client.addr().to_string()), "{registered}");
    begin("task 0: pending on socket ");
    begin("executor: parked");
}

/// The original's T1 to T7: two clients, served in turns by one thread.
#[test]
fn two_clients_interleave() {
    let server = Server::start();
    server.wait_for("Server listening");
    // T1, T2: A connects, and its task waits.
    let mut a = server.connect();
    let (peer_a, connected) = (a.addr(), server.next_line());
    assert_eq!(connected, format!("Connected to {peer_a}"));
    // T3, T4: B connects, and its task waits.
    let mut b = server.connect();
    let (peer_b, connected) = (b.addr(), server.next_line());
    assert_eq!(connected, format!("Connected to {peer_b}"));
    // T5, T6: A's order comes, and is answered.
    assert_eq!(a.order("1"), thanks(1));
    assert_eq!(server.next_line(), format!("Sending message to {peer_a}"));
    // T7: B's.
    assert_eq!(b.order("2"), thanks(2));
    assert_eq!(server.next_line(), format!("Sending message to {peer_b}"));
    // And so on, the other way round.
    assert_eq!(b.order("3"), thanks(3));
    assert_eq!(a.order("4"), thanks(4));
    drop(b);
    assert_eq!(server.wait_for("Connection with "), format!("{peer_b} has been closed"));
    assert_eq!(a.order("5"), thanks(5));
}

#[test]
fn many_clients_are_served_at_once() {
    let server = Server::start();
    let mut clients: Vec<_> = (0..200).map(|_| server.connect()).collect();
    for round in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.send((number + round).to_string());
        }
        for (number, client) in clients.iter_mut().enumerate().rev() {
            assert_eq!(client.reply(), thanks(number + round));
        }
    }
}

#[test]
fn clients_that_never_speak_keep_nobody_waiting() {
    let server = Server::start();
    let _silent: Vec<_> = (0..20).map(|_| server.connect()).collect();
    let mut client = server.connect();
    for order in 0..100 {
        assert_eq!(client.order(order.to_string()), thanks(order));
    }
}

/// Row "a peer's RST kills the server" (the Python original: one reset ends the whole loop).
#[test]
fn a_reset_ends_one_conversation_only() {
    let server = Server::start();
    let mut other = server.connect();
    assert_eq!(other.order("1"), thanks(1));

    // In the middle of a conversation, while the server waits for an order.
    let mut client = server.connect();
    assert_eq!(client.order("2"), thanks(2));
    let peer = client.addr();
    client.reset();
    let failed = server.wait_for(&format!("Connection with {peer} has "));
    assert!(failed.starts_with("failed: "), "{failed}");
    let closed = server.wait_for(&format!("Connection with {peer} has "));
    assert_eq!(closed, "been closed");
    assert_eq!(other.order("3"), thanks(3));

    // With an order on the way, or none.
    for order in ["", "4", "x"] {
        let mut client = server.connect();
        client.send(order);
        client.reset();
    }
    // Some of them may be gone before they are accepted; the rest is closed.
    assert_eq!(other.order("5"), thanks(5));
    assert_eq!(server.connect().order("6"), thanks(6));
}

/// Each reply is written whole, though the client reads only when the server can write no more.
#[test]
fn replies_are_whole_for_a_client_that_reads_slowly() {
    let server = Server::start();
    // First replies of different lengths, so that where the server's buffer ends, it ends in the
    // middle of a reply, if not for all clients.
    let clients: Vec<_> = (1..=5)
        .map(|digits| {
            let addr = server.addr;
            thread::spawn(move || order_a_lot_and_read_late(addr, &"1".repeat(digits)))
        })
        .collect();
    for client in clients {
        client.join().expect("whole replies");
    }
}

fn order_a_lot_and_read_late(server: SocketAddr, first: &str) {
    use socket2::{Domain, Socket, Type};

    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    // With small packets, the server's buffer stays small too.
    #[cfg(unix)]
    socket.set_tcp_mss(536).expect("small packets");
    socket.connect(&server.into()).expect("it listens");
    let mut client = Client::from(TcpStream::from(socket));

    client.send(first);
    let interrupted = |error: std::io::Error| error.kind() == ErrorKind::Interrupted;
    while client.0.peek(&mut [0]).is_err_and(interrupted) {} // The reply is read later.

    // As long as a read at most. So wherever the stream is cut, each read has one number at most,
    // and each number is in one read.
    let block = format!("{:>1024}", 7);
    let orders = block.repeat(64);
    let mut sender = client.0.try_clone().expect("another handle");
    sender.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let mut sent = 0;
    // Until the server reads no more, because it waits for the client to read.
    loop {
        match sender.write(&orders.as_bytes()[sent % orders.len()..]) {
            Ok(len) => sent += len,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let kind = error.kind();
                assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind:?}");
                break;
            }
        }
        assert!(sent < 1 << 30, "the server never waits");
    }
    sender.set_write_timeout(Some(A_HANG)).expect("a timeout");
    let rest = block[sent % block.len()..].to_owned();
    let sender = thread::spawn(move || {
        sender.write_all(rest.as_bytes()).expect("the server reads on");
        sender.shutdown(Shutdown::Write).expect("it is connected");
    });
    let mut replies = String::new();
    client.0.take(1 << 26).read_to_string(&mut replies).expect("all replies, and the end");
    sender.join().expect("no panic");

    let replies = replies.strip_prefix(&thanks(first)).expect("the reply to the first order");
    let mut thanked = 0;
    for reply in replies.split_inclusive('\n') {
        if reply == thanks(7) {
            thanked += 1;
        } else {
            assert_eq!(reply, WRONG, "of a read that was all white space");
        }
    }
    assert_eq!(thanked, sent / block.len() + 1);
}

/// Row "`accept` spins on EMFILE and starves the tasks that would close" (tokio#4782,
/// async-std#658).
#[test]
#[cfg(unix)]
fn without_descriptors_the_server_backs_off_serves_on_and_accepts_again() {
    /// `BACK_OFF`, in the example.
    const BACK_OFF: Duration = Duration::from_millis(100);

    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 32; exec \"$0\" 127.0.0.1:0"]).arg(binary());
    let server = Server::run(prepared(command));
    let mut clients: HashMap<_, _> =
        (0..40).map(|_| server.connect()).map(|client| (client.addr(), client)).collect();
    let mut lucky = Vec::new();
    // It asks again and again, though nothing new comes.
    let mut failures = 0;
    let since = Instant::now();
    while failures < 3 {
        let line = server.next_line();
        if let Some(peer) = line.strip_prefix("Connected to ") {
            lucky.push(peer.parse::<SocketAddr>().expect("an address"));
        } else if line.starts_with("Accepting a connection failed: ") {
            failures += 1;
        }
    }
    assert!(!lucky.is_empty());

    // Those who have a place are served.
    let mut lucky: Vec<_> =
        lucky.iter().map(|peer| clients.remove(peer).expect("one of ours")).collect();
    for client in &mut lucky {
        for order in 0..20 {
            assert_eq!(client.order(order.to_string()), thanks(order));
        }
    }
    // But it is not busy with that.
    while let Ok(line) = server.log.try_recv() {
        failures += u32::from(line.contains("Accepting a connection failed: "));
    }
    let most = 4 + since.elapsed().as_millis() / BACK_OFF.as_millis();
    assert!(u128::from(failures) <= most, "{failures} failures, {most} at most");

    // When they leave, the others have theirs.
    drop(lucky);
    for (number, client) in clients.values_mut().enumerate() {
        assert_eq!(client.order(number.to_string()), thanks(number));
    }
}

/// Row "a socket is leaked for every client that leaves" (the Python original), for the server.
#[test]
#[cfg(target_os = "linux")]
fn the_server_has_as_many_descriptors_after_its_clients_as_before() {
    let server = Server::start();
    server.wait_for("Server listening");
    let descriptors = || {
        let path = format!("/proc/{}/fd", server.process.id());
        std::fs::read_dir(path).expect("it is ours").count()
    };
    let mut first = server.connect();
    assert_eq!(first.order("1"), thanks(1));
    let before = descriptors();
    for round in 0..300 {
        let mut client = server.connect();
        let peer = client.addr();
        assert_eq!(client.order("x"), WRONG);
        if round % 2 == 0 {
            drop(client);
        } else {
            client.reset();
        }
        server.wait_for(&format!("Connection with {peer} has been closed"));
    }
    // The last one's socket is closed a moment after the line is written.
    assert_eq!(first.order("2"), thanks(2));
    assert_eq!(descriptors(), before);
}

/// With a silent client connected, the server's process neither runs nor wakes up.
#[test]
#[cfg(target_os = "linux")]
fn an_idle_server_uses_no_processor_time() {
    use std::fs;

    let server = Server::start();
    let pid = server.process.id();
    let _silent = server.connect();
    let mut client = server.connect();
    assert_eq!(client.order("1"), thanks(1));
    server.wait_for("Sending message to ");

    let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is ours");
    // After the name, which is in parentheses: the state is the first field, and the ticks that
    // were spent in the program and in the kernel are the 12th and the 13th.
    let field = |stat: &str, number: usize| -> String {
        let rest = stat.rsplit(") ").next().unwrap_or_default();
        rest.split(' ').nth(number - 1).unwrap_or_default().to_owned()
    };
    let ticks = || {
        let stat = stat();
        let of = |number| field(&stat, number).parse::<u64>().expect("a number");
        of(12) + of(13)
    };
    // How often it went to sleep, which it can only do after it was awake.
    let sleeps = || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it is ours");
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches"));
        line.expect("Linux counts them").to_owned()
    };
    let since = Instant::now();
    while field(&stat(), 1) != "S" {
        assert!(since.elapsed() < A_HANG, "it never sleeps");
        thread::yield_now();
    }
    let before = (ticks(), sleeps());
    // Some time passes, on this machine's own clock: that of the programs that it can run.
    for _ in 0..20 {
        assert!(finish(command().arg("--help")).status.success());
    }
    assert_eq!(field(&stat(), 1), "S", "it sleeps");
    let after = (ticks(), sleeps());
    assert!(after.0 - before.0 <= 1, "{} ticks", after.0 - before.0);
    assert_eq!(after.1, before.1, "it slept all the time");
}

/// Row "EINTR ends the wait" (mio's poll): the process is stopped and goes on, which ends the
/// system call that it sleeps in.
#[test]
#[cfg(target_os = "linux")]
fn a_server_that_was_stopped_goes_on() {
    let server = Server::start();
    let mut client = server.connect();
    assert_eq!(client.order("1"), thanks(1));
    let pid = server.process.id();
    for _ in 0..5 {
        for signal in ["-STOP", "-CONT"] {
            let kill = format!("kill {signal} {pid}");
            assert!(Command::new("sh").arg("-c").arg(kill).status().expect("a shell").success());
        }
        assert_eq!(client.order("2"), thanks(2));
    }
}

/// Runs the example to its end, and returns its status and what it wrote to stderr.
fn fails(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = finish(command);
    let stderr = String::from_utf8(stderr).expect("text");
    assert_eq!(stderr.lines().count(), 1, "one clear line: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    (status.code(), stderr)
}

#[test]
fn a_port_in_use_is_one_clear_line_and_status_1() {
    let server = Server::start();
    let addr = server.addr.to_string();
    let (status, line) = fails(command().arg(&addr));
    assert_eq!(status, Some(1), "{line}");
    assert!(line.contains(&addr) && line.contains("in use"), "{line}");
}

#[test]
fn an_address_of_another_machine_is_one_clear_line_and_status_1() {
    // One that is for documentation only.
    let (status, line) = fails(command().arg("192.0.2.1:12345"));
    assert_eq!(status, Some(1), "{line}");
    assert!(line.contains("192.0.2.1:12345"), "{line}");
}

#[test]
fn an_address_that_cannot_be_read_is_one_clear_line_and_status_2() {
    for addr in ["", "pizza", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "[::1:12345"] {
        let (status, line) = fails(command().arg(addr));
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains(addr), "{line}");
    }
}

#[test]
fn an_argument_that_is_unknown_is_one_clear_line_and_status_2() {
    let (status, line) = fails(command().arg("--with-pineapple"));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("--with-pineapple") && line.contains("--help"), "{line}");
    let (status, line) = fails(command().args(["127.0.0.1:0", "12345"]));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("12345") && line.contains("--help"), "{line}");
}

#[test]
#[cfg(unix)]
fn an_argument_that_is_no_text_is_one_clear_line_and_status_2() {
    use std::os::unix::ffi::OsStrExt;

    let (status, line) = fails(command().arg(std::ffi::OsStr::from_bytes(b"\xff:12345")));
    assert_eq!(status, Some(2), "{line}");
}

#[test]
fn a_timeline_in_no_known_format_is_one_clear_line_and_status_2_at_once() {
    for name in ["run.png", "svg", "run"] {
        let (status, line) = fails(command().args(["--timeline", name, "127.0.0.1:0"]));
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains("--timeline") && line.contains(".svg"), "{line}");
    }
    let (status, line) = fails(command().arg("--timeline"));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("--timeline"), "{line}");
}

#[test]
fn help_says_what_it_is_and_how_to_call_it() {
    for flag in ["--help", "-h"] {
        let output = finish(command().stdout(Stdio::piped()).arg(flag));
        assert!(output.status.success());
        assert!(output.stderr.is_empty());
        let help = String::from_utf8(output.stdout).expect("text");
        for word in
            ["[ADDR]", "--timeline", "127.0.0.1:12345", "1,024", "RUST_LOG", "status", "nc "]
        {
            assert!(help.contains(word), "{word} is missing in {help}");
        }
        assert!(help.lines().count() < 20);
    }
}

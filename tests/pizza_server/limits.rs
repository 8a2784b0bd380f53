//! Connections: how many there may be, and for how long.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

use crate::support::{A_HANG, Server, binary, prepared, start, thanks};

/// Row "`accept` spins on EMFILE and starves the tasks that would close" (tokio#4782,
/// async-std#658).
#[test]
#[cfg(unix)]
fn without_descriptors_the_server_backs_off_serves_on_and_accepts_again() {
    /// `BACK_OFF`, in the example.
    const BACK_OFF: Duration = Duration::from_millis(100);
    const FAILED: &str = "Accepting a connection failed: ";

    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 32; exec \"$0\" --max-connections 1000 127.0.0.1:0"])
        .arg(binary());
    let server = Server::run(prepared(command));
    let since = Instant::now();
    // Once it has served one, it has waited for the next: what is known of the listener counts
    // from then on.
    assert_eq!(server.connect().order("1"), thanks(1));
    let mut clients: HashMap<_, _> =
        (0..40).map(|_| server.connect()).map(|client| (client.addr(), client)).collect();
    // It asks again and again, though nothing new comes.
    let mut lines = server.lines_so_far();
    let mut failures = 0;
    while failures < 3 {
        lines.push(server.next_line());
        failures += u128::from(lines[lines.len() - 1].starts_with(FAILED));
    }

    // The clients that have a place are served.
    let peers = lines.iter().filter_map(|line| line.strip_prefix("Connected to "));
    let mut lucky: Vec<_> = peers
        .filter_map(|peer| clients.remove(&peer.parse::<SocketAddr>().expect("an address")))
        .collect();
    assert!(!lucky.is_empty());
    for client in &mut lucky {
        for order in 0..20 {
            assert_eq!(client.order(order.to_string()), thanks(order));
        }
    }
    // But it is not busy with that.
    lines.extend(server.lines_so_far());
    let failures = lines.iter().filter(|line| line.starts_with(FAILED)).count() as u128;
    let most = 4 + since.elapsed().as_millis() / BACK_OFF.as_millis();
    assert!(failures <= most, "{failures} failures, {most} at most");

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
        assert_eq!(client.order("x"), crate::support::WRONG);
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

/// Who finds the OS's queue full is ignored, and tries again after a second, and two, and four.
#[test]
#[cfg(target_os = "linux")]
fn a_crowd_that_comes_while_the_server_does_not_look_waits_in_the_queue() {
    const CROWD: usize = 1000;

    let longest = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("a limit");
    let longest: usize = longest.trim().parse().expect("a number");
    for threads in ["1", "2"] {
        let server = start(&["--threads", threads]);
        server.signal("STOP");
        // As many as fit in the queue, if the OS allows no longer one.
        for _ in 0..CROWD.min(longest) {
            // It does not stay, but its place in the queue is taken all the same.
            drop(server.connect());
        }
        server.signal("CONT");
        assert_eq!(server.connect().order("1"), thanks(1));
    }
}

/// No client is refused: one that comes when all places are taken waits in the OS's queue.
#[test]
fn who_comes_when_all_places_are_taken_is_served_when_one_leaves() {
    let server = start(&["--max-connections", "2"]);
    let (mut a, mut b) = (server.connect(), server.connect());
    assert_eq!((a.order("1"), b.order("2")), (thanks(1), thanks(2)));
    server.wait_for("All 2 places are taken");
    let mut c = server.connect();
    c.send("3");
    assert_eq!((a.order("4"), b.order("5")), (thanks(4), thanks(5)));
    let (peer_a, peer_c) = (a.addr(), c.addr());
    drop(a);
    assert_eq!(c.reply(), thanks(3));
    server.wait_for(&format!("Connection with {peer_a} has been closed"));
    assert_eq!(server.next_line(), format!("Connected to {peer_c}"));
    assert_eq!(b.order("6"), thanks(6));
}

/// The server knows how many connections it can have, and does not try to have more.
#[test]
#[cfg(unix)]
fn the_limit_of_connections_is_below_that_of_open_files() {
    for files in [32, 64] {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" 127.0.0.1:0")]).arg(binary());
        let mut server = Server::run(prepared(command));
        let clients: Vec<_> = (0..files).map(|_| server.connect()).collect();
        let taken = server.wait_for("All ");
        let places = taken.split(' ').next().and_then(|number| number.parse().ok());
        assert!(places.is_some_and(|places: u64| (files / 2..files).contains(&places)), "{taken}");
        drop(clients);
        // All of them come in at last.
        let mut last = server.connect();
        assert_eq!(last.order("1"), thanks(1));
        server.signal("TERM");
        let (_, log) = server.end();
        assert!(!log.iter().any(|line| line.starts_with("Accepting")), "{log:?}");
    }
}

#[test]
#[cfg(unix)]
fn the_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let mut command = Command::new("sh");
    let script = "ulimit -n 100; ulimit -Sn 20; exec \"$0\" 127.0.0.1:0 --max-connections 60";
    command.args(["-c", script]).arg(binary());
    // `Server::run` reads the log from "Starting up" on; this line comes before.
    let mut process = prepared(command).spawn().expect("the example runs");
    let log = BufReader::new(process.stderr.take().expect("it is piped"));
    let mut log = log.lines().map(|line| line.expect("text"));
    let first = log.next().expect("a line");
    assert!(first.ends_with("Up to 100 files may be open"), "{first}");
    let addr = log.next().expect("a line");
    let addr = addr.rsplit(' ').next().expect("an address").to_owned();
    let mut clients: Vec<_> = (0..60).map(|_| TcpStream::connect(&addr).expect("it")).collect();
    for client in &mut clients {
        client.write_all(b"1").expect("the server reads");
    }
    for client in &mut clients {
        let mut reply = [0; 64];
        let len = client.read(&mut reply).expect("a reply");
        assert_eq!(reply[..len], *thanks(1).as_bytes());
    }
    process.kill().expect("it is ours");
    process.wait().expect("it is ours");
}

#[test]
fn who_neither_speaks_nor_listens_is_hung_up_on() {
    let server = start(&["--idle-timeout", "0.2"]);
    let mut silent = server.connect();
    assert_eq!(silent.rest(), "");
    // It speaks without end, and does not listen.
    let mut deaf = server.connect_narrow();
    let peer = deaf.addr();
    deaf.0.set_write_timeout(Some(A_HANG)).expect("a timeout");
    while deaf.0.write(&[b'7'; 1024]).is_ok() {}
    server.wait_for(&format!("Connection with {peer} has been closed"));
}

/// Which client the OS deals to which thread is a matter of chance; that all of 60 get the same one is
/// not to be expected (one in 3 to the power of 59).
#[test]
#[cfg(target_os = "linux")]
fn threads_share_the_clients() {
    let mut command = crate::support::command();
    command.args(["127.0.0.1:0", "--threads=3"]).stdout(std::process::Stdio::piped());
    let mut server = Server::run(command);
    for _ in 0..3 {
        server.wait_for("Server listening for incoming connections");
    }
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.order(number.to_string()), thanks(number));
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.process.id()));
    // One more waits for signals.
    assert_eq!(tasks.expect("it is ours").count(), 3 + 1);

    server.signal("USR1");
    let stdout = BufReader::new(server.process.stdout.take().expect("it is piped"));
    let mut busy_threads = 0;
    let mut seen = 0;
    for line in stdout.lines().map(|line| line.expect("text")) {
        busy_threads += u32::from(line.contains("waits for"));
        seen += usize::from(line.contains("; serve 127.0.0.1:"));
        if seen == clients.len() {
            break;
        }
    }
    assert!(busy_threads > 1, "one thread serves all");

    server.signal("TERM");
    for client in &mut clients {
        assert_eq!(client.rest(), "");
    }
    drop(clients);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(log.iter().filter(|line| *line == "SIGTERM: closing").count(), 1);
    assert_eq!(log.iter().filter(|line| *line == "Server stopped.").count(), 1);
}

//! Signals: the server stops, with no order that it has read left without its reply.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    process::Stdio,
    sync::mpsc,
    thread,
};

use crate::support::{A_HANG, Client, Server, command, start, thanks};

/// How many orders of each client the server has read, as its log says.
fn orders_read(log: &[String]) -> HashMap<SocketAddr, usize> {
    let mut orders = HashMap::new();
    for line in log {
        if let Some(peer) = line.strip_prefix("Sending message to ") {
            *orders.entry(peer.parse().expect("an address")).or_default() += 1;
        }
    }
    orders
}

#[test]
fn a_signal_stops_the_server_with_status_0() {
    for signal in ["INT", "TERM"] {
        let mut server = Server::start();
        let mut idle = server.connect();
        let mut client = server.connect();
        assert_eq!(client.order("1"), thanks(1));
        server.signal(signal);
        // They are seen off with the end of the stream, not with a reset.
        assert_eq!(idle.rest(), "");
        assert_eq!(client.rest(), "");
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(0), "{log:?}");
        assert_eq!(log.last().map(String::as_str), Some("Server stopped."));
        assert!(!log.iter().any(|line| line.contains("cut off")), "{log:?}");
    }
}

#[test]
fn a_client_that_does_not_hang_up_keeps_the_server_from_nothing() {
    let mut server = Server::start();
    // They see the end of the stream, and do nothing about it.
    let _clients: Vec<Client> = (0..10).map(|_| server.connect()).collect();
    server.wait_for("Connected to ");
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("cut off")), "{log:?}");
}

/// The order is in the server's socket before the signal comes, and the server is asleep.
#[test]
#[cfg(target_os = "linux")]
fn an_order_that_has_come_before_the_signal_gets_its_reply() {
    let mut server = Server::start();
    let mut client = server.connect();
    assert_eq!(client.order("1"), thanks(1));
    server.signal("STOP");
    client.send("2");
    server.signal("TERM");
    server.signal("CONT");
    assert_eq!(client.rest(), thanks(2));
    assert_eq!(server.end().0.code(), Some(0));
}

/// The server is in the middle of writing when the signal comes, and more orders wait in its
/// socket: what it has read gets its reply, though what it has not read is thrown away.
#[test]
fn a_reply_that_is_being_written_arrives_whole() {
    let mut server = Server::start();
    let mut client = server.connect_narrow();
    let peer = client.addr();
    client.fall_silent(server.process.id(), &format!("{:>1024}", 7));
    server.signal("TERM");
    let mut before = Vec::new();
    loop {
        let line = server.next_line();
        if line == "SIGTERM: closing" {
            break;
        }
        before.push(line);
    }
    let replies = client.rest();
    drop(client);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    before.extend(log);
    assert!(replies.ends_with('\n'));
    assert_eq!(replies.lines().count(), orders_read(&before)[&peer]);
}

#[test]
fn under_full_load_no_order_that_was_read_goes_without_its_reply() {
    const CLIENTS: usize = 40;

    for threads in ["1", "3"] {
        let mut server = start(&["--threads", threads]);
        let addr = server.addr;
        let (busy, are_busy) = mpsc::channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let busy = busy.clone();
                thread::spawn(move || load(Client::from(connect(addr)), number, &busy))
            })
            .collect();
        // Everyone is in the middle of it.
        for _ in 0..CLIENTS {
            are_busy.recv_timeout(A_HANG).expect("every client is served");
        }
        server.signal("TERM");
        let replies: HashMap<_, _> =
            clients.into_iter().map(|client| client.join().expect("no panic")).collect();
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(0));
        assert_eq!(log.last().map(String::as_str), Some("Server stopped."));
        assert!(!log.iter().any(|line| line.contains("cut off")));
        assert_eq!(orders_read(&log), replies, "orders read, and replies received");
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    TcpStream::connect(addr).expect("it listens")
}

/// Orders until the server hangs up. Every second client waits for the reply before it orders
/// again; the others order without a pause, and read meanwhile. Says how many replies came.
fn load(mut client: Client, number: usize, busy: &mpsc::Sender<()>) -> (SocketAddr, usize) {
    let peer = client.addr();
    // One read takes one order at most, or a part of one: in any case there is one reply.
    let order = format!("{:>1024}", 7);
    let waits = number % 2 == 0;
    let sender = (!waits).then(|| {
        let mut sender = client.0.try_clone().expect("another handle");
        let order = order.clone();
        thread::spawn(move || while sender.write_all(order.as_bytes()).is_ok() {})
    });
    let mut replies = 0;
    let mut data = [0; 4096];
    while !waits || client.0.write_all(order.as_bytes()).is_ok() {
        // An order that comes too late is answered with a reset.
        let Ok(len @ 1..) = client.0.read(&mut data) else { break };
        let before = replies;
        replies += data[..len].split(|byte| *byte == b'\n').count() - 1;
        if before < 10 && replies >= 10 {
            busy.send(()).expect("the receiver waits for it");
        }
    }
    let _ = client.0.shutdown(Shutdown::Both);
    if let Some(sender) = sender {
        sender.join().expect("no panic");
    }
    (peer, replies)
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let mut server = Server::start();
    // A client that never reads would take all of the grace time.
    let mut client = server.connect_narrow();
    client.fall_silent(server.process.id(), &format!("{:>1024}", 7));
    server.signal("TERM");
    server.wait_for("SIGTERM: closing");
    server.signal("INT");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(130), "{log:?}");
    assert!(!log.iter().any(|line| line == "Server stopped."), "{log:?}");
}

#[test]
fn who_never_reads_is_cut_off_when_the_grace_time_is_over() {
    let mut server = Server::start();
    let mut client = server.connect_narrow();
    client.fall_silent(server.process.id(), &format!("{:>1024}", 7));
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    let cut_off = "1 connections are cut off: the grace time is over";
    assert_eq!(log[log.len() - 2..], [cut_off, "Server stopped."]);
}

#[test]
fn a_signal_shows_what_each_task_waits_for() {
    let mut command = command();
    command.arg("127.0.0.1:0").stdout(Stdio::piped());
    let mut server = Server::run(command);
    let mut stdout = server.process.stdout.take().expect("it is piped");
    let (mut a, mut b) = (server.connect(), server.connect());
    assert_eq!((a.order("1"), b.order("2")), (thanks(1), thanks(2)));
    server.signal("USR1");
    let mut table = String::new();
    let last = format!("serve {}", b.addr());
    while !table.contains(&last) {
        let mut part = [0; 4096];
        let len = stdout.read(&mut part).expect("a table");
        assert_ne!(len, 0, "the server has ended");
        table.push_str(std::str::from_utf8(&part[..len]).expect("text"));
    }
    let task = |client: &Client| {
        let name = format!("serve {}", client.addr());
        let line = table.lines().find(|line| line.ends_with(&name)).expect("its line");
        assert!(line.contains("waiting") && line.contains("(read)"), "{line}");
    };
    assert!(table.contains("waits for"), "{table}");
    task(&a);
    task(&b);
    // It goes on.
    assert_eq!(a.order("3"), thanks(3));
}

#[test]
fn the_timeline_is_written_as_its_name_ends_when_the_server_stops() {
    for (format, begin) in
        [("mmd", "sequenceDiagram"), ("svg", "<svg "), ("html", "<!doctype html>"), ("json", "{")]
    {
        let name = format!("pizza-server-{}.{format}", std::process::id());
        let file = std::env::temp_dir().join(name);
        let mut server = start(&["--timeline", file.to_str().expect("a name in Unicode")]);
        let mut client = server.connect();
        let peer = client.addr().to_string();
        assert_eq!(client.order("1"), thanks(1));
        drop(client);
        server.signal("TERM");
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(0), "{log:?}");
        let picture = std::fs::read_to_string(&file).expect("the picture");
        std::fs::remove_file(&file).expect("it is ours");
        assert!(picture.starts_with(begin) && picture.contains(&peer), "{format}: {picture}");
    }
}

#[test]
fn a_timeline_that_cannot_be_written_is_one_clear_line_and_status_1() {
    let mut server = start(&["--timeline", "/no such folder/run.svg"]);
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(1), "{log:?}");
    assert!(!log.iter().any(|line| line == "Server stopped."), "{log:?}");
}

#[test]
fn a_page_shows_who_is_served_and_goes_when_the_server_stops() {
    let mut server = start(&["--watch", "127.0.0.1:0"]);
    let page = server.wait_for("Watch it at http://");
    let page = page.trim_end_matches('/');
    let mut client = server.connect();
    let task = format!("serve {}", client.addr());
    assert_eq!(client.order("1"), thanks(1));
    let mut browser = TcpStream::connect(page).expect("it listens");
    browser.set_read_timeout(Some(A_HANG)).expect("a time");
    write!(browser, "GET /events HTTP/1.1\r\nHost: {page}\r\n\r\n").expect("it reads");
    let mut lines = BufReader::new(browser).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(&task)), "{task} is shown");
    drop(client);
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log:?}");
    // The stream ends.
    lines.for_each(drop);
}

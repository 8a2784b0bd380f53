//! Orders and replies, what the log says, and clients that are no trouble to each other.

use std::{
    io::{ErrorKind, Write},
    net::Shutdown,
    thread,
};

use crate::support::{Client, Server, WRONG, command, thanks};

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
    assert_eq!(client.rest(), thanks(4));
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
    thread::scope(|scope| {
        for digits in 1..=5 {
            let client = server.connect_narrow();
            let server = server.process.id();
            scope.spawn(move || order_a_lot_and_read_late(server, client, &"1".repeat(digits)));
        }
    });
}

fn order_a_lot_and_read_late(server: u32, mut client: Client, first: &str) {
    client.send(first);
    let interrupted = |error: std::io::Error| error.kind() == ErrorKind::Interrupted;
    while client.0.peek(&mut [0]).is_err_and(interrupted) {} // The reply is read later.

    // As long as a read at most. So wherever the stream is cut, each read has one number at most,
    // and each number is in one read.
    let order = format!("{:>1024}", 7);
    let sent = client.fall_silent(server, &order);
    let mut sender = client.0.try_clone().expect("another handle");
    let rest = order[sent % order.len()..].to_owned();
    let sender = thread::spawn(move || {
        sender.write_all(rest.as_bytes()).expect("the server reads on");
        sender.shutdown(Shutdown::Write).expect("it is connected");
    });
    let replies = client.rest();
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
    assert_eq!(thanked, sent / order.len() + 1);
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
    let since = std::time::Instant::now();
    while field(&stat(), 1) != "S" {
        assert!(since.elapsed() < crate::support::A_HANG, "it never sleeps");
        thread::yield_now();
    }
    let before = (ticks(), sleeps());
    // Some time passes, on this machine's own clock: that of the programs that it can run.
    for _ in 0..20 {
        assert!(crate::support::finish(command().arg("--help")).status.success());
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
    for _ in 0..5 {
        server.signal("STOP");
        server.signal("CONT");
        assert_eq!(client.order("2"), thanks(2));
    }
}

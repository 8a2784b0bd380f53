//! The load generator as a real process, against the pizza server and against servers that err.

#[path = "../../../tests/support/example.rs"]
mod example;

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

const WRONG: &str = "Wrong number of pizzas, please try again.\n";

fn thanks(order: impl std::fmt::Display) -> String {
    format!("Thank you for ordering {order} pizzas!\n")
}

/// What the protocol replies to an order.
fn right(order: &str) -> String {
    order.trim().parse::<i64>().map_or_else(|_| WRONG.to_owned(), thanks)
}

/// An example, ready to run.
fn example(name: &str) -> Command {
    let mut command = Command::new(example::binary(name));
    command.env_remove("RUST_LOG").env_remove("RUST_LOG_STYLE");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a run ended: its exit status, and what it wrote.
struct End {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs the load generator to its end. The arguments are separated by spaces.
fn rush(args: &str) -> End {
    let mut command = example("pizza-rush");
    let mut process = command.args(args.split_whitespace()).spawn().expect("it runs");
    let since = Instant::now();
    while process.try_wait().expect("it is ours").is_none() {
        if since.elapsed() > A_HANG {
            process.kill().expect("it is ours");
            panic!("it does not end: {args}");
        }
        thread::sleep(Duration::from_millis(2));
    }
    // What it writes is less than a pipe holds.
    let Output { status, stdout, stderr } = process.wait_with_output().expect("it is ours");
    let text = |bytes| String::from_utf8(bytes).expect("it writes UTF-8");
    End { status: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// The pizza server. It is killed at the end of the test, however that ends.
struct PizzaServer {
    process: Child,
    addr: SocketAddr,
}

impl PizzaServer {
    fn start() -> PizzaServer {
        let mut command = example("pizza-server");
        let process = command.arg("127.0.0.1:0").spawn().expect("the example runs");
        let mut server = PizzaServer { process, addr: SocketAddr::from(([0; 4], 0)) };
        let log = server.process.stderr.take().expect("it is piped");
        let (sender, addr) = mpsc::channel();
        // To the end of the log: a server that cannot log would stand still.
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if let Some((_, addr)) = line.split_once("Starting up on: ") {
                    sender.send(addr.to_owned()).expect("the test waits for it");
                }
            }
        });
        let addr = addr.recv_timeout(A_HANG).expect("the server starts");
        server.addr = addr.parse().expect("an address");
        server
    }
}

impl Drop for PizzaServer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves one client, which sends a line for each order, on a thread. `reply` writes the reply to each
/// order; when it returns false, the server hangs up.
fn serve(mut reply: impl FnMut(&mut TcpStream, &str) -> bool + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = listener.local_addr().expect("its address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client comes");
        let orders = BufReader::new(stream.try_clone().expect("a second handle"));
        for order in orders.lines().map_while(Result::ok) {
            if !reply(&mut stream, &order) {
                break;
            }
        }
    });
    addr
}

/// The same, with one reply to each order. The load generator may hang up before it gets it.
fn serve_replies(mut reply: impl FnMut(&str) -> String + Send + 'static) -> SocketAddr {
    serve(move |stream, order| stream.write_all(reply(order).as_bytes()).is_ok())
}

/// The figures must be there; what they are depends on the machine.
fn assert_figures(stdout: &str, orders: &str) {
    let mut lines = stdout.lines();
    let first = lines.next().expect("a line");
    assert!(first.starts_with(&format!("orders    {orders} in ")), "{stdout}");
    let names = ["orders/s", "p50", "p90", "p99", "p99.9", "max"];
    let mut latest = 0.0;
    for name in names {
        let mut words = lines.next().expect("a line").split_whitespace();
        assert_eq!(words.next(), Some(name), "{stdout}");
        let figure: f64 = words.next().expect("a figure").parse().expect("a number");
        if name != "orders/s" {
            assert!(figure > 0.0, "an order takes time: {stdout}");
            assert!(figure >= latest, "a percentile is no less than the one before: {stdout}");
            latest = figure;
        }
    }
    assert_eq!(lines.next(), None, "{stdout}");
}

#[test]
fn every_reply_of_the_pizza_server_is_right() {
    let server = PizzaServer::start();
    let end = rush(&format!("{} --orders 1000 --clients 8 --patience 60", server.addr));
    assert_eq!(end.status, Some(0), "{}", end.stderr);
    assert_figures(&end.stdout, "1000");
    assert!(end.stdout.contains(", 8 clients\n"), "{}", end.stdout);
}

#[test]
fn seconds_end_a_rush_too() {
    let server = PizzaServer::start();
    let end = rush(&format!("{} --seconds 0.2 --clients 3 --patience 60", server.addr));
    assert_eq!(end.status, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains(", 3 clients\n"), "{}", end.stdout);
}

#[test]
fn a_wrong_reply_is_shown() {
    let (sender, shown) = mpsc::channel();
    let mut orders = 0;
    let addr = serve_replies(move |order| {
        orders += 1;
        if orders != 3 {
            return right(order);
        }
        let reply = thanks("no");
        let expected = right(order);
        sender
            .send(format!("{:?} got {reply:?} instead of {expected:?}", format!("{order}\n")))
            .expect("the test waits for it");
        reply
    });
    let end = rush(&format!("{addr} --orders 20 --clients 1 --patience 60"));
    assert_eq!(end.status, Some(1), "{}", end.stderr);
    let shown = shown.recv_timeout(A_HANG).expect("three orders");
    assert!(end.stderr.contains(&shown), "{shown} is not in {}", end.stderr);
    assert!(end.stderr.contains("wrong replies: 1\n"), "{}", end.stderr);
    // A wrong line does not put the conversation out of step.
    assert_figures(&end.stdout, "20");
}

#[test]
fn thanks_for_what_is_no_number_are_wrong() {
    let addr = serve_replies(|order| thanks(order));
    let end = rush(&format!("{addr} --orders 320 --clients 1 --patience 60"));
    assert_eq!(end.status, Some(1), "{}", end.stderr);
    // One order in 16; five are shown.
    assert!(end.stderr.contains("wrong replies: 20, the first of them\n"), "{}", end.stderr);
    assert_eq!(end.stderr.matches(" instead of ").count(), 5, "{}", end.stderr);
    let shown = format!("{:?} got {:?} instead of {WRONG:?}", "1.5\n", thanks("1.5"));
    assert!(end.stderr.contains(&shown), "{}", end.stderr);
}

#[test]
fn two_lines_for_one_order_are_wrong() {
    let addr = serve_replies(|order| right(order).repeat(2));
    let end = rush(&format!("{addr} --orders 20 --clients 1 --patience 60"));
    assert_eq!(end.status, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("wrong replies: "), "{}", end.stderr);
}

#[test]
fn a_reply_may_come_in_pieces() {
    let addr = serve(|stream, order| {
        stream.set_nodelay(true).expect("no delay");
        right(order).bytes().all(|byte| stream.write_all(&[byte]).is_ok())
    });
    let end = rush(&format!("{addr} --orders 20 --clients 1 --patience 60"));
    assert_eq!(end.status, Some(0), "{}", end.stderr);
    assert_figures(&end.stdout, "20");
}

#[test]
fn a_server_that_hangs_up_is_a_failed_connection() {
    let mut orders = 0;
    let addr = serve(move |stream, order| {
        orders += 1;
        let reply = if orders == 5 { "Thank".to_owned() } else { right(order) };
        stream.write_all(reply.as_bytes()).expect("the client reads");
        orders < 5
    });
    let end = rush(&format!("{addr} --orders 20 --clients 1 --patience 60"));
    assert_eq!(end.status, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("failed connections: 1\n"), "{}", end.stderr);
    assert!(end.stderr.contains("hung up after \"Thank\" of a reply"), "{}", end.stderr);
    assert_figures(&end.stdout, "4");
}

#[test]
fn a_server_that_is_silent_is_given_up() {
    let addr = serve(|_, _| true);
    let end = rush(&format!("{addr} --orders 20 --clients 1 --patience 1"));
    assert_eq!(end.status, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("given up: no client was answered for 1 s\n"), "{}", end.stderr);
    // The line that says how it goes.
    assert!(end.stderr.contains(" s: 0 orders, 0 orders/s\n"), "{}", end.stderr);
}

#[test]
fn nobody_who_listens_is_a_clear_error() {
    // Bound, so that no other process gets the port, but it does not listen.
    let socket =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).expect("a free port");
    let addr = socket.local_addr().expect("its address").as_socket().expect("an IP address");
    let end = rush(&format!("{addr} --clients 3"));
    assert_eq!(end.status, Some(1), "{}", end.stderr);
    let message = format!("pizza-rush: cannot connect to {addr}: ");
    assert!(end.stderr.starts_with(&message), "{}", end.stderr);
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert_eq!(end.stdout, "");
}

#[test]
fn help_says_how_to_run_it() {
    let end = rush("--help");
    assert_eq!(end.status, Some(0));
    assert!(end.stdout.contains("Usage: pizza-rush ADDR"), "{}", end.stdout);
}

#[test]
fn a_command_line_that_cannot_be_read_is_told_apart() {
    let wrong = [
        ("", "the server's address is missing"),
        ("nowhere", "\"nowhere\" is no address"),
        ("127.0.0.1:1 127.0.0.1:2", "unexpected argument \"127.0.0.1:2\""),
        ("127.0.0.1:1 --quick", "unknown option \"--quick\""),
        ("127.0.0.1:1 --clients", "--clients needs a number"),
        ("127.0.0.1:1 --clients many", "--clients \"many\": "),
        ("127.0.0.1:1 --clients 0", "--clients 0: it must be 1 or more"),
        ("127.0.0.1:1 --orders -3", "--orders \"-3\": "),
        ("127.0.0.1:1 --seconds", "--seconds needs a number"),
        ("127.0.0.1:1 --seconds soon", "--seconds \"soon\": "),
        ("127.0.0.1:1 --seconds 0", "--seconds 0: it must be more than 0"),
        ("127.0.0.1:1 --seconds -1", "--seconds -1: "),
        ("127.0.0.1:1 --seconds nan", "--seconds nan: "),
        ("127.0.0.1:1 --seconds 1 --orders 1", "--seconds and --orders are one or the other"),
    ];
    for (args, message) in wrong {
        let end = rush(args);
        assert_eq!(end.status, Some(2), "{args}: {}", end.stderr);
        assert!(end.stderr.starts_with(&format!("pizza-rush: {message}")), "{}", end.stderr);
        assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    }
}

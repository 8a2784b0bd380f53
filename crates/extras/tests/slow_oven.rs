//! The example `slow_oven`, as a process: blocking work for one order blocks no other.

#[path = "../../../tests/support/example.rs"]
mod example;

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

/// The example, which is killed at the end of the test.
struct SlowOven(Child);

impl Drop for SlowOven {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the example. Returns its address.
fn start(baking_seconds: &str) -> (SlowOven, String) {
    let mut command = Command::new(example::binary("slow_oven"));
    command.args(["127.0.0.1:0", baking_seconds]).stdout(Stdio::piped());
    let mut oven = SlowOven(command.spawn().expect("it is built"));
    let mut line = String::new();
    let stdout = oven.0.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let addr = line.trim().strip_prefix("Starting up on: ").expect("the first line");
    (oven, addr.to_owned())
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(addr: &str) -> Client {
        let stream = TcpStream::connect(addr).expect("it listens");
        stream.set_read_timeout(Some(A_HANG)).expect("a timeout");
        Client(BufReader::new(stream))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line");
        line
    }

    fn order(&mut self, order: &str) -> String {
        self.0.get_mut().write_all(order.as_bytes()).expect("the server reads");
        self.line()
    }
}

#[test]
fn others_are_served_while_a_pizza_is_in_the_oven() {
    // It stays there for longer than the test takes.
    let (_oven, addr) = start("1000000");
    let mut baking: Vec<_> = (0..10).map(|_| Client::connect(&addr)).collect();
    for client in &mut baking {
        assert_eq!(client.order("1"), "Thank you for ordering 1 pizzas!\n");
        let mut other = Client::connect(&addr);
        assert_eq!(other.order("x"), "Wrong number of pizzas, please try again.\n");
        assert_eq!(other.order("2"), "Thank you for ordering 2 pizzas!\n");
    }
}

#[test]
fn who_waits_for_a_pizza_is_told_when_it_is_ready() {
    let (_oven, addr) = start("0");
    let mut client = Client::connect(&addr);
    for order in 1..4 {
        let thanks = format!("Thank you for ordering {order} pizzas!\n");
        assert_eq!(client.order(&order.to_string()), thanks);
        assert_eq!(client.line(), format!("Your {order} pizzas are ready.\n"));
    }
}

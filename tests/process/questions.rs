//! The programs of the guide's questions that are no tests of the documentation.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::support::prelude::*;

/// A process that is killed at the end of the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_server_on_asyncio_answers_as_ours_does() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pizza_asyncio.py");
    let mut command = Command::new("python3");
    let Ok(mut child) = command.arg(program).arg("0").stdout(Stdio::piped()).spawn() else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let _server = Process(child);
    let said = stdout.lines().next().expect("a line").expect("a text");
    let addr = said.strip_prefix("Starting up on: ").expect("it says where");
    let guest = TcpStream::connect(addr).expect("it listens");
    guest.set_read_timeout(Some(BOUND)).expect("a timeout");
    let mut replies = BufReader::new(&guest).lines();
    for (order, reply) in [
        ("2\n", "Thank you for ordering 2 pizzas!"),
        ("margherita\n", "Wrong number of pizzas, please try again."),
    ] {
        (&guest).write_all(order.as_bytes()).expect("it is taken");
        assert_eq!(replies.next().expect("a reply").expect("a text"), reply);
    }
}

//! The examples as processes, as their first lines say that they are used.

mod support;

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use async_tungstenite::{client_async, tungstenite::Message};
use futures_util::StreamExt;
use pizzaiolo::net::TcpStream;

use crate::support::{A_HANG, curl, curl_can, run};

/// An example that runs. It is killed when this is dropped, so the test itself has it, and not
/// the thread that may hang.
struct Example {
    process: Child,
    /// What it prints, line by line.
    lines: Receiver<String>,
}

impl Example {
    /// Starts an example. `cargo test` has built it beside this test.
    fn start(name: &str, args: &[&str]) -> Example {
        let test = env::current_exe().expect("the test's own path");
        let profile = test.ancestors().nth(2).expect("it is in target/PROFILE/deps");
        let binary = profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
        assert!(binary.exists(), "build it first: cargo build -p pizzaiolo-protocols --examples");
        let mut command = Command::new(binary);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the example runs");
        let stdout = process.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(std::result::Result::ok);
            // Nobody listens if the test has failed meanwhile.
            lines.for_each(|line| drop(sender.send(line)));
        });
        Example { process, lines }
    }

    /// The rest of the next line, which begins as it is told.
    #[track_caller]
    fn next_line(&self, begin: &str) -> String {
        let line = self.lines.recv_timeout(A_HANG).expect("there is one more line");
        let rest = line.strip_prefix(begin);
        rest.unwrap_or_else(|| panic!("it says {line:?}, not {begin:?}")).to_owned()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Both do nothing to one that has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn http_serves_until_it_is_asked_to_close() {
    if !curl_can(&["http"]) {
        return;
    }
    let mut example = Example::start("http", &["127.0.0.1:0"]);
    let url = example.next_line("Open at ");
    run(async move || {
        let page = async |path: &str| curl([&format!("{url}{path}")[..]]).await.text();
        assert_eq!(page("/margherita").await, "Pizza 1: margherita\n");
        assert_eq!(page("/calzone").await, "Pizza 2: calzone\n");
        let night = curl(["-X", "POST", &format!("{url}/close")]).await.text();
        assert_eq!(night, "Good night!\n");
        Ok(())
    });
    example.next_line("Closed.");
    assert!(example.process.wait().expect("it is our child").success());
}

#[test]
fn websocket_says_everything_back() {
    let example = Example::start("websocket", &["127.0.0.1:0"]);
    let addr = example.next_line("Listening at ws://");
    run(async move || {
        let stream = TcpStream::connect(&addr).await?;
        let (mut client, _) = client_async(format!("ws://{addr}"), stream).await?;
        client.send(Message::text("2 margheritas")).await?;
        let echo = client.next().await.transpose()?;
        assert_eq!(echo, Some(Message::text("2 margheritas")));
        Ok(())
    });
}

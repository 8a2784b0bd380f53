//! The examples as processes, as their first lines say that they are used.

mod support;

use std::{
    env,
    io::{self, BufRead},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    thread,
};

use async_tungstenite::{client_async, tungstenite::Message};
use futures_rustls::{
    TlsConnector,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    rustls::{ClientConfig, RootCertStore},
};
use futures_util::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, io::BufReader};
use pizzaiolo::net::TcpStream;

use crate::support::{A_HANG, TempFile, curl, curl_can, openssl, openssl_is_installed, run};

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
            let lines = io::BufReader::new(stdout).lines().map_while(std::result::Result::ok);
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

/// Starts the pizzeria with TLS: its address, and its certificate.
fn tls() -> (Example, String, String) {
    let example = Example::start("tls", &["127.0.0.1:0"]);
    let port = example.next_line("Listening at localhost:");
    let mut pem = String::from("-----BEGIN CERTIFICATE-----");
    pem += &example.next_line(&pem);
    while !pem.ends_with("-----END CERTIFICATE-----") {
        pem = format!("{pem}\n{}", example.next_line(""));
    }
    (example, format!("127.0.0.1:{port}"), pem)
}

#[test]
fn tls_takes_orders_from_whoever_trusts_the_certificate_that_it_prints() {
    let (_example, addr, pem) = tls();
    run(async move || {
        let mut trusted = RootCertStore::empty();
        trusted.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
        let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        let stream = TcpStream::connect(&addr).await?;
        let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;

        let (from, mut to) = stream.split();
        let mut replies = BufReader::new(from).lines();
        for (order, reply) in [
            ("2\n", "Thank you for ordering 2 pizzas!"),
            ("margherita\n", "Wrong number of pizzas, please try again."),
        ] {
            to.write_all(order.as_bytes()).await?;
            to.flush().await?;
            assert_eq!(replies.next().await.transpose()?.as_deref(), Some(reply));
        }
        to.close().await?;
        assert!(replies.next().await.transpose()?.is_none(), "it says goodbye too");
        Ok(())
    });
}

#[test]
fn tls_takes_orders_from_openssl() {
    if !openssl_is_installed() {
        return;
    }
    let (_example, addr, pem) = tls();
    run(async move || {
        let file = TempFile::new("example.pem", &pem)?;
        let trust = ["-CAfile", file.path(), "-verify_hostname", "localhost"];
        let args = ["-connect", &addr].into_iter().chain(trust);
        let replies = openssl(args, &["2", "margherita"]).await.text();
        let expected = "Thank you for ordering 2 pizzas!\n\
                        Wrong number of pizzas, please try again.\n";
        assert_eq!(replies, expected);
        Ok(())
    });
}

#[test]
fn openssl_does_not_trust_the_certificate_of_tls_unless_it_is_told_to() {
    if !openssl_is_installed() {
        return;
    }
    let (_example, addr, _) = tls();
    run(async move || {
        let outcome = openssl(["-connect", &addr], &["2"]).await;
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, b"");
        Ok(())
    });
}

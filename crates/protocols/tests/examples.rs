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
use futures_util::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, future::join_all, io::BufReader,
};
use hyper_util::client::legacy::Client;
use pizzaiolo::net::TcpStream;
use pizzaiolo_protocols::{Connector, Executor};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::support::{A_HANG, Curl, TempFile, curl, curl_can, openssl, openssl_is_installed, run};

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
            // If the test has failed meanwhile, the receiver is gone.
            lines.for_each(|line| drop(sender.send(line)));
        });
        Example { process, lines }
    }

    /// The rest of the next line, which begins with `begin`.
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

/// Reads a page with curl: its status, and its body.
async fn page(args: &[&str], url: &str) -> (String, String) {
    let args = ["-w", "%{stderr}%{http_version} %{http_code}"].iter().chain(args).copied();
    let outcome = curl(args.chain([url])).await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    (outcome.stderr, String::from_utf8(outcome.stdout).expect("it is text"))
}

#[test]
fn axum_serves_handlers_that_sleep_with_either_version_of_http() {
    if !curl_can(&["http", "HTTP2"]) {
        return;
    }
    let example = Example::start("axum", &["127.0.0.1:0"]);
    let url = example.next_line("Open at ");
    run(async move || {
        for (n, version, flag) in [(1, "1.1", "--http1.1"), (2, "2", "--http2-prior-knowledge")] {
            let (status, body) = page(&[flag], &format!("{url}/")).await;
            assert_eq!(status, format!("{version} 200"));
            assert!(body.starts_with("margherita, calzone"), "{body}");
            let (_, body) = page(&[flag, "-X", "POST"], &format!("{url}/bake/calzone")).await;
            assert_eq!(body, format!("Pizza {n}: calzone\n"));
            let (_, body) = page(&[flag], &format!("{url}/oven")).await;
            assert_eq!(body, "100 degrees\n200 degrees\n300 degrees\n");
            let (status, _) = page(&[flag, "-X", "POST"], &format!("{url}/bake/capricciosa")).await;
            assert_eq!(status, format!("{version} 504"), "it takes longer than an answer may");
        }
        Ok(())
    });
}

#[test]
fn tower_sends_away_what_is_too_much() {
    if !curl_can(&["http"]) {
        return;
    }
    let example = Example::start("tower", &["127.0.0.1:0"]);
    let url = example.next_line("Open at ");
    run(async move || {
        let urls = ["a", "b", "c", "d", "e"].map(|path| format!("{url}/{path}"));
        // On a slow machine the first may be done before the last comes: until one is sent away.
        loop {
            let pages = join_all(urls.iter().map(|url| page(&[], url))).await;
            let served = pages.iter().filter(|(status, _)| status == "1.1 200").count();
            let excused = pages.iter().filter(|(_, body)| body == "Too many orders.\n").count();
            // There are two ovens.
            assert!(served >= 2 && served + excused == 5, "{pages:?}");
            if excused > 0 {
                return Ok(());
            }
        }
    });
}

#[test]
fn client_reads_all_the_pages_that_it_is_told_to() {
    let server = Example::start("http", &["127.0.0.1:0"]);
    let url = server.next_line("Open at ");
    let urls = ["margherita", "calzone"].map(|path| format!("{url}/{path}"));
    let mut client = Example::start("client", &[&urls[0], &urls[1]]);
    assert_eq!(client.next_line("200 OK: "), "Pizza 1: margherita");
    assert_eq!(client.next_line("200 OK: "), "Pizza 2: calzone");
    assert!(client.process.wait().expect("it is our child").success());
}

#[test]
fn tokio_reactor_reads_a_page_with_reqwest_and_takes_one_thread_for_it() {
    let server = Example::start("http", &["127.0.0.1:0"]);
    let url = server.next_line("Open at ");
    let mut client = Example::start("tokio_reactor", &[&format!("{url}/calzone")]);
    assert_eq!(client.next_line("Pizza 1: "), "calzone");
    if cfg!(target_os = "linux") {
        assert_eq!(client.next_line("Threads: "), "2");
    }
    assert!(client.process.wait().expect("it is our child").success());
}

/// gRPC is HTTP/2 with a body of frames: no flags, a length of four bytes, a message.
#[test]
fn grpc_answers_curl() {
    if !curl_can(&["http", "HTTP2"]) {
        return;
    }
    let example = Example::start("grpc", &["127.0.0.1:0"]);
    let url = example.next_line("Listening at ");
    run(async move || {
        let call = async |method: &str, request: &[u8]| {
            let url = format!("{url}/grpc.health.v1.Health/{method}");
            let headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
            let args = ["-i", "--http2-prior-knowledge", "--data-binary", "@-", &url];
            let outcome =
                Curl::start(args.into_iter().chain(headers), request.to_vec()).outcome().await;
            assert_eq!(outcome.code, Some(0), "{method}: {}", outcome.stderr);
            let end = outcome.stdout.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            let body = outcome.stdout[end.expect("the headers end") + 4..].to_vec();
            (String::from_utf8_lossy(&outcome.stdout).into_owned(), body)
        };
        // Field 1, a number: 1 is serving, and 2 is not.
        let (cold, hot) = ([0, 0, 0, 0, 2, 8, 2], [0, 0, 0, 0, 2, 8, 1]);
        let (_, body) = call("Watch", &[0; 5]).await;
        assert!(body.ends_with(&hot) || body.windows(7).any(|frame| frame == hot), "{body:?}");
        // A machine that is slow finds it hot at once.
        assert!(body.starts_with(&cold) || body.starts_with(&hot), "{body:?}");
        let (all, body) = call("Check", &[0; 5]).await;
        assert!(body.starts_with(&hot), "{body:?}");
        assert!(all.contains("grpc-status: 0"), "{all}");
        // Without a body: the server asks for none of it, and curl 7.88 is upset if it still sends one.
        let (all, _) = call("Bake", &[]).await;
        assert!(all.contains("grpc-status: 12"), "there is no such method: {all}");
        Ok(())
    });
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

/// Starts the pizzeria with TLS, over TCP or QUIC: its address, and its certificate.
fn tls(name: &str) -> (Example, String, String) {
    let example = Example::start(name, &["127.0.0.1:0"]);
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
    let (_example, addr, pem) = tls("tls");
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
    let (_example, addr, pem) = tls("tls");
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
    let (_example, addr, _) = tls("tls");
    run(async move || {
        let outcome = openssl(["-connect", &addr], &["2"]).await;
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, b"");
        Ok(())
    });
}

/// On tokio, in a runtime and a thread of its own.
fn on_tokio<T: Send + 'static>(
    client: impl Future<Output = support::Result<T>> + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("tokio makes its driver");
    let client = async { tokio::time::timeout(A_HANG, client).await.expect("the test hangs") };
    runtime.block_on(client).expect("the client's own I/O works")
}

#[test]
fn grpc_answers_tonics_client_on_tokio() {
    let example = Example::start("grpc", &["127.0.0.1:0"]);
    let url = example.next_line("Listening at ");
    on_tokio(async move {
        let channel = tonic::transport::Endpoint::new(url)?.connect().await?;
        let mut client = HealthClient::new(channel);
        let mut statuses = client.watch(HealthCheckRequest::default()).await?.into_inner();
        let mut last = None;
        while let Some(reply) = statuses.message().await? {
            last = Some(reply.status());
        }
        assert_eq!(last, Some(ServingStatus::Serving));
        let reply = client.check(HealthCheckRequest::default()).await?.into_inner();
        assert_eq!(reply.status(), ServingStatus::Serving);
        Ok(())
    });
}

/// tonic's client asks for any service of HTTP: hyper-util's, with its pool, is one.
#[test]
fn grpc_answers_tonics_client_on_pizzaiolo() {
    let example = Example::start("grpc", &["127.0.0.1:0"]);
    let url = example.next_line("Listening at ");
    run(async move || {
        let pool = Client::builder(Executor).http2_only(true).build(Connector);
        let mut client = HealthClient::with_origin(pool, url.parse()?);
        let reply = client.check(HealthCheckRequest::default()).await?.into_inner();
        assert_eq!(reply.status(), ServingStatus::Serving);
        Ok(())
    });
}

#[test]
fn quic_takes_orders_from_quinn_on_tokio() {
    let (_example, addr, pem) = tls("quic");
    let replies = on_tokio(async move {
        let mut trusted = RootCertStore::empty();
        trusted.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
        let mut config =
            ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
        config.alpn_protocols = vec![b"pizza".to_vec()];
        let config = quinn::crypto::rustls::QuicClientConfig::try_from(config)?;
        let config = quinn::ClientConfig::new(Arc::new(config));
        let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse()?)?;
        let connection = endpoint.connect_with(config, addr.parse()?, "localhost")?.await?;
        let mut replies = Vec::new();
        for order in ["2", "margherita"] {
            let (mut to, mut from) = connection.open_bi().await?;
            to.write_all(order.as_bytes()).await?;
            to.finish()?;
            replies.push(String::from_utf8(from.read_to_end(1024).await?)?);
        }
        Ok(replies)
    });
    let expected =
        ["Thank you for ordering 2 pizzas!\n", "Wrong number of pizzas, please try again.\n"];
    assert_eq!(replies, expected);
}

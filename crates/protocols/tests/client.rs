//! hyper-util's client, which keeps its connections, on pizzaiolo.

mod support;

use std::{
    cell::Cell,
    convert::Infallible,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::Arc,
    thread,
    time::Duration,
};

use futures_channel::oneshot;
use futures_rustls::{
    TlsConnector,
    pki_types::ServerName,
    rustls::{ClientConfig, RootCertStore},
};
use futures_util::future::try_join_all;
use http_body_util::{BodyExt, Empty};
use hyper::{Response, Uri, body::Bytes, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::Connect},
    server::conn::auto,
};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time,
};
use pizzaiolo_protocols::{Connector, Executor, Io, LocalIo, Timer, local};

use crate::support::{A_HANG, Result, TempFile, openssl_is_installed, run};

/// What a server has seen of its clients.
#[derive(Clone, Default)]
struct Seen {
    connections: Rc<Cell<usize>>,
    ended: Rc<Cell<usize>>,
    requests: Rc<Cell<usize>>,
}

/// Serves either version of HTTP. A reply waits until `at_once` requests have come.
fn serve(addr: &str, at_once: usize) -> io::Result<(SocketAddr, Seen)> {
    let listener = TcpListener::bind(addr)?;
    let addr = listener.local_addr()?;
    let seen = Seen::default();
    let own = seen.clone();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            own.connections.set(own.connections.get() + 1);
            let seen = own.clone();
            spawn(async move {
                let Seen { requests, ended, .. } = seen;
                let service = service_fn(move |_| {
                    requests.set(requests.get() + 1);
                    let requests = Rc::clone(&requests);
                    async move {
                        until(|| requests.get() >= at_once).await;
                        Ok::<_, Infallible>(Response::new("a pizza".to_owned()))
                    }
                });
                // How it ends is for the client to say.
                let _ =
                    auto::Builder::new(Executor).serve_connection(Io::new(stream), service).await;
                ended.set(ended.get() + 1);
            })
            .detach();
        }
    })
    .detach();
    Ok((addr, seen))
}

/// Waits for something that other tasks do.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        time::sleep(Duration::from_millis(1)).await;
    }
}

async fn page<C>(client: &Client<C, Empty<Bytes>>, url: &str) -> Result<String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let response = client.get(url.parse()?).await?;
    Ok(String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?)
}

#[test]
fn requests_one_by_one_share_a_connection() {
    run(async || {
        let (addr, seen) = serve("127.0.0.1:0", 0)?;
        let client = Client::builder(Executor).build(Connector);
        for _ in 0..5 {
            assert_eq!(page(&client, &format!("http://{addr}/")).await?, "a pizza");
            // The pool has a connection back when its task has been polled once more.
            time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!((seen.connections.get(), seen.requests.get()), (1, 5));
        Ok(())
    });
}

#[test]
fn requests_at_once_have_a_connection_each() {
    run(async || {
        let (addr, seen) = serve("127.0.0.1:0", 5)?;
        let client = Client::builder(Executor).build(Connector);
        let url = format!("http://{addr}/");
        let pages = try_join_all((0..5).map(|_| page(&client, &url))).await?;
        assert_eq!(pages, ["a pizza"; 5]);
        assert_eq!((seen.connections.get(), seen.requests.get()), (5, 5));
        Ok(())
    });
}

#[test]
fn requests_at_once_share_a_connection_of_http2() {
    run(async || {
        let (addr, seen) = serve("127.0.0.1:0", 5)?;
        let client = Client::builder(Executor).timer(Timer).http2_only(true).build(Connector);
        let url = format!("http://{addr}/");
        let pages = try_join_all((0..5).map(|_| page(&client, &url))).await?;
        assert_eq!(pages, ["a pizza"; 5]);
        assert_eq!((seen.connections.get(), seen.requests.get()), (1, 5));
        Ok(())
    });
}

#[test]
fn an_idle_connection_is_closed_when_its_time_is_over() {
    run(async || {
        let (addr, seen) = serve("127.0.0.1:0", 0)?;
        let client = Client::builder(Executor)
            .pool_timer(Timer)
            .pool_idle_timeout(Duration::from_millis(100))
            .build(Connector);
        page(&client, &format!("http://{addr}/")).await?;
        assert_eq!(seen.ended.get(), 0);
        // The client is still there.
        until(|| seen.ended.get() == 1).await;
        page(&client, &format!("http://{addr}/")).await?;
        assert_eq!(seen.connections.get(), 2);
        Ok(())
    });
}

#[test]
fn a_host_is_an_address_of_either_family_or_localhost() {
    run(async || {
        let client = Client::builder(Executor).build(Connector);
        let (addr, _) = serve("127.0.0.1:0", 0)?;
        let url = format!("http://localhost:{}/", addr.port());
        assert_eq!(page(&client, &url).await?, "a pizza");
        // Not every machine has it.
        if let Ok((addr, _)) = serve("[::1]:0", 0) {
            assert_eq!(page(&client, &format!("http://{addr}/")).await?, "a pizza");
        }
        Ok(())
    });
}

#[test]
fn what_the_connector_does_not_do_is_an_error_that_says_so() {
    run(async || {
        let client = Client::builder(Executor).build(Connector);
        let error = page(&client, "https://127.0.0.1:1/").await.expect_err("there is no TLS");
        let cause = error.source().expect("it has a cause").to_string();
        assert!(cause.contains("not of http"), "{cause}");
        Ok(())
    });
}

/// An openssl that serves. It is killed when this is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Both do nothing to one that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts it: the server, and its address.
    async fn start(cert: &str, key: &str) -> Result<(Server, String)> {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", cert, "-key", key]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = Server(command.spawn()?);
        let mut lines = BufReader::new(server.0.stdout.take().ok_or("it is piped")?).lines();
        let (say, addr) = oneshot::channel();
        thread::spawn(move || {
            let mut lines = lines.by_ref().map_while(std::result::Result::ok);
            let addr = lines.find_map(|line| Some(line.strip_prefix("ACCEPT ")?.to_owned()));
            // The test has failed if it listens no more. The rest is read, so that it goes on to write.
            let _ = say.send(addr.unwrap_or_default());
            lines.for_each(drop);
        });
        let addr = time::timeout(A_HANG, addr).await??;
        Ok((server, addr))
    }
}

/// What [`Connector`] leaves out, in one function: TLS around the socket.
#[test]
fn a_page_of_openssls_comes_over_tls() {
    if !openssl_is_installed() {
        return;
    }
    run(async || {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let cert = TempFile::new("client-cert.pem", &own.cert.pem())?;
        let key = TempFile::new("client-key.pem", &own.signing_key.serialize_pem())?;
        let (_server, addr) = Server::start(cert.path(), key.path()).await?;

        let mut trusted = RootCertStore::empty();
        trusted.add(own.cert.der().clone())?;
        let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        let connector = tower::service_fn(move |uri: Uri| {
            let tls = tls.clone();
            Box::pin(local(async move {
                let host = uri.host().unwrap_or_default().to_owned();
                let port = uri.port_u16().unwrap_or(443);
                let stream = TcpStream::connect((host.as_str(), port)).await?;
                let name = ServerName::try_from(host).map_err(io::Error::other)?;
                io::Result::Ok(LocalIo::new(tls.connect(name, stream).await?))
            }))
        });
        let client = Client::builder(Executor).build(connector);
        let text = page(&client, &format!("https://{addr}/")).await?;
        assert!(text.contains("Ciphers supported in s_server"), "{text}");
        Ok(())
    });
}

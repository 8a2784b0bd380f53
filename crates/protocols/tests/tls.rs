//! futures-rustls on pizzaiolo, at both ends of a socket; and with openssl and curl as clients.

mod support;

use std::{convert::Infallible, io, net::Shutdown, sync::Arc, time::Duration};

use futures_rustls::{
    TlsAcceptor, TlsConnector, client,
    pki_types::ServerName,
    rustls::{
        self, AlertDescription, CertificateError, ClientConfig, ProtocolVersion, RootCertStore,
        ServerConfig,
    },
    server,
};
use futures_util::{
    AsyncReadExt, AsyncWriteExt,
    future::{join, join_all, try_join},
    io::copy,
};
use hyper::{
    Request, Response,
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time, yield_now,
};
use pizzaiolo_protocols::{Executor, Io, Timer};

use crate::support::{
    Result, TempFile, curl, curl_can, openssl, openssl_is_installed, pattern, run, run_paused,
};

/// A pizzeria with a certificate of its own.
struct Shop {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    /// A client that trusts it.
    connector: TlsConnector,
    /// The certificate, for clients that are not written here.
    pem: String,
}

impl Shop {
    fn open() -> Result<Shop> {
        Shop::open_with(&[])
    }

    /// Opens one that speaks `protocols` over TLS, the best first.
    fn open_with(protocols: &[&str]) -> Result<Shop> {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let own = rcgen::generate_simple_self_signed(names)?;
        let mut trusted = RootCertStore::empty();
        trusted.add(own.cert.der().clone())?;
        let pem = own.cert.pem();
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], own.signing_key.into())?;
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Shop {
            listener: TcpListener::bind("127.0.0.1:0")?,
            acceptor: Arc::new(config).into(),
            connector: connector(trusted),
            pem,
        })
    }

    async fn accept(&self) -> io::Result<server::TlsStream<TcpStream>> {
        let (stream, _) = self.listener.accept().await?;
        self.acceptor.accept(stream).await
    }

    async fn connect(&self) -> io::Result<client::TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.listener.local_addr()?).await?;
        self.connector.connect(localhost(), stream).await
    }

    /// Both ends of one connection.
    async fn pair(
        &self,
    ) -> io::Result<(client::TlsStream<TcpStream>, server::TlsStream<TcpStream>)> {
        try_join(self.connect(), self.accept()).await
    }
}

fn connector(trusted: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    Arc::new(config).into()
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("it is a name")
}

/// What rustls says, which is inside of the `io::Error`.
#[track_caller]
fn cause(error: &io::Error) -> &rustls::Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    cause.unwrap_or_else(|| panic!("that is not by rustls: {error:?}"))
}

#[test]
fn what_is_sent_comes_back_as_it_was_though_both_ends_buffers_are_full() {
    run(async || {
        let shop = Shop::open()?;
        let (client, server) = shop.pair().await?;
        let echo = spawn(async move {
            let (from, mut to) = server.split();
            copy(from, &mut to).await?;
            to.close().await
        });
        let (mut receiver, mut sender) = client.split();
        // One task reads while another writes, and each has a waker of its own.
        let write = spawn(async move {
            sender.write_all(&pattern(3_000_000)).await?;
            sender.close().await
        });
        let mut all = Vec::new();
        receiver.read_to_end(&mut all).await?;
        assert!(all == pattern(3_000_000), "{} bytes came back", all.len());
        write.await??;
        echo.await??;
        Ok(())
    });
}

#[test]
fn after_its_goodbye_a_client_still_hears_the_reply_and_then_the_servers_goodbye() {
    run(async || {
        let shop = Shop::open()?;
        let (mut client, mut server) = shop.pair().await?;
        client.write_all(b"2\n").await?;
        client.close().await?;

        let mut order = String::new();
        // It ends, and without an error: that is the client's close_notify.
        server.read_to_string(&mut order).await?;
        assert_eq!(order, "2\n");
        server.write_all(b"Thank you for ordering 2 pizzas!\n").await?;
        server.close().await?;

        let mut reply = String::new();
        client.read_to_string(&mut reply).await?;
        assert_eq!(reply, "Thank you for ordering 2 pizzas!\n");
        // Under both goodbyes are those of TCP.
        assert_eq!(client.get_ref().0.read(&mut [0; 1]).await?, 0);
        assert_eq!(server.get_ref().0.read(&mut [0; 1]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_connection_that_ends_without_a_goodbye_is_an_error() {
    run(async || {
        let shop = Shop::open()?;
        let (mut client, mut server) = shop.pair().await?;
        client.write_all(b"2\n").await?;
        client.flush().await?;
        // Any machine between the two can do that. Only the client can send the encrypted `close_notify`.
        client.get_ref().0.shutdown(Shutdown::Write)?;
        let mut order = Vec::new();
        let error = server.read_to_end(&mut order).await.expect_err("the order may go on");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(order, b"2\n");
        Ok(())
    });
}

#[test]
fn many_clients_are_served_at_once() {
    const CLIENTS: usize = 20;
    run(async || {
        let shop = Shop::open()?;
        // All the handshakes are under way together.
        let served = join_all((0..CLIENTS).map(|_| async {
            let mut stream = shop.accept().await?;
            let mut order = Vec::new();
            stream.read_to_end(&mut order).await?;
            stream.write_all(&order).await?;
            stream.close().await
        }));
        let ordered = join_all((0..CLIENTS).map(async |n| {
            let mut stream = shop.connect().await?;
            stream.write_all(format!("table {n}").as_bytes()).await?;
            stream.close().await?;
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await?;
            io::Result::Ok((n, reply))
        }));
        let (served, ordered) = join(served, ordered).await;
        for reply in ordered {
            let (n, reply) = reply?;
            assert_eq!(reply, format!("table {n}"));
        }
        served.into_iter().collect::<io::Result<()>>()?;
        Ok(())
    });
}

/// What each end says about a handshake that the client breaks off.
async fn broken_handshake(
    shop: &Shop,
    connector: &TlsConnector,
    name: ServerName<'static>,
) -> Result<(io::Error, io::Error)> {
    let stream = TcpStream::connect(shop.listener.local_addr()?).await?;
    // The client's socket stays open: closed too early, it could take the alert with it.
    let client = connector.connect(name, stream).into_fallible();
    let (client, server) = join(client, shop.accept()).await;
    let (error, _stream) = client.err().ok_or("the client trusts any server")?;
    Ok((error, server.err().ok_or("the server has not heard of it")?))
}

#[test]
fn a_client_that_does_not_trust_the_certificate_breaks_off_and_both_ends_know_why() {
    run(async || {
        let shop = Shop::open()?;
        let stranger = connector(RootCertStore::empty());
        let (client, server) = broken_handshake(&shop, &stranger, localhost()).await?;
        let unknown = CertificateError::UnknownIssuer;
        assert_eq!(*cause(&client), rustls::Error::InvalidCertificate(unknown));
        let alert = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        assert_eq!(*cause(&server), alert);

        // The next client is served.
        shop.pair().await?;
        Ok(())
    });
}

#[test]
fn a_certificate_for_another_name_is_not_trusted() {
    run(async || {
        let shop = Shop::open()?;
        let other = ServerName::try_from("pizza.example")?;
        let (client, _) = broken_handshake(&shop, &shop.connector, other).await?;
        let cause = cause(&client);
        let rustls::Error::InvalidCertificate(why) = cause else { panic!("it says: {cause}") };
        assert!(matches!(why, CertificateError::NotValidForNameContext { .. }), "{why:?}");
        Ok(())
    });
}

#[test]
fn a_client_without_tls_is_an_error_and_no_hang() {
    run(async || {
        let shop = Shop::open()?;
        let client = TcpStream::connect(shop.listener.local_addr()?).await?;
        client.write_all(b"GET /margherita HTTP/1.1\r\nHost: here\r\n\r\n").await?;
        let error = shop.accept().await.expect_err("that is no TLS");
        assert!(matches!(cause(&error), rustls::Error::InvalidMessage(_)), "{error}");
        Ok(())
    });
}

#[test]
fn a_handshake_that_never_ends_is_given_up_when_its_time_is_over_and_no_earlier() {
    const EARLY: Duration = Duration::from_millis(9_999);
    const TICK: Duration = Duration::from_millis(1);
    run_paused(async || {
        let shop = Shop::open()?;
        let client = TcpStream::connect(shop.listener.local_addr()?).await?;
        // A record of a handshake, and not even its length.
        client.write_all(&[22, 3, 1]).await?;
        let (stream, _) = shop.listener.accept().await?;
        let handshake = spawn(time::timeout(EARLY + TICK, shop.acceptor.accept(stream)));
        yield_now().await;

        time::advance(EARLY).await;
        assert!(!handshake.is_finished(), "it is given up too early");
        time::advance(TICK).await;
        assert!(handshake.await?.is_err(), "that was no handshake");
        Ok(())
    });
}

async fn page(request: Request<Incoming>) -> std::result::Result<Response<String>, Infallible> {
    Ok(Response::new(format!("{} {}\n", request.method(), request.uri().path())))
}

#[test]
fn curl_gets_a_page_of_hypers_over_tls() {
    if !curl_can(&["https"]) {
        return;
    }
    run(async || {
        let shop = Shop::open()?;
        let pem = TempFile::new("http1.pem", &shop.pem)?;
        let url = format!("https://{}/margherita", shop.listener.local_addr()?);
        let server = async {
            let stream = Io::new(shop.accept().await?);
            http1::Builder::new().timer(Timer).serve_connection(stream, service_fn(page)).await?;
            Result::Ok(())
        };
        let client = async { Ok(curl(["--cacert", pem.path(), &url]).await.text()) };
        let ((), page) = try_join(server, client).await?;
        assert_eq!(page, "GET /margherita\n");
        Ok(())
    });
}

/// Without it, a page that is as long as the connection could be cut by any machine between the two.
#[test]
fn hyper_says_goodbye_when_it_closes() {
    run(async || {
        let shop = Shop::open()?;
        let (mut client, server) = shop.pair().await?;
        let http = http1::Builder::new().serve_connection(Io::new(server), service_fn(page));
        let server = spawn(http);
        client.write_all(b"GET /margherita HTTP/1.0\r\n\r\n").await?;
        let mut text = String::new();
        client.read_to_string(&mut text).await?;
        assert!(text.ends_with("\r\n\r\nGET /margherita\n"), "{text:?}");
        server.await??;
        Ok(())
    });
}

/// Both ends choose the protocol in the handshake.
#[test]
fn curl_and_hyper_agree_on_http2_over_tls() {
    if !curl_can(&["https", "HTTP2"]) {
        return;
    }
    run(async || {
        let shop = Shop::open_with(&["h2", "http/1.1"])?;
        let pem = TempFile::new("http2.pem", &shop.pem)?;
        let url = format!("https://{}/margherita", shop.listener.local_addr()?);
        let server = async {
            let stream = shop.accept().await?;
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let http = http2::Builder::new(Executor);
            // How it ends says nothing: curl leaves without waiting for all the goodbyes.
            let _ = http.serve_connection(Io::new(stream), service_fn(page)).await;
            Result::Ok(())
        };
        let version = "version: %{http_version}\n";
        let client = async { Ok(curl(["--cacert", pem.path(), "-w", version, &url]).await.text()) };
        let ((), page) = try_join(server, client).await?;
        assert_eq!(page, "GET /margherita\nversion: 2\n");
        Ok(())
    });
}

#[test]
fn curl_does_not_trust_the_certificate_unless_it_is_told_to() {
    if !curl_can(&["https"]) {
        return;
    }
    run(async || {
        let shop = Shop::open()?;
        let url = format!("https://{}/margherita", shop.listener.local_addr()?);
        let (server, outcome) = join(shop.accept(), curl([&url[..]])).await;
        assert_eq!(outcome.code, Some(60), "{}", outcome.stderr);
        server.expect_err("curl has broken off");
        Ok(())
    });
}

#[test]
fn openssl_talks_over_either_version_of_tls_and_says_goodbye() {
    if !openssl_is_installed() {
        return;
    }
    run(async || {
        for (arg, version) in
            [("-tls1_2", ProtocolVersion::TLSv1_2), ("-tls1_3", ProtocolVersion::TLSv1_3)]
        {
            let shop = Shop::open()?;
            let pem = TempFile::new(&format!("openssl{arg}.pem"), &shop.pem)?;
            let addr = shop.listener.local_addr()?.to_string();
            let server = async {
                let stream = shop.accept().await?;
                assert_eq!(stream.get_ref().1.protocol_version(), Some(version));
                let (from, mut to) = stream.split();
                // It ends, and without an error: that is openssl's close_notify.
                copy(from, &mut to).await?;
                to.close().await
            };
            let args = [arg, "-connect", &addr, "-CAfile", pem.path()];
            let (echo, outcome) = join(server, openssl(args, &["2", "margherita"])).await;
            assert_eq!(outcome.text(), "2\nmargherita\n", "{version:?}");
            echo?;
        }
        Ok(())
    });
}

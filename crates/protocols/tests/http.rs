//! hyper's server on pizzaiolo, and curl as its client.

mod support;

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    io::{self, Read, Write},
    net::{self, SocketAddr},
    rc::Rc,
    thread,
    time::Duration,
};

use futures_channel::oneshot;
use futures_util::future::try_join;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http2::SendRequest,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::server::{conn::auto, graceful::GracefulShutdown};
use pizzaiolo::{
    JoinHandle,
    net::{TcpListener, TcpStream},
    spawn, time, yield_now,
};
use pizzaiolo_protocols::{Executor, Io, Timer};

use crate::support::{A_HANG, Curl, Result, curl, curl_can, pattern, run, run_paused};

type Reply = std::result::Result<Response<Full<Bytes>>, Infallible>;

#[expect(clippy::unnecessary_wraps, reason = "a service returns a `Result`")]
fn reply(body: impl Into<Bytes>) -> Reply {
    Ok(Response::new(Full::new(body.into())))
}

/// Sends the request's body back.
async fn echo(request: Request<Incoming>) -> Reply {
    let body = request.into_body().collect().await.expect("the client sends all");
    reply(body.to_bytes())
}

/// Serves one connection at a time, with HTTP/1.1, until it has served `connections`.
fn serve_http1<F>(
    connections: usize,
    service: impl Fn(Request<Incoming>) -> F + 'static,
) -> io::Result<(SocketAddr, JoinHandle<Result>)>
where
    F: Future<Output = Reply> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let server = spawn(async move {
        for _ in 0..connections {
            let (stream, _) = listener.accept().await?;
            http1::Builder::new()
                .timer(Timer)
                .serve_connection(Io::new(stream), service_fn(&service))
                .await?;
        }
        Ok(())
    });
    Ok((addr, server))
}

#[test]
fn curl_gets_a_page() {
    if !curl_can(&["http"]) {
        return;
    }
    run(async || {
        let (addr, server) = serve_http1(1, |request| async move {
            reply(format!("{} {}", request.method(), request.uri().path()))
        })?;
        let page = curl(["-i", &format!("http://{addr}/margherita")]).await.text();
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(page.ends_with("\r\n\r\nGET /margherita"), "{page}");
        server.await?
    });
}

#[test]
fn a_large_body_comes_back_unharmed() {
    if !curl_can(&["http"]) {
        return;
    }
    run(async || {
        let (addr, server) = serve_http1(1, echo)?;
        let body = pattern(3_000_000);
        // From a pipe: curl sends it in chunks, as it does not know the length.
        let curl = Curl::start(["-T", "-", &format!("http://{addr}/")], body.clone());
        let outcome = curl.outcome().await;
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stdout == body);
        server.await?
    });
}

#[test]
fn a_connection_is_kept_alive_for_the_next_request() {
    if !curl_can(&["http"]) {
        return;
    }
    run(async || {
        // If curl connected anew, that connection would not be accepted.
        let (addr, server) = serve_http1(1, |_| async { reply("a pizza\n") })?;
        let (url, counts) = (format!("http://{addr}/"), "connects: %{num_connects}\n");
        let pages = curl(["-w", counts, &url, &url, &url]).await.text();
        let (new, kept) = ("a pizza\nconnects: 1\n", "a pizza\nconnects: 0\n");
        assert_eq!(pages, [new, kept, kept].concat());
        server.await?
    });
}

#[test]
fn half_a_header_is_waited_for_until_the_time_is_over_and_no_longer() {
    const EARLY: Duration = Duration::from_millis(9_999);
    const TICK: Duration = Duration::from_millis(1);
    run_paused(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        client.write_all(b"GET /margherita HTTP/1.1\r\nHost: ").await?;
        let (stream, _) = listener.accept().await?;
        // What the server has not read when it closes, the client would see as a reset.
        stream.peek(&mut [0; 1]).await?;
        let connection = http1::Builder::new()
            .timer(Timer)
            .header_read_timeout(EARLY + TICK)
            .serve_connection(Io::new(stream), service_fn(echo));
        let served = spawn(connection);
        // The time counts from its first poll.
        yield_now().await;

        time::advance(EARLY).await;
        yield_now().await;
        assert!(!served.is_finished(), "it is cut off too early");
        time::advance(TICK).await;
        let error = served.await?.expect_err("the header is not whole");
        assert!(error.is_timeout(), "{error}");
        assert_eq!(client.read(&mut [0; 64]).await?, 0, "the client gets nothing but the end");
        Ok(())
    });
}

/// The same as it is in life: on a clock that runs, and with a client that blocks.
#[test]
fn a_client_that_never_ends_its_header_is_cut_off() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let client = thread::spawn(move || {
            let mut stream = net::TcpStream::connect(addr)?;
            stream.write_all(b"GET /margherita HTTP/1.1\r\nHost: ")?;
            stream.read(&mut [0; 64])
        });
        let (stream, _) = listener.accept().await?;
        stream.peek(&mut [0; 1]).await?;
        let connection = http1::Builder::new()
            .timer(Timer)
            .header_read_timeout(Duration::from_millis(50))
            .serve_connection(Io::new(stream), service_fn(echo));
        let error = connection.await.expect_err("the header is not whole");
        assert!(error.is_timeout(), "{error}");
        assert_eq!(client.join().expect("it does not panic")?, 0);
        Ok(())
    });
}

#[test]
fn at_a_graceful_end_the_idle_are_sent_home_and_the_served_are_served() {
    if !curl_can(&["http"]) {
        return;
    }
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let connections = GracefulShutdown::new();

        // One client has had its reply, and keeps its connection.
        let idle = TcpStream::connect(addr).await?;
        // The other's pizza is in the oven.
        let curl = Curl::start(["-i", &format!("http://{addr}/slow")], Vec::new());
        let (in_oven, oven) = oneshot::channel();
        let (bake, baked) = oneshot::channel();
        let baking = Rc::new(RefCell::new(Some((in_oven, baked))));
        let cook = move |request: Request<Incoming>| {
            let baking = Rc::clone(&baking);
            async move {
                if request.uri().path() == "/slow" {
                    let (in_oven, baked) = baking.borrow_mut().take().expect("one pizza is slow");
                    in_oven.send(()).expect("the test waits");
                    baked.await.expect("the test lets it be ready");
                }
                reply("a pizza\n")
            }
        };
        for _ in 0..2 {
            let (stream, _) = listener.accept().await?;
            let connection = http1::Builder::new()
                .timer(Timer)
                .serve_connection(Io::new(stream), service_fn(cook.clone()));
            let connection = connections.watch(connection);
            spawn(async move { connection.await.expect("it ends well") }).detach();
        }
        idle.write_all(b"GET /fast HTTP/1.1\r\nHost: here\r\n\r\n").await?;
        let mut page = Vec::new();
        while !page.ends_with(b"a pizza\n") {
            let mut buf = [0; 1024];
            let len = idle.read(&mut buf).await?;
            assert_ne!(len, 0, "a connection that could be kept is closed");
            page.extend_from_slice(&buf[..len]);
        }
        oven.await?;

        drop(listener);
        let shutdown = spawn(connections.shutdown());
        assert_eq!(idle.read(&mut [0; 64]).await?, 0, "the idle connection is closed");
        assert!(!shutdown.is_finished(), "there is one more to be served");

        bake.send(()).expect("the cook waits");
        let page = curl.outcome().await.text();
        assert!(page.contains("connection: close\r\n"), "{page}");
        assert!(page.ends_with("\r\n\r\na pizza\n"), "{page}");
        shutdown.await?;
        Ok(())
    });
}

/// With HTTP/2 the executor is in use: hyper spawns each request.
#[test]
fn curl_gets_a_page_with_http2() {
    if !curl_can(&["http", "HTTP2"]) {
        return;
    }
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let server = spawn(async move {
            let (stream, _) = listener.accept().await?;
            // No async closure: rustc 1.95 fails, when it compiles one anew that is a service.
            let service = service_fn(|_| async { reply("a pizza\n") });
            http2::Builder::new(Executor).serve_connection(Io::new(stream), service).await?;
            Result::Ok(())
        });
        let version = "version: %{http_version}\n";
        let page = curl(["--http2-prior-knowledge", "-w", version, &url]).await.text();
        assert_eq!(page, "a pizza\nversion: 2\n");
        server.await?
    });
}

/// What a service that does not know its clients takes: the spawner for HTTP/2, and the timer for
/// both.
#[test]
fn one_server_speaks_whichever_version_curl_begins_with() {
    if !curl_can(&["http", "HTTP2"]) {
        return;
    }
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let server = spawn(async move {
            let mut http = auto::Builder::new(Executor);
            http.http1().timer(Timer).header_read_timeout(A_HANG);
            http.http2().timer(Timer).keep_alive_interval(A_HANG);
            for _ in 0..2 {
                let (stream, _) = listener.accept().await?;
                let service = service_fn(|_| async { reply("a pizza\n") });
                let served = http.serve_connection(Io::new(stream), service).await;
                // Its error is `Send`, and so another type than ours.
                served.map_err(|error| error.to_string())?;
            }
            Result::Ok(())
        });
        for (arg, version) in [("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")] {
            let page = curl([arg, "-w", "version: %{http_version}\n", &url]).await.text();
            assert_eq!(page, format!("a pizza\nversion: {version}\n"));
        }
        server.await?
    });
}

/// Each reply needs both requests, and the state that they share is not `Send`. The client is
/// hyper's: curl 7.88 cannot send a second request over a connection without TLS.
#[test]
fn http2_requests_of_one_connection_are_served_at_once() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let waiting = Rc::new(Cell::new(0));
        let server = spawn(async move {
            let (stream, _) = listener.accept().await?;
            let service = service_fn(move |_| {
                let waiting = Rc::clone(&waiting);
                async move {
                    waiting.set(waiting.get() + 1);
                    while waiting.get() < 2 {
                        yield_now().await;
                    }
                    reply("a pizza")
                }
            });
            http2::Builder::new(Executor).serve_connection(Io::new(stream), service).await?;
            Result::Ok(())
        });

        let (client, connection) =
            hyper::client::conn::http2::handshake(Executor, Io::new(stream)).await?;
        let connection = spawn(connection);
        let page = async |mut client: SendRequest<_>| {
            let request = Request::get("http://here/").body(Full::<Bytes>::default())?;
            let reply = client.send_request(request).await?;
            Result::Ok(reply.into_body().collect().await?.to_bytes())
        };
        let pages = try_join(page(client.clone()), page(client)).await?;
        assert_eq!((&pages.0[..], &pages.1[..]), (&b"a pizza"[..], &b"a pizza"[..]));
        // The client's last handle is gone, so the connection ends, at both its ends.
        connection.await??;
        server.await?
    });
}

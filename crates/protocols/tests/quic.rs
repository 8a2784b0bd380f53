//! quinn on pizzaiolo, at both ends. A client on tokio is in `tests/examples.rs`.

mod support;

use std::{future::poll_fn, net::UdpSocket, sync::Arc, task::Poll, time::Duration};

use futures_rustls::{pki_types::PrivateKeyDer, rustls::RootCertStore};
use futures_util::{future::try_join_all, poll};
use pizzaiolo::{spawn, time, yield_now};
use pizzaiolo_protocols::Quic;
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, EndpointConfig, Runtime, ServerConfig,
    TransportConfig,
};

use crate::support::{Result, pattern, run, run_paused};

/// An endpoint on a free port, which is a server if it has `config`.
fn endpoint(config: Option<ServerConfig>) -> Result<Endpoint> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    Ok(Endpoint::new(EndpointConfig::default(), config, socket, Arc::new(Quic))?)
}

/// A server that says everything back, stream by stream, and a client's configuration that trusts it.
fn echo() -> Result<(Endpoint, ClientConfig)> {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (cert, key) = (own.cert.der().clone(), PrivateKeyDer::from(own.signing_key));
    let mut trusted = RootCertStore::empty();
    trusted.add(cert.clone())?;
    let server = endpoint(Some(ServerConfig::with_single_cert(vec![cert], key)?))?;
    let accepting = server.clone();
    spawn(async move {
        while let Some(client) = accepting.accept().await {
            spawn(async move {
                let connection = client.await?;
                while let Ok((mut to, mut from)) = connection.accept_bi().await {
                    spawn(async move {
                        let all = from.read_to_end(usize::MAX).await?;
                        to.write_all(&all).await?;
                        to.finish()?;
                        Result::Ok(())
                    })
                    .detach();
                }
                Result::Ok(())
            })
            .detach();
        }
    })
    .detach();
    Ok((server, ClientConfig::with_root_certificates(Arc::new(trusted))?))
}

/// Sends bytes over a stream of its own, and reads what comes back.
async fn exchange(connection: &Connection, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let (mut to, mut from) = connection.open_bi().await?;
    let write = async {
        to.write_all(&bytes).await?;
        to.finish()?;
        Result::Ok(())
    };
    let read = async { Result::Ok(from.read_to_end(usize::MAX).await?) };
    let ((), echo) = futures_util::future::try_join(write, read).await?;
    Ok(echo)
}

#[test]
fn streams_of_one_connection_carry_much_at_once() {
    run(async || {
        let (server, config) = echo()?;
        let client = endpoint(None)?;
        let connection = client.connect_with(config, server.local_addr()?, "localhost")?.await?;
        // More than the windows of a connection, and than the buffers of the sockets.
        let body = pattern(1_500_000);
        let echoes = try_join_all((0..4).map(|_| exchange(&connection, body.clone()))).await?;
        assert!(echoes.iter().all(|echo| *echo == body));
        Ok(())
    });
}

#[test]
fn many_connections_share_a_socket() {
    run(async || {
        let (server, config) = echo()?;
        let client = endpoint(None)?;
        let addr = server.local_addr()?;
        let orders = (0..30_usize).map(async |n| {
            let connection = client.connect_with(config.clone(), addr, "localhost")?.await?;
            let order = pattern(10_000 + n);
            assert!(exchange(&connection, order.clone()).await? == order);
            Result::Ok(())
        });
        try_join_all(orders).await?;
        Ok(())
    });
}

#[test]
fn when_all_is_closed_the_tasks_of_an_endpoint_end() {
    run(async || {
        let (server, config) = echo()?;
        let client = endpoint(None)?;
        let connection = client.connect_with(config, server.local_addr()?, "localhost")?.await?;
        connection.close(0_u8.into(), b"good night");
        // It goes on until the peer has the message.
        client.wait_idle().await;
        let error = connection.closed().await;
        assert_eq!(error, ConnectionError::LocallyClosed);
        Ok(())
    });
}

#[test]
fn a_peer_that_never_answers_is_given_up_after_the_idle_timeout() {
    run_paused(async || {
        const IDLE: Duration = Duration::from_secs(600);
        // Datagrams pile up in it.
        let silent = UdpSocket::bind("127.0.0.1:0")?;
        let (_server, mut config) = echo()?;
        let mut transport = TransportConfig::default();
        transport.max_idle_timeout(Some(IDLE.try_into()?));
        config.transport_config(Arc::new(transport));
        let client = endpoint(None)?;
        let start = time::now();
        let connecting = client.connect_with(config, silent.local_addr()?, "localhost")?;
        let mut connecting = std::pin::pin!(connecting);
        let outcome = loop {
            if let Poll::Ready(outcome) = poll!(connecting.as_mut()) {
                break outcome;
            }
            time::advance(IDLE / 100).await;
            yield_now().await;
        };
        let error = outcome.expect_err("no peer answers");
        assert_eq!(error, ConnectionError::TimedOut);
        let waited = time::now() - start;
        assert!(waited >= IDLE && waited < 2 * IDLE, "{waited:?}");
        Ok(())
    });
}

#[test]
fn a_timer_ends_at_the_time_that_it_was_reset_to() {
    run_paused(async || {
        const MINUTE: Duration = Duration::from_secs(60);
        let start = time::now();
        let mut timer = Quic.new_timer(start + 10 * MINUTE);
        for (reset_to, minutes) in [(start + MINUTE, 1), (start + 5 * MINUTE, 5)] {
            timer.as_mut().reset(reset_to);
            poll_fn(|cx| timer.as_mut().poll(cx)).await;
            assert_eq!(time::now() - start, minutes * MINUTE);
        }
        Ok(())
    });
}

/// quinn keeps one for each connection that waits, and asks it again and again.
#[test]
fn pollers_of_one_socket_say_each_that_it_takes_more_as_often_as_they_are_asked() {
    run(async || {
        let socket = Quic.wrap_udp_socket(UdpSocket::bind("127.0.0.1:0")?)?;
        let mut pollers = [(); 3].map(|()| Arc::clone(&socket).create_io_poller());
        for _ in 0..3 {
            let asked =
                pollers.iter_mut().map(|poller| poll_fn(|cx| poller.as_mut().poll_writable(cx)));
            try_join_all(asked).await?;
        }
        Ok(())
    });
}

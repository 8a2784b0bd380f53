//! async-tungstenite on pizzaiolo, at both ends of a socket; and the handshake with curl.

mod support;

use std::net::SocketAddr;

use async_tungstenite::{
    WebSocketStream, accept_async, client_async,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use futures_util::{
    StreamExt,
    future::{join_all, try_join},
};
use pizzaiolo::{
    JoinHandle,
    net::{TcpListener, TcpStream},
    spawn,
};

use crate::support::{Result, curl, curl_can, pattern, run};

/// Says everything back to one client after the other, until the last has left.
fn serve(clients: usize) -> Result<(SocketAddr, JoinHandle<Result>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let server = spawn(async move {
        let mut echoes = Vec::new();
        for _ in 0..clients {
            let (stream, _) = listener.accept().await?;
            echoes.push(spawn(async {
                let mut socket = accept_async(stream).await?;
                while let Some(message) = socket.next().await.transpose()? {
                    if message.is_text() || message.is_binary() {
                        socket.send(message).await?;
                    }
                }
                Result::Ok(())
            }));
        }
        for echo in echoes {
            echo.await??;
        }
        Ok(())
    });
    Ok((addr, server))
}

async fn connect(addr: SocketAddr) -> Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(addr).await?;
    let (socket, _) = client_async(format!("ws://{addr}/"), stream).await?;
    Ok(socket)
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Result<Message> {
    Ok(socket.next().await.ok_or("there is no more message")??)
}

#[test]
fn messages_come_back_as_they_were_text_or_binary_small_or_large() {
    run(async || {
        let (addr, server) = serve(1)?;
        let mut client = connect(addr).await?;
        let messages = [
            Message::text("2 margheritas"),
            Message::text(""),
            Message::binary(vec![0, 255]),
            Message::binary(pattern(3_000_000)),
            Message::text("è pronta"),
        ];
        for message in messages {
            // At once: what is large fills the buffers of both sockets.
            client.send(message.clone()).await?;
            assert!(next(&mut client).await? == message);
        }
        client.close(None).await?;
        server.await?
    });
}

#[test]
fn a_socket_is_read_by_one_task_while_another_writes_to_it() {
    run(async || {
        let (addr, server) = serve(1)?;
        let (mut sender, mut receiver) = connect(addr).await?.split();
        let write = spawn(async move {
            for n in 0..1_000 {
                sender.send(Message::text(format!("order {n}"))).await?;
            }
            // Who sends keeps its half until the other has read all.
            Result::Ok(sender)
        });
        for n in 0..1_000 {
            let message = receiver.next().await.ok_or("a message is missing")??;
            assert_eq!(message, Message::text(format!("order {n}")));
        }
        let mut sender = write.await??;
        sender.close(None).await?;
        while receiver.next().await.transpose()?.is_some() {}
        server.await?
    });
}

#[test]
fn many_clients_are_served_at_once() {
    const CLIENTS: usize = 50;
    run(async || {
        let (addr, server) = serve(CLIENTS)?;
        // All are there before the first says something.
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(connect(addr).await?);
        }
        let orders = clients.iter_mut().enumerate().map(async |(n, client)| {
            let order = Message::text(format!("table {n}"));
            client.send(order.clone()).await?;
            assert_eq!(next(client).await?, order);
            client.close(None).await?;
            Result::Ok(())
        });
        for order in join_all(orders).await {
            order?;
        }
        drop(clients);
        server.await?
    });
}

#[test]
fn a_ping_is_answered() {
    run(async || {
        let (addr, server) = serve(1)?;
        let mut client = connect(addr).await?;
        client.send(Message::Ping("are you there?".into())).await?;
        assert_eq!(next(&mut client).await?, Message::Pong("are you there?".into()));
        client.close(None).await?;
        server.await?
    });
}

#[test]
fn the_closing_handshake_gives_the_reason_and_then_the_end() {
    run(async || {
        let (addr, server) = serve(1)?;
        let mut client = connect(addr).await?;
        let why = CloseFrame { code: CloseCode::Away, reason: "the shop is closed".into() };
        client.close(Some(why.clone())).await?;
        assert_eq!(next(&mut client).await?, Message::Close(Some(why)));
        assert!(client.next().await.is_none());
        server.await?
    });
}

#[test]
fn a_client_that_leaves_without_a_word_is_an_error_and_no_hang() {
    run(async || {
        let (addr, server) = serve(1)?;
        drop(connect(addr).await?);
        let error = server.await?.expect_err("there was no closing handshake");
        let error = error.downcast::<Error>()?;
        let expected = Error::Protocol(ProtocolError::ResetWithoutClosingHandshake);
        assert_eq!(error.to_string(), expected.to_string());
        Ok(())
    });
}

/// The key and its answer are those of RFC 6455, section 1.3.
#[test]
fn curl_is_given_the_handshake() {
    if !curl_can(&["http"]) {
        return;
    }
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let server = async {
            let (stream, _) = listener.accept().await?;
            let mut socket = accept_async(stream).await?;
            socket.send(Message::text("2 margheritas")).await?;
            // curl speaks no more of the protocol: it is to read until the end.
            drop(socket);
            Result::Ok(())
        };
        let client = async {
            let headers = [
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ];
            let headers = headers.iter().flat_map(|header| ["-H", header]);
            let outcome = curl(["-i", "--http1.1", &url].into_iter().chain(headers)).await;
            Result::Ok(outcome)
        };
        let ((), outcome) = try_join(server, client).await?;
        let all = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(all.starts_with("HTTP/1.1 101 "), "{all:?}");
        let accept = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        assert!(all.to_ascii_lowercase().contains(&accept.to_ascii_lowercase()), "{all:?}");
        // A frame: text, whole, 13 bytes long.
        assert!(all.ends_with("\r\n\r\n\u{fffd}\r2 margheritas"), "{all:?}");
        Ok(())
    });
}

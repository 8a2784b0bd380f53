//! A WebSocket server that says everything back: async-tungstenite on pizzaiolo.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example websocket
//! Listening at ws://127.0.0.1:3001
//! ```
//!
//! In the console of a browser:
//!
//! ```js
//! ws = new WebSocket("ws://127.0.0.1:3001"); ws.onmessage = m => console.log(m.data);
//! ws.send("2 margheritas");
//! ```

use std::{env, io, time::Duration};

use async_tungstenite::{
    accept_async,
    tungstenite::{self, Error},
};
use futures_util::StreamExt;
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time,
};

/// How long a client may take for the handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3001".to_owned());
    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Listening at ws://{}", listener.local_addr()?);
        loop {
            match listener.accept().await {
                Ok((stream, client)) => spawn(async move {
                    if let Err(error) = echo(stream).await {
                        eprintln!("The connection with {client} has failed: {error}");
                    }
                })
                .detach(),
                Err(error) => {
                    eprintln!("No connection: {error}");
                    // Usually no descriptor is free. A connection that ends frees one.
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    })
}

async fn echo(stream: TcpStream) -> tungstenite::Result<()> {
    let handshake = time::timeout(HANDSHAKE_TIME, accept_async(stream));
    let mut socket = handshake.await.map_err(|elapsed| Error::Io(elapsed.into()))??;
    // Pings are answered, and the closing handshake is made, by the crate itself, as it reads.
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

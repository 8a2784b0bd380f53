//! Pizzas over an encrypted connection: TLS with futures-rustls on pizzaiolo.
//!
//! The certificate is made anew at each start and printed, for clients to trust.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example tls | tee pizzeria.pem
//! Listening at localhost:3002
//! -----BEGIN CERTIFICATE-----
//! ...
//! ```
//!
//! openssl passes over the line before the certificate:
//!
//! ```console
//! $ openssl s_client -quiet -verify_return_error -CAfile pizzeria.pem -connect localhost:3002
//! 2
//! Thank you for ordering 2 pizzas!
//! margherita
//! Wrong number of pizzas, please try again.
//! ```

use std::{env, error::Error, io, sync::Arc, time::Duration};

use futures_rustls::{TlsAcceptor, rustls::ServerConfig};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time,
};

/// How long a client may take for the handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3002".to_owned());
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], own.signing_key.into())?;
    let acceptor = TlsAcceptor::from(Arc::new(config));

    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Listening at localhost:{}", listener.local_addr()?.port());
        print!("{}", own.cert.pem());
        loop {
            match listener.accept().await {
                Ok((stream, client)) => {
                    let acceptor = acceptor.clone();
                    spawn(async move {
                        if let Err(error) = serve(&acceptor, stream).await {
                            eprintln!("The connection with {client} has failed: {error}");
                        }
                    })
                    .detach();
                }
                Err(error) => {
                    eprintln!("No connection: {error}");
                    // Usually no descriptor is free. A connection that ends frees one.
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    })
}

async fn serve(acceptor: &TlsAcceptor, stream: TcpStream) -> io::Result<()> {
    // In a task of its own, so that a client that is slow here delays no other.
    let mut stream = time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await??;
    let mut order = [0; 1024];
    loop {
        // 0 is the client's goodbye, which cannot be forged: a cable that is cut is an error.
        let len = stream.read(&mut order).await?;
        if len == 0 {
            return stream.close().await;
        }
        let pizzas =
            std::str::from_utf8(&order[..len]).ok().and_then(|text| text.trim().parse().ok());
        let reply = match pizzas {
            Some::<i64>(pizzas) => format!("Thank you for ordering {pizzas} pizzas!\n"),
            None => "Wrong number of pizzas, please try again.\n".to_owned(),
        };
        stream.write_all(reply.as_bytes()).await?;
        // What TLS still holds is not on its way yet.
        stream.flush().await?;
    }
}

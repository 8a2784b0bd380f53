//! Pizzas over UDP: QUIC with quinn on pizzaiolo.
//!
//! The certificate is made anew at each start and printed, for clients to trust.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example quic
//! Listening at localhost:3006
//! -----BEGIN CERTIFICATE-----
//! ...
//! ```
//!
//! Each stream is an order, and its reply. The protocol, which TLS agrees on, is called `pizza`. With
//! OpenSSL 3.5, and the certificate in `pizzeria.pem`:
//!
//! ```console
//! $ echo 2 | openssl s_client -quic -alpn pizza -CAfile pizzeria.pem -connect localhost:3006
//! Thank you for ordering 2 pizzas!
//! ```

use std::{env, error::Error, net::UdpSocket, sync::Arc};

use futures_rustls::{pki_types::PrivateKeyDer, rustls};
use pizzaiolo::spawn;
use pizzaiolo_protocols::Quic;
use quinn::{
    Endpoint, EndpointConfig, Incoming, RecvStream, SendStream, ServerConfig,
    crypto::rustls::QuicServerConfig,
};

/// More than any order has, in bytes.
const ORDER: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3006".to_owned());
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (cert, key) = (own.cert.der().clone(), PrivateKeyDer::from(own.signing_key));
    let mut tls =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert], key)?;
    tls.alpn_protocols = vec![b"pizza".to_vec()];
    let config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));

    pizzaiolo::block_on(async {
        // Made here: it belongs to the executor that runs.
        let socket = UdpSocket::bind(addr)?;
        let endpoint =
            Endpoint::new(EndpointConfig::default(), Some(config), socket, Arc::new(Quic))?;
        println!("Listening at localhost:{}", endpoint.local_addr()?.port());
        print!("{}", own.cert.pem());
        while let Some(client) = endpoint.accept().await {
            spawn(serve(client)).detach();
        }
        Ok(())
    })
}

/// Serves one client, each of its orders in a task of its own.
async fn serve(client: Incoming) {
    let addr = client.remote_address();
    let outcome = async {
        let connection = client.await?;
        loop {
            let (to, from) = connection.accept_bi().await?;
            spawn(async move {
                if let Err(error) = answer(to, from).await {
                    eprintln!("An order of {addr} has failed: {error}");
                }
            })
            .detach();
        }
    };
    let outcome: Result<(), quinn::ConnectionError> = outcome.await;
    match outcome {
        Err(quinn::ConnectionError::ApplicationClosed(_)) | Ok(()) => {}
        Err(error) => eprintln!("The connection with {addr} has failed: {error}"),
    }
}

async fn answer(mut to: SendStream, mut from: RecvStream) -> Result<(), Box<dyn Error>> {
    let order = from.read_to_end(ORDER).await?;
    let pizzas = std::str::from_utf8(&order).ok().and_then(|text| text.trim().parse().ok());
    let reply = match pizzas {
        Some::<i64>(pizzas) => format!("Thank you for ordering {pizzas} pizzas!\n"),
        None => "Wrong number of pizzas, please try again.\n".to_owned(),
    };
    to.write_all(reply.as_bytes()).await?;
    to.finish()?;
    // Until the client has it all.
    to.stopped().await?;
    Ok(())
}

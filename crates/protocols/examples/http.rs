//! A pizzeria with a web server: hyper 1 on pizzaiolo.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example http
//! Open at http://127.0.0.1:3000
//! ```
//!
//! ```console
//! $ curl http://127.0.0.1:3000/margherita
//! Pizza 1: margherita
//! $ curl -X POST http://127.0.0.1:3000/close
//! Good night!
//! ```

use std::{cell::Cell, convert::Infallible, env, io, pin::pin, rc::Rc, time::Duration};

use futures_channel::mpsc;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use hyper::{Method, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::server::graceful::GracefulShutdown;
use pizzaiolo::{net::TcpListener, spawn, time};
use pizzaiolo_protocols::{Io, Timer};

/// How long a client may take to say what it wants, and how long it may keep a connection idle.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// At the end of the day, orders in progress have this long to get their replies.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Open at http://{}", listener.local_addr()?);
        serve(listener).await;
        println!("Closed.");
        Ok(())
    })
}

/// Serves until a client asks to close.
async fn serve(listener: TcpListener) {
    let connections = GracefulShutdown::new();
    // An `Rc` in a service: nothing here leaves the thread.
    let pizzas = Rc::new(Cell::new(0));
    let (close, mut closed) = mpsc::unbounded();
    loop {
        let accepted = match select(pin!(listener.accept()), closed.next()).await {
            Either::Left((accepted, _)) => accepted,
            Either::Right(_) => break,
        };
        let Ok((stream, _)) = accepted.inspect_err(|error| eprintln!("No connection: {error}"))
        else {
            // Usually no descriptor is free. A connection that ends frees one.
            time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (pizzas, close) = (Rc::clone(&pizzas), close.clone());
        let service = service_fn(move |request| {
            let reply = Response::new(answer(&request, &pizzas, &close));
            async { Ok::<_, Infallible>(reply) }
        });
        let connection = http1::Builder::new()
            .timer(Timer)
            .header_read_timeout(HEADER_TIME)
            .serve_connection(Io::new(stream), service);
        let connection = connections.watch(connection);
        spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("A connection has failed: {error}");
            }
        })
        .detach();
    }
    drop(listener);
    if time::timeout(GRACE, connections.shutdown()).await.is_err() {
        eprintln!("Some orders took too long.");
    }
}

fn answer(
    request: &Request<Incoming>,
    pizzas: &Cell<u64>,
    close: &mpsc::UnboundedSender<()>,
) -> String {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/close") => {
            // If it is closing already, the receiver is gone.
            let _ = close.unbounded_send(());
            "Good night!\n".to_owned()
        }
        (_, path) => {
            pizzas.set(pizzas.get() + 1);
            format!("Pizza {}: {}\n", pizzas.get(), path.trim_matches('/'))
        }
    }
}

//! A kitchen with two ovens, and middleware that keeps it from being overrun: tower on pizzaiolo.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example tower
//! Open at http://127.0.0.1:3004
//! ```
//!
//! Three orders at once: one is sent away.
//!
//! ```console
//! $ curl -Z http://127.0.0.1:3004/{a,b,c}
//! Too many orders.
//! Pizza 1: a
//! Pizza 2: b
//! ```
//!
//! tower is a trait and what is built on it, and most of that asks nothing of a runtime. Its timeout,
//! its rate limit and its retries' backoff ask tokio for the time: a timeout of ours is one line below.
//! Its `Buffer` spawns with tokio; `Buffer::pair` leaves that to you.

use std::{cell::Cell, env, io, rc::Rc, time::Duration};

use hyper::{Request, Response, StatusCode, body::Incoming, server::conn::http1};
use hyper_util::service::TowerToHyperService;
use pizzaiolo::{net::TcpListener, spawn, time};
use pizzaiolo_protocols::{Io, Timer};
use tower::{BoxError, ServiceBuilder, load_shed::error::Overloaded, service_fn};

/// How many pizzas bake at once.
const OVENS: usize = 2;

/// How long a pizza bakes.
const BAKING: Duration = Duration::from_millis(500);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3004".to_owned());
    // An `Rc` in a service: tower asks for `Send` where something goes into a box of its own, only.
    let baked = Rc::new(Cell::new(0));
    let kitchen = service_fn(move |request: Request<Incoming>| {
        let baked = Rc::clone(&baked);
        async move {
            time::sleep(BAKING).await;
            baked.set(baked.get() + 1);
            let pizza = request.uri().path().trim_matches('/');
            Ok::<_, BoxError>(Response::new(format!("Pizza {}: {pizza}\n", baked.get())))
        }
    });
    // From the outside in. Clones share the ovens: each connection has one.
    let service = ServiceBuilder::new()
        .then(async |result| Ok::<_, BoxError>(or_excuse(result)))
        .load_shed()
        .concurrency_limit(OVENS)
        .map_future(async |answer| time::timeout(PATIENCE, answer).await?)
        .service(kitchen);

    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Open at http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            let service = TowerToHyperService::new(service.clone());
            let connection =
                http1::Builder::new().timer(Timer).serve_connection(Io::new(stream), service);
            spawn(async move {
                if let Err(error) = connection.await {
                    eprintln!("A connection has failed: {error}");
                }
            })
            .detach();
        }
    })
}

/// An error of the middleware, as an answer: hyper would close the connection.
fn or_excuse(result: Result<Response<String>, BoxError>) -> Response<String> {
    result.unwrap_or_else(|error| {
        let (status, excuse) = if error.is::<Overloaded>() {
            (StatusCode::SERVICE_UNAVAILABLE, "Too many orders.\n")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "Something burns.\n")
        };
        let mut response = Response::new(excuse.to_owned());
        *response.status_mut() = status;
        response
    })
}

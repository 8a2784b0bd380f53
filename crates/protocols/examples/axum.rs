//! A pizzeria as a web application: axum on pizzaiolo, with HTTP/1.1 and HTTP/2.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example axum
//! Open at http://127.0.0.1:3003
//! ```
//!
//! ```console
//! $ curl -X POST http://127.0.0.1:3003/bake/margherita
//! Pizza 1: margherita
//! $ curl --http2-prior-knowledge http://127.0.0.1:3003/oven
//! 100 degrees
//! 200 degrees
//! 300 degrees
//! ```
//!
//! `axum::serve` is not used: it takes sockets of tokio's, and spawns with tokio. hyper-util's server
//! takes its place, over the adapters of this crate. And axum asks for `Send`: see
//! `pizzaiolo_protocols::local` for what that means here.

use std::{cell::Cell, convert::Infallible, env, io, rc::Rc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{Stream, stream};
use hyper_util::{server::conn::auto, service::TowerToHyperService};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time,
};
use pizzaiolo_protocols::{Executor, Io, SendWrapper, Timer, local};

/// How long a client may take to say what it wants.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many pizzas were baked. axum's state is `Send + Sync`: this is so by name.
type Baked = SendWrapper<Rc<Cell<u64>>>;

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3003".to_owned());
    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Open at http://{}", listener.local_addr()?);
        let app = app();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => spawn(serve(stream, app.clone())).detach(),
                Err(error) => {
                    eprintln!("No connection: {error}");
                    // Mostly no descriptor is free: connections that end free some.
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    })
}

fn app() -> Router {
    let baked: Baked = local(Rc::new(Cell::new(0)));
    Router::new()
        // Its future holds nothing of this thread: it is as in any axum program.
        .route("/", get(menu))
        // A handler that sleeps, and one whose body does.
        .route("/bake/{pizza}", post(|state, path| local(bake(state, path))))
        .route("/oven", get(async || Body::from_stream(local(temperatures()))))
        // tower's timeout asks tokio for the time; this one asks pizzaiolo.
        .layer(middleware::from_fn(|request, next| local(in_time(request, next))))
        .with_state(baked)
}

async fn menu() -> &'static str {
    "margherita, calzone, and capricciosa, which takes its time\n"
}

async fn bake(State(baked): State<Baked>, Path(pizza): Path<String>) -> String {
    let long = if pizza == "capricciosa" { 2 * PATIENCE } else { Duration::from_millis(100) };
    time::sleep(long).await;
    baked.set(baked.get() + 1);
    format!("Pizza {}: {pizza}\n", baked.get())
}

/// One line after the other, as the oven heats up.
fn temperatures() -> impl Stream<Item = Result<String, Infallible>> {
    stream::unfold(100, async |degrees| {
        if degrees > 300 {
            return None;
        }
        time::sleep(Duration::from_millis(50)).await;
        Some((Ok(format!("{degrees} degrees\n")), degrees + 100))
    })
}

async fn in_time(request: Request, next: Next) -> Response {
    let response = time::timeout(PATIENCE, next.run(request)).await;
    response.unwrap_or_else(|_| StatusCode::GATEWAY_TIMEOUT.into_response())
}

/// Serves one connection, with the version of HTTP that the client begins with.
async fn serve(stream: TcpStream, app: Router) {
    let mut http = auto::Builder::new(Executor);
    http.http1().timer(Timer).header_read_timeout(HEADER_TIME);
    http.http2().timer(Timer);
    let service = TowerToHyperService::new(app);
    if let Err(error) = http.serve_connection(Io::new(stream), service).await {
        eprintln!("A connection has failed: {error}");
    }
}

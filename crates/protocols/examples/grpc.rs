//! Is the oven hot? gRPC's own service of health: tonic on pizzaiolo.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example grpc
//! Listening at http://127.0.0.1:3005
//! ```
//!
//! ```console
//! $ grpcurl -plaintext -import-path . -proto health.proto 127.0.0.1:3005 grpc.health.v1.Health/Watch
//! { "status": "NOT_SERVING" }
//! { "status": "SERVING" }
//! ```
//!
//! The traits and the messages are those of `tonic-health`, which tonic has made from a `.proto` file:
//! those of your own are used in the same way. tonic's own server is not used, for it spawns with
//! tokio: what it would serve is a service of tower's, which hyper serves.

use std::{
    env, io,
    pin::Pin,
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt, stream};
use hyper::server::conn::http2;
use hyper_util::service::TowerToHyperService;
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time,
};
use pizzaiolo_protocols::{Executor, Io, SendWrapper, Timer, local};
use tonic::{Request, Response, Status, service::Routes};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health, HealthServer},
};

/// How long it takes until the oven is hot.
const WARM_UP: Duration = Duration::from_secs(1);

struct Oven {
    /// When it is hot.
    hot: Instant,
}

// tonic asks for futures and streams that are `Send`. What sleeps is so by name.
#[tonic::async_trait]
impl Health for Oven {
    /// The status, once the oven is hot.
    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        local(time::sleep_until(self.hot)).await;
        Ok(Response::new(reply(ServingStatus::Serving)))
    }

    type WatchStream =
        SendWrapper<Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>>>>>;

    /// The status now, and again when it changes.
    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let hot = self.hot;
        let cold = (time::now() < hot).then(|| reply(ServingStatus::NotServing));
        let then = stream::once(async move {
            time::sleep_until(hot).await;
            reply(ServingStatus::Serving)
        });
        Ok(Response::new(local(Box::pin(stream::iter(cold).chain(then).map(Ok)))))
    }
}

fn reply(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3005".to_owned());
    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Listening at http://{}", listener.local_addr()?);
        let oven = Oven { hot: time::now() + WARM_UP };
        // More services are added with `add_service`; a request for another one is `Unimplemented`.
        let routes = Routes::new(HealthServer::new(oven)).prepare();
        loop {
            let (stream, _) = listener.accept().await?;
            spawn(serve(stream, routes.clone())).detach();
        }
    })
}

async fn serve(stream: TcpStream, routes: Routes) {
    let mut http = http2::Builder::new(Executor);
    http.timer(Timer);
    let service = TowerToHyperService::new(routes);
    if let Err(error) = http.serve_connection(Io::new(stream), service).await {
        eprintln!("A connection has failed: {error}");
    }
}

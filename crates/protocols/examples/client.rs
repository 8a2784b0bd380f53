//! Reads pages, over connections that are kept for the next one: hyper-util's client on pizzaiolo.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example http &
//! $ cargo run -p pizzaiolo-protocols --example client -- http://127.0.0.1:3000/{margherita,calzone}
//! 200 OK: Pizza 1: margherita
//! 200 OK: Pizza 2: calzone
//! ```
//!
//! The pages of one host are read over one connection here, one by one. Those that are asked for at
//! once get a connection each, or with HTTP/2 a stream.

use std::{env, error::Error, time::Duration};

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use pizzaiolo_protocols::{Connector, Executor, Timer};

fn main() -> Result<(), Box<dyn Error>> {
    pizzaiolo::block_on(async {
        let client: Client<_, Empty<Bytes>> = Client::builder(Executor)
            .timer(Timer)
            // An idle connection is closed after this time, by a task of the pool.
            .pool_timer(Timer)
            .pool_idle_timeout(Duration::from_secs(30))
            .build(Connector);
        for url in env::args().skip(1) {
            let response = client.get(url.parse()?).await?;
            let status = response.status();
            let page = response.into_body().collect().await?.to_bytes();
            println!("{status}: {}", String::from_utf8_lossy(&page).trim_end());
        }
        Ok(())
    })
}

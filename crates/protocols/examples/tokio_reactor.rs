//! What needs tokio's reactor, on pizzaiolo: reqwest, and tokio's timeout, inside `async_compat`.
//!
//! ```console
//! $ cargo run -p pizzaiolo-protocols --example http &
//! $ cargo run -p pizzaiolo-protocols --example tokio_reactor -- http://127.0.0.1:3000/margherita
//! Pizza 1: margherita
//! Threads: 2
//! ```
//!
//! Without `Compat`, reqwest panics: *there is no reactor running, must be called from the context of a
//! Tokio 1.x runtime*.
//!
//! The cost: `async_compat` starts one thread for the program, at its first use, with a tokio runtime
//! that waits for these sockets and timers. Each of their events becomes a wake from that thread, which
//! ends our wait with a system call. Futures that this wraps are polled here, and may be what they
//! are; what they spawn with `tokio::spawn` runs on that other thread, and is `Send`. So take what
//! needs no tokio where you can: `examples/client.rs` reads the same page on one thread.

use std::{env, error::Error, fs, time::Duration};

use async_compat::Compat;

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000/margherita".to_owned());
    pizzaiolo::block_on(async {
        // Whatever is inside finds tokio, to any depth; around it, nothing has changed.
        let page = Compat::new(async {
            let page = async { reqwest::get(&url).await?.text().await };
            tokio::time::timeout(Duration::from_secs(10), page).await
        });
        print!("{}", page.await??);
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
            println!("Threads: {}", threads.unwrap_or("?").trim());
        }
        Ok(())
    })
}

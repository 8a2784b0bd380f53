//! Takes a picture of a page, as the documentation shows them:
//!
//! ```text
//! screenshot URL FILE.png WIDTH HEIGHT [dark] [ja] [SCRIPT]
//! ```
//!
//! `URL` may begin with `file://`. The script, if there is one, runs before the picture is taken.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{env, fs, time::Duration};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [url, file, width, height, wishes @ ..] = args.as_slice() else {
        eprintln!("usage: screenshot URL FILE.png WIDTH HEIGHT [dark] [ja] [SCRIPT]");
        return;
    };
    let [width, height] = [width, height].map(|size| size.parse().expect("a number of pixels"));
    support::in_a_browser(async |page| {
        page.resize(width, height).await;
        page.open(url).await;
        for wish in wishes {
            match wish.as_str() {
                "dark" => page.click("#theme").await,
                "ja" => page.click("#language").await,
                script => drop(page.run(script, Vec::new()).await),
            }
        }
        // Until what moves has arrived.
        tokio::time::sleep(Duration::from_secs(1)).await;
        fs::write(file, page.screenshot().await).expect("the picture can be written");
    });
}

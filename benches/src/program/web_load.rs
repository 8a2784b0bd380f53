//! A client of `web` for the scripts: `programs web-load ADDR --clients N --orders M`.
//!
//! `--orders` says how many requests all clients make, as in `load`.

use std::io;
use std::process::ExitCode;

use pizzaiolo_benches::web::Load;

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    match run(arguments) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("programs web-load ADDR --clients N --orders M");
            ExitCode::from(2)
        }
    }
}

/// `None` if the command line makes no sense.
fn run(arguments: &[String]) -> Option<io::Result<()>> {
    let [address, clients_flag, clients, orders_flag, orders] = arguments else { return None };
    if clients_flag != "--clients" || orders_flag != "--orders" {
        return None;
    }
    let (address, clients, orders) =
        (address.parse().ok()?, clients.parse().ok()?, orders.parse().ok()?);
    Some(Load::connect(address, clients).and_then(|mut load| load.request(orders)))
}

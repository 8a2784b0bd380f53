//! The programs that the benches and the scripts run, in one, for a program takes long to link:
//! `programs server|load|web|web-load|memory|steps|table ...`.

use std::env;
use std::process::ExitCode;

use pizzaiolo_benches::table;

mod load;
mod memory;
mod server;
mod steps;
mod web;
mod web_load;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first().map(|(program, rest)| (program.as_str(), rest)) {
        Some(("server", rest)) => server::main(rest),
        Some(("load", rest)) => load::main(rest),
        Some(("web", rest)) => web::main(rest),
        Some(("web-load", rest)) => web_load::main(rest),
        Some(("memory", rest)) => memory::main(rest),
        Some(("steps", rest)) => steps::main(rest),
        Some(("table", rest)) => table::main(rest),
        _ => {
            eprintln!("programs server|load|web|web-load|memory|steps|table ...");
            ExitCode::from(2)
        }
    }
}

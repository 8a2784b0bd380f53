//! Other executors, judged by the probes of `conformance`: each as its own documentation advises.

mod causes;
mod current;
mod ladder;
mod monoio_one;
#[path = "../../ours/src/adapter.rs"]
mod ours;
mod plain;
mod pools;
mod small;
mod std_net;
mod tokio_ones;

use std::{env, process::ExitCode};

use conformance::{BoxFuture, Runtime};

fn main() -> ExitCode {
    let mut runtimes: Vec<Box<dyn Runtime>> = vec![Box::new(ours::Pizzaiolo)];
    runtimes.extend(tokio_ones::all());
    runtimes.extend(pools::all());
    runtimes.push(Box::new(monoio_one::Monoio));
    runtimes.extend(small::all());
    runtimes.extend(plain::all());
    runtimes.extend(ladder::all());
    let runtimes = conformance::run_if_asked(runtimes);
    if env::args().any(|arg| arg == "--markdown") {
        print!("{}", include_str!("intro.md"));
    }
    conformance::main(runtimes)
}

/// The name of a crate with its version, as `Cargo.lock` has it. Of two, it is the later one that is
/// used here.
fn with_version(krate: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let name = format!("name = \"{krate}\"");
    let entries = lock.split("[[package]]").filter(|entry| entry.lines().any(|line| line == name));
    let version = entries.filter_map(|entry| entry.split("version = \"").nth(1)?.split('"').next());
    format!("{krate} {}", version.last().unwrap_or_default())
}

/// Runs one future on an executor of its own.
fn once(runtime: &dyn Runtime, future: BoxFuture) {
    let mut future = Some(future);
    runtime.with_executor(&mut |block_on| {
        if let Some(future) = future.take() {
            block_on(future);
        }
    });
}

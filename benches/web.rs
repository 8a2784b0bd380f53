//! What does one request to hyper's hello world take, over loopback, from server and clients together?
//!
//! Each server is a process of its own, the 32 clients are in this one, and ask in a closed loop over
//! connections that they keep. As with the orders, most of it is the kernel's work and the clients':
//! `instructions.sh` shows how the runtimes differ.

use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, SamplingMode, Throughput};
use pizzaiolo_benches::server::Server;
use pizzaiolo_benches::web::{KINDS, Load};

const CLIENTS: usize = 32;

/// How many requests are in one run.
const REQUESTS: usize = 1_024;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("web_32_connections");
    group.throughput(Throughput::Elements(REQUESTS as u64));
    group.sampling_mode(SamplingMode::Flat);
    for kind in KINDS {
        let mut running = None;
        group.bench_function(kind, |bencher| {
            // Only a kind that the command line asks for is started.
            let (_server, load) = running.get_or_insert_with(|| start(kind));
            bencher.iter_custom(|runs| {
                let start = Instant::now();
                for _ in 0..runs {
                    load.request(REQUESTS).expect("every request gets its reply");
                }
                start.elapsed()
            });
        });
    }
    group.finish();
}

fn start(kind: &str) -> (Server, Load) {
    let program = Path::new(env!("CARGO_BIN_EXE_programs"));
    let server = Server::start(program, "web", kind).expect("the server starts");
    let load = Load::connect(server.address(), CLIENTS).expect("the clients connect");
    (server, load)
}

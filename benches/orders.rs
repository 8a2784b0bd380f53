//! What does one pizza order take, over loopback, from server and clients together?
//!
//! Each server is a process of its own. The clients are in this one: they order in a closed loop,
//! as many orders under way as there are clients, and check every reply. Nine tenths of it is the
//! kernel's work and half of it the clients', so the runtimes are hard to tell apart here;
//! `instructions.sh` can.
//!
//! At 10,000 connections both processes need as many descriptors; where they can't have them, the
//! second group is left out.

use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, SamplingMode, Throughput};
use pizzaiolo_benches::load::Load;
use pizzaiolo_benches::server::{KINDS, Server};

pub(crate) fn bench(criterion: &mut Criterion) {
    orders(criterion, "orders_64_connections", 64, &KINDS);
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(0);
    if limit > 10_100 {
        orders(criterion, "orders_10000_connections", 10_000, &KINDS);
    } else {
        eprintln!("orders_10000_connections is left out: only {limit} descriptors are allowed");
    }
}

fn orders(criterion: &mut Criterion, name: &str, clients: usize, kinds: &[&str]) {
    // Every client is served at least once in one run.
    let orders = clients.max(1_024);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(orders as u64));
    group.sampling_mode(SamplingMode::Flat);
    for kind in kinds {
        let mut running = None;
        group.bench_function(*kind, |bencher| {
            // Only a kind that the command line asks for is started.
            let (_server, load) = running.get_or_insert_with(|| start(kind, clients));
            bencher.iter_custom(|runs| {
                let start = Instant::now();
                for _ in 0..runs {
                    load.order(orders).expect("every order gets its reply");
                }
                start.elapsed()
            });
        });
    }
    group.finish();
}

fn start(kind: &str, clients: usize) -> (Server, Load) {
    let program = Path::new(env!("CARGO_BIN_EXE_programs"));
    let server = Server::start(program, "server", kind).expect("the server starts");
    let load = Load::connect(server.address(), clients).expect("the clients connect");
    (server, load)
}

//! Measures whether clients that misbehave make the pizza server slower for the others.
//!
//! ```text
//! cargo build --release --examples && cargo run --release --example under-fire [SECONDS]
//! ```
//!
//! For each kind of nuisance, 64 clients order without a pause, in many short turns: a few without
//! it, a few with it, and so on. The 99th percentile of their waiting times is taken for each turn.
//! What counts is the ratio, for the times themselves depend on the machine; and what counts is
//! the best turn with and the best turn without, because in the others another process had the processor
//! for a while. The median turns are shown too: on a machine that has nothing else to do they tell
//! the same.
//!
//! What else the server is put through, and what came of it, is in `docs/under-fire.md`.

#[expect(dead_code, reason = "the soak uses more of it")]
mod clients;
mod nuisance;
#[expect(dead_code, reason = "the soak uses more of it")]
mod process;

use std::{
    env,
    net::SocketAddr,
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use clients::{Tally, regular};
use nuisance::Nuisance;
use pizzaiolo::spawn;
use process::Server;

/// How many orders are under way at any time.
const CLIENTS: usize = 64;

/// How often each nuisance comes and goes.
const ROUNDS: u32 = 4;

/// How many turns there are in a round with it, and how many without.
const TURNS: u32 = 6;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let seconds: u64 = match args[..] {
        [] => 10,
        [nuisance::ARGUMENT, number, addr] => {
            let number = number.parse().expect("a nuisance's number");
            nuisance::run(number, addr.parse().expect("an address"));
            return ExitCode::SUCCESS;
        }
        [seconds] => seconds.parse().unwrap_or(0),
        _ => 0,
    };
    if seconds == 0 {
        eprintln!("Usage: under-fire [SECONDS], for each kind of nuisance");
        return ExitCode::from(2);
    }
    let turn = Duration::from_secs(seconds) / (2 * ROUNDS * TURNS);
    let turns = ROUNDS * TURNS;
    println!("{CLIENTS} clients in a closed loop; {turns} turns of {turn:.0?} with it and without");
    println!(
        "| nuisance | its replies | p99 with it, best turn | without | ratio | median turn's |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for (number, (name, _)) in nuisance::ALL.iter().enumerate() {
        let (mut with, mut without, mut replies) = (Vec::new(), Vec::new(), 0);
        let server = Server::start(1024, "error", &[]);
        for _ in 0..ROUNDS {
            without.extend((0..TURNS).map(|_| percentile_99(server.addr, turn)));
            let nuisance = Nuisance::start(number, server.addr);
            with.extend((0..TURNS).map(|_| percentile_99(server.addr, turn)));
            replies += nuisance.end();
        }
        with.sort();
        without.sort();
        let ratio = |place: usize| with[place].as_secs_f64() / without[place].as_secs_f64();
        let (best, median) = (ratio(0), ratio(with.len() / 2));
        let (with, without) = (with[0], without[0]);
        println!("| {name} | {replies} | {with:.0?} | {without:.0?} | {best:.2} | {median:.2} |");
    }
    ExitCode::SUCCESS
}

/// What 99 of 100 orders take at most.
fn percentile_99(addr: SocketAddr, duration: Duration) -> Duration {
    let mut latencies = pizzaiolo::block_on(async {
        let tally = Rc::new(Tally::default());
        tally.latencies.replace(Some(Vec::new()));
        let end = Instant::now() + duration;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| spawn(regular(addr, Rc::clone(&tally), move || Instant::now() < end)))
            .collect();
        for client in clients {
            client.await.expect("no panic").expect("it is served");
        }
        assert_eq!((tally.wrong.get(), tally.lost.get()), (0, 0), "wrong and lost replies");
        tally.latencies.take().unwrap_or_default()
    });
    let place = latencies.len() * 99 / 100;
    *latencies.select_nth_unstable(place).1
}

//! Measures whether clients that misbehave make the pizza server slower for the others.
//!
//! ```text
//! cargo build --release --examples && cargo run --release --example under-fire [SECONDS]
//! ```
//!
//! For each kind of nuisance, 64 clients order without a pause, for some seconds without it and
//! for some seconds with it, in turns. The 99th percentiles of their waiting times are compared,
//! each as the median of the turns. What counts is the ratio, for the times themselves depend on
//! the machine, and on what else runs on it: one thread for the 64 and one for the nuisance, which
//! take their share of the processors too.

#[expect(dead_code, reason = "the soak uses more of it")]
mod clients;
#[expect(dead_code, reason = "the soak uses more of it")]
mod process;

use std::{
    io,
    net::SocketAddr,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use clients::{Client, Tally, deaf, flood, hundred_megabytes, regular, slow_reader, trickle};
use pizzaiolo::{spawn, time::sleep};
use process::Server;

/// How many orders are under way at any time.
const CLIENTS: usize = 64;

/// After this time the buffers are full of those who do not read.
const WARM_UP: Duration = Duration::from_secs(1);

/// How often each measurement is made.
const TURNS: usize = 7;

const NUISANCES: [(&str, Nuisance); 6] = [
    ("nobody", |_, _| {}),
    ("10 that never read", |addr, tally| spread(10, || deaf(addr, Rc::clone(tally)))),
    ("10 that read 16 bytes in 50 ms", |addr, tally| {
        spread(10, || slow_reader(addr, Rc::clone(tally)));
    }),
    ("10 that send a byte a second", |addr, tally| {
        spread(10, || trickle(addr, Rc::clone(tally)));
    }),
    ("1 that floods without a pause", |addr, tally| spread(1, || flood(addr, Rc::clone(tally)))),
    ("1 that sends 100 MB, again and again", |addr, tally| {
        let tally = Rc::clone(tally);
        spread(1, move || {
            let tally = Rc::clone(&tally);
            async move {
                loop {
                    hundred_megabytes(addr, Rc::clone(&tally)).await?;
                }
            }
        });
    }),
];

/// Spawns its tasks.
type Nuisance = fn(SocketAddr, &Rc<Tally>);

fn spread<F: Future<Output = io::Result<()>> + 'static>(count: usize, client: impl Fn() -> F) {
    for _ in 0..count {
        drop(spawn(client()));
    }
}

fn main() {
    let seconds = std::env::args().nth(1).map_or(Ok(14), |arg| arg.parse());
    let Ok(seconds @ 1..) = seconds else {
        eprintln!("Usage: under-fire [SECONDS], for each kind of nuisance");
        std::process::exit(2);
    };
    let turn = Duration::from_secs(seconds) / (2 * u32::try_from(TURNS).unwrap_or(1));
    println!(
        "{CLIENTS} clients in a closed loop; {TURNS} turns of {turn:?} each, with and without"
    );
    println!("{:<38} {:>10} {:>10} {:>6}", "nuisance", "p99 with", "without", "ratio");
    for (name, nuisance) in NUISANCES {
        let server = Server::start(1024, "error", &[]);
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            without.push(percentile_99(measure(&server, turn, |_, _| {})));
            with.push(percentile_99(measure(&server, turn, nuisance)));
        }
        let (with, without) = (median(with), median(without));
        let ratio = with.as_secs_f64() / without.as_secs_f64();
        println!("{name:<38} {with:>10.1?} {without:>10.1?} {ratio:>6.2}");
    }
}

/// How long each order of the regular clients took.
fn measure(server: &Server, duration: Duration, nuisance: Nuisance) -> Vec<Duration> {
    let addr = server.addr;
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let others = thread::spawn(move || {
        pizzaiolo::block_on(async {
            let tally = Rc::new(Tally::default());
            nuisance(addr, &tally);
            // Looking for the end now and then is the least trouble.
            while stopped.try_recv().is_err() {
                sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(tally.wrong.get(), 0, "wrong replies");
        });
    });
    let latencies = pizzaiolo::block_on(async {
        let tally = Rc::new(Tally::default());
        warm_up(addr, &tally).await.expect("the server listens");
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
    stop.send(()).expect("the others go on until now");
    others.join().expect("no panic");
    latencies
}

/// Gives the nuisance the time to become one.
async fn warm_up(addr: SocketAddr, tally: &Rc<Tally>) -> io::Result<()> {
    let client = Client::connect(addr, tally).await?;
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        client.order(1).await?;
    }
    Ok(())
}

fn percentile_99(mut latencies: Vec<Duration>) -> Duration {
    let place = latencies.len() * 99 / 100;
    *latencies.select_nth_unstable(place).1
}

fn median(mut turns: Vec<Duration>) -> Duration {
    let place = turns.len() / 2;
    *turns.select_nth_unstable(place).1
}

//! The pizza server under fire, for as long as you like.
//!
//! ```text
//! cargo build --release --examples
//! SOAK_SECONDS=900 cargo test --release --test programs -- --ignored --nocapture all_together
//! ```
//!
//! All kinds of clients are there at once: thousands that idle, some that order without a pause,
//! some that leave in every way in which one can leave, some that misbehave, and now and then so
//! many that the server has no descriptor left. Meanwhile, other servers are stopped under full
//! load. At the end stands a table of what was lost and what was leaked.
//!
//! The other tests here are parts of it, on their own. All but the first are left out of
//! `cargo test`, for they take long.
#![cfg(target_os = "linux")]

mod all_together;
#[path = "../../../examples/under-fire/clients.rs"]
mod clients;
#[path = "../../pizza_server/meaning.rs"]
mod meaning;
#[path = "../../../examples/under-fire/process.rs"]
mod process;

use std::{env, net::SocketAddr};

use clients::{
    A_ROUND_OF_LEAVERS, Client, Tally, babble, deaf, flood, hundred_megabytes, leave, regular,
    slow_reader, trickle,
};
use pizzaiolo::{
    block_on,
    time::{sleep, timeout},
};

use crate::support::prelude::*;
use process::{A_HANG, Server};

/// The number in a variable of the environment.
fn number(variable: &str, default: u64) -> u64 {
    let value = env::var(variable).ok();
    value.map_or(default, |value| value.parse().expect("a number"))
}

/// Waits for what has to come.
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < A_HANG, "it never happens: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

async fn all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("no panic");
    }
}

/// Connects so many times and leaves in every way, 50 at a time. When this returns, the server has
/// accepted them all.
async fn come_and_go(addr: SocketAddr, tally: &Rc<Tally>, connections: u64) {
    let next = Rc::new(Cell::new(0));
    let tasks = (0..50).map(|_| {
        let (next, tally) = (Rc::clone(&next), Rc::clone(tally));
        spawn(async move {
            loop {
                let way = next.get();
                if way == connections {
                    return;
                }
                next.set(way + 1);
                leave(addr, &tally, way).await.expect("the server is there");
            }
        })
    });
    all(tasks.collect()).await;
    // Who comes last is accepted last.
    drop(herd(addr, tally, 1).await);
}

/// Nothing is left of clients that have come and gone: no descriptor, no task, no memory.
fn nothing_is_left_of(connections: u64) {
    let server = Server::start(1024, "error", &[]);
    let empty = server.descriptors();
    block_on(async {
        let tally = Rc::new(Tally::default());
        // The first ones fill what is kept for the clients that come later.
        come_and_go(server.addr, &tally, connections / 10).await;
        wait_until("all are gone", || server.descriptors() == empty);
        let before = server.memory();
        come_and_go(server.addr, &tally, connections).await;
        wait_until("all are gone", || server.descriptors() == empty);
        let after = server.memory();
        println!(
            "{connections} connections: {empty} descriptors before and after, worst wait {:.1?}\n\
             resident memory: {before} KiB before, {after} KiB after",
            tally.worst.get()
        );
        assert_eq!((tally.wrong.get(), tally.lost.get()), (0, 0), "wrong and lost replies");
        assert_eq!(server.tasks(), 0);
        let three = herd(server.addr, &tally, 3).await;
        assert_eq!(server.tasks(), three.len(), "its table shows who is there");
        // What the allocator keeps varies by some pages.
        assert!(after <= before + 512, "memory grows");
    });
    server.signal("TERM");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn clients_that_leave_in_every_way_leave_nothing_behind() {
    nothing_is_left_of(2 * A_ROUND_OF_LEAVERS);
}

#[test]
#[ignore = "it takes some minutes"]
fn a_hundred_thousand_connections_leave_nothing_behind() {
    nothing_is_left_of(100_000);
}

#[test]
#[ignore = "it takes 20,000 descriptors, 10,000 each in two processes"]
fn ten_thousand_clients_at_once() {
    const CLIENTS: usize = 10_000;

    rlimit::increase_nofile_limit(u64::MAX).expect("a higher limit");
    let server = Server::start(CLIENTS + 200, "error", &[]);
    let empty = server.descriptors();
    let per_client = |memory: usize| memory * 1024 / CLIENTS;
    block_on(async {
        let tally = Rc::new(Tally::default());
        let before = server.memory();
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(Client::connect(server.addr, &tally).await.expect("the server listens"));
        }
        wait_until("all are accepted", || server.descriptors() == empty + CLIENTS);
        let silent = server.memory() - before;
        let ticks = server.ticks();
        sleep(Duration::from_secs(2)).await;
        let idle = server.ticks() - ticks;
        for (number, client) in clients.iter().enumerate() {
            client.order(number as u64).await.expect("a reply");
        }
        let talkative = server.memory() - before;
        let clients: Vec<_> = clients.into_iter().map(Rc::new).collect();
        let orders = clients
            .iter()
            .cloned()
            .map(|client| spawn(async move { client.order(3).await.expect("a reply") }));
        all(orders.collect()).await;
        println!(
            "{CLIENTS} clients: {} bytes each before the first order, {} bytes each after\n\
             {idle} ticks of processor time in 2 idle seconds; worst wait {:.1?}",
            per_client(silent),
            per_client(talkative),
            tally.worst.get()
        );
        assert_eq!(tally.orders.get(), 2 * CLIENTS as u64);
        assert_eq!((tally.wrong.get(), tally.lost.get()), (0, 0), "wrong and lost replies");
        assert!(idle <= 1, "who idles costs memory only");
    });
    wait_until("all are gone", || server.descriptors() == empty);
    server.signal("TERM");
    assert_eq!(server.end().0, Some(0));
}

/// The servers that are stopped under full load.
const OPTIONS: [&[&str]; 4] =
    [&[], &["--threads", "3"], &["--max-connections", "40"], &["--idle-timeout", "0.5"]];

/// Stops a server under full load. Returns how many orders it had read, and how many replies came.
fn stop_under_load(options: &[&str]) -> (u64, u64) {
    let server = Server::start(1024, "warn,pizza_server::server=info", options);
    let addr = server.addr;
    let replies = block_on(async {
        let tally = Rc::new(Tally::default());
        let mut tasks = Vec::new();
        for number in 0..60 {
            let client = Rc::clone(&tally);
            tasks.push(spawn(async move {
                // However it ends, it is the server that has ended it.
                let _ = if number % 6 == 0 {
                    flood(addr, client).await
                } else {
                    regular(addr, client, || true).await
                };
            }));
        }
        while tally.orders.get() < 3000 {
            sleep(Duration::from_millis(10)).await;
        }
        tally.stopping.set(true);
        server.signal("TERM");
        all(tasks).await;
        assert_eq!(tally.wrong.get(), 0);
        tally.orders.get()
    });
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{:?}", log.last());
    assert!(!log.iter().any(|line| line.contains("cut off")), "the grace time was over");
    let read = log.iter().filter(|line| line.contains("Sending message to ")).count();
    (read as u64, replies)
}

#[test]
#[ignore = "it is long under load"]
fn a_server_that_is_stopped_under_full_load_loses_no_reply() {
    for options in OPTIONS {
        for _ in 0..5 {
            let (orders, replies) = stop_under_load(options);
            println!("stopped: {orders} orders were read, {replies} replies came {options:?}");
            assert_eq!(orders, replies);
        }
    }
}

/// Measures how long it takes from the moment in which one client leaves until another, who waited
/// for a descriptor, has a reply.
#[test]
#[ignore = "it measures time"]
fn a_descriptor_that_is_free_is_taken_at_once() {
    const CLIENTS: usize = 100;
    /// So many leave, one by one. As many wait at least.
    const LEAVERS: usize = 40;

    for options in [&[][..], &["--threads", "3"]] {
        let options = [&["--max-connections", "1000"], options].concat();
        let server = Server::start(60, "warn", &options);
        let addr = server.addr;
        let mut waits = block_on(async {
            let tally = Rc::new(Tally::default());
            let thanked = Rc::new(RefCell::new(Vec::new()));
            for _ in 0..CLIENTS {
                let (tally, thanked) = (Rc::clone(&tally), Rc::clone(&thanked));
                drop(spawn(async move {
                    let client = Client::connect(addr, &tally).await.expect("it listens");
                    client.order(1).await.expect("a reply");
                    thanked.borrow_mut().push((client, Instant::now()));
                }));
            }
            while !server.log.try_iter().any(|line| line.contains("Accepting a connection failed"))
            {
                sleep(Duration::from_millis(10)).await;
            }
            // Each client that was accepted has its reply by now.
            sleep(Duration::from_millis(500)).await;
            let mut waits = Vec::new();
            for _ in 0..LEAVERS {
                let before = thanked.borrow().len();
                let (leaver, _) = thanked.borrow_mut().remove(0);
                let start = Instant::now();
                drop(leaver);
                while thanked.borrow().len() < before {
                    sleep(Duration::from_millis(1)).await;
                }
                waits.push(thanked.borrow()[before - 1].1 - start);
            }
            waits
        });
        waits.sort();
        println!(
            "{:.1?} from one client's end to the next one's reply, {:.1?} at most: {}",
            waits[LEAVERS / 2],
            waits[LEAVERS - 1],
            options.join(" ")
        );
    }
}

/// So many come, stay for a second without an order, and go.
async fn come_at_once(addr: SocketAddr, tally: &Rc<Tally>, crowd: usize) {
    let mut clients = Vec::new();
    for _ in 0..crowd {
        clients.extend(Client::connect(addr, tally).await);
    }
    sleep(Duration::from_secs(1)).await;
}

/// So many clients that have ordered once.
async fn herd(addr: SocketAddr, tally: &Rc<Tally>, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for number in 0..count {
        let client = Client::connect(addr, tally).await.expect("the server listens");
        client.order(number as u64).await.expect("a reply");
        clients.push(client);
    }
    clients
}

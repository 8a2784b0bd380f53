//! The pizza server under fire, for as long as you like.
//!
//! ```text
//! cargo build --release --examples
//! SOAK_SECONDS=900 cargo test --release --test soak -- --ignored --nocapture soak
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

#[path = "../examples/under-fire/clients.rs"]
mod clients;
#[path = "../examples/under-fire/process.rs"]
mod process;

use std::{
    cell::Cell,
    env,
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clients::{
    Client, Tally, WAYS_TO_LEAVE, deaf, flood, hundred_megabytes, leave, regular, slow_reader,
    trickle,
};
use pizzaiolo::{
    JoinHandle, block_on, spawn,
    time::{sleep, timeout},
};
use process::Server;

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(60);

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

/// Connects so many times and leaves in every way, 50 at a time.
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
}

/// Nothing is left of clients that have come and gone: no descriptor, no task, no memory.
fn nothing_is_left_of(connections: u64) {
    let server = Server::start(1024, "error", &[]);
    let empty = server.descriptors();
    block_on(async {
        let tally = Rc::new(Tally::default());
        // The first ones fill what is kept for those who come later.
        come_and_go(server.addr, &tally, connections / 10).await;
        wait_until("all are gone", || server.descriptors() == empty);
        let before = server.memory();
        come_and_go(server.addr, &tally, connections).await;
        wait_until("all are gone", || server.descriptors() == empty);
        let after = server.memory();
        println!(
            "{connections} connections: {empty} descriptors before and after, {before} KiB of \
             memory before, {after} KiB after, worst wait {:.1?}",
            tally.worst.get()
        );
        assert_eq!((tally.wrong.get(), tally.lost.get()), (0, 0), "wrong and lost replies");
        assert_eq!(server.tasks(), 0);
        // What the allocator keeps varies by some pages.
        assert!(after <= before + 512, "memory grows");
    });
    server.signal("TERM");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn clients_that_leave_in_every_way_leave_nothing_behind() {
    nothing_is_left_of(100 * WAYS_TO_LEAVE);
}

#[test]
#[ignore = "it takes a minute"]
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
            "{CLIENTS} clients: {} bytes each before the first order, {} bytes each after; \
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

/// Stops a server under full load. Returns how many orders it had read, and how many replies came.
fn stop_under_load(options: &[&str]) -> (u64, u64) {
    let server = Server::start(1024, "warn,pizza_server::conversation=info", options);
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
    for options in [&[][..], &["--threads", "3"]] {
        for _ in 0..10 {
            let (orders, replies) = stop_under_load(options);
            println!("stopped: {orders} orders were read, {replies} replies came {options:?}");
            assert_eq!(orders, replies);
        }
    }
}

/// What one thread's clients have seen.
#[derive(Default)]
struct Summary {
    connections: u64,
    orders: u64,
    wrong: u64,
    lost: u64,
    worst: Duration,
}

impl Summary {
    fn add(&mut self, other: &Summary) {
        self.connections += other.connections;
        self.orders += other.orders;
        self.wrong += other.wrong;
        self.lost += other.lost;
    }
}

type Over = Arc<AtomicBool>;

fn is_over(over: &Over) -> bool {
    over.load(Ordering::Relaxed)
}

/// Runs clients on a thread of their own until it is over, and then until they are done, but no
/// longer than `patience`.
fn crew(
    over: &Over,
    patience: Duration,
    clients: impl FnOnce(&Rc<Tally>, &Over) -> Vec<JoinHandle<()>> + Send + 'static,
) -> thread::JoinHandle<Summary> {
    let over = Arc::clone(over);
    thread::spawn(move || {
        block_on(async {
            let tally = Rc::new(Tally::default());
            let clients = clients(&tally, &over);
            while !is_over(&over) {
                sleep(Duration::from_millis(50)).await;
            }
            let done = timeout(patience, all(clients)).await;
            assert!(done.is_ok() || patience.is_zero(), "clients hang");
            Summary {
                connections: tally.connections.get(),
                orders: tally.orders.get(),
                wrong: tally.wrong.get(),
                lost: tally.lost.get(),
                worst: tally.worst.get(),
            }
        })
    })
}

/// Who orders without a pause, and is measured.
fn regulars(addr: SocketAddr, tally: &Rc<Tally>, over: &Over) -> Vec<JoinHandle<()>> {
    let client = |_| {
        let (tally, over) = (Rc::clone(tally), Arc::clone(over));
        spawn(async move {
            regular(addr, tally, move || !is_over(&over)).await.expect("it is served");
        })
    };
    (0..32).map(client).collect()
}

/// Who leaves, in every way: some hundred a second.
fn leavers(addr: SocketAddr, tally: &Rc<Tally>, over: &Over) -> Vec<JoinHandle<()>> {
    let client = |first: u64| {
        let (tally, over) = (Rc::clone(tally), Arc::clone(over));
        spawn(async move {
            for way in first.. {
                if is_over(&over) {
                    return;
                }
                // Whether it was lost or right, it has told the tally.
                let _ = leave(addr, &tally, way).await;
                sleep(Duration::from_millis(20)).await;
            }
        })
    };
    (0..3 * WAYS_TO_LEAVE).map(client).collect()
}

/// Who misbehaves.
fn nuisances(addr: SocketAddr, tally: &Rc<Tally>) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    for _ in 0..5 {
        let of = |tally: &Rc<Tally>| Rc::clone(tally);
        let (a, b, c) = (of(tally), of(tally), of(tally));
        tasks.push(spawn(async move { drop(deaf(addr, a).await) }));
        tasks.push(spawn(async move { drop(slow_reader(addr, b).await) }));
        tasks.push(spawn(async move { drop(trickle(addr, c).await) }));
    }
    let (a, b) = (Rc::clone(tally), Rc::clone(tally));
    tasks.push(spawn(async move { drop(flood(addr, a).await) }));
    tasks.push(spawn(async move {
        while hundred_megabytes(addr, Rc::clone(&b)).await.is_ok() {
            sleep(Duration::from_secs(10)).await;
        }
    }));
    tasks
}

/// Thousands that idle; and now and then so many come that the server has no descriptor left.
fn crowds(
    addr: SocketAddr,
    tally: &Rc<Tally>,
    over: &Over,
    idle: usize,
    crowd: usize,
) -> Vec<JoinHandle<()>> {
    let (tally, over) = (Rc::clone(tally), Arc::clone(over));
    vec![spawn(async move {
        let idle = herd(addr, &tally, idle).await;
        while !is_over(&over) {
            sleep(Duration::from_secs(5)).await;
            let mut clients = Vec::new();
            for _ in 0..crowd {
                clients.extend(Client::connect(addr, &tally).await);
            }
            sleep(Duration::from_secs(1)).await;
        }
        // They are still served.
        for client in &idle {
            client.order(5).await.expect("a reply");
        }
    })]
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

#[test]
#[ignore = "it takes as long as SOAK_SECONDS say"]
fn soak() {
    const IDLE: usize = 10_000;
    /// So many has the server room for, beside those who idle.
    const ROOM: usize = 500;

    rlimit::increase_nofile_limit(u64::MAX).expect("a higher limit");
    let duration = Duration::from_secs(number("SOAK_SECONDS", 60));
    // It takes more connections than it has descriptors for.
    let server = Server::start(IDLE + ROOM, "warn", &["--max-connections", "100000"]);
    let addr = server.addr;
    let empty = server.descriptors();
    // All have come and gone once: what is kept for them is part of what there is before.
    block_on(async {
        let tally = Rc::new(Tally::default());
        drop(herd(addr, &tally, IDLE).await);
        come_and_go(addr, &tally, 100 * WAYS_TO_LEAVE).await;
    });
    wait_until("all are gone", || server.descriptors() == empty);
    let before = server.memory();

    let over = Over::default();
    let crews = [
        crew(&over, A_HANG, move |tally, over| regulars(addr, tally, over)),
        crew(&over, A_HANG, move |tally, over| leavers(addr, tally, over)),
        crew(&over, A_HANG, move |tally, over| crowds(addr, tally, over, IDLE, 2 * ROOM)),
        crew(&over, Duration::ZERO, move |tally, _| nuisances(addr, tally)),
    ];
    let (mut peak, mut stops, mut stop_orders, mut stop_lost) = (0, 0, 0, 0);
    let start = Instant::now();
    while start.elapsed() < duration {
        thread::sleep(Duration::from_secs(5).min(duration.saturating_sub(start.elapsed())));
        peak = peak.max(server.memory());
        let (orders, replies) = stop_under_load(&[]);
        (stops, stop_orders) = (stops + 1, stop_orders + orders);
        stop_lost += orders.abs_diff(replies);
    }
    over.store(true, Ordering::Relaxed);
    let mut all = Summary::default();
    let [regulars, ..] = crews.map(|crew| {
        let summary = crew.join().expect("no panic");
        all.add(&summary);
        summary
    });
    wait_until("all are gone", || server.descriptors() == empty);
    let (descriptors, after, tasks) = (server.descriptors(), server.memory(), server.tasks());
    server.signal("TERM");
    let (code, log) = server.end();
    let failures = log.iter().filter(|line| line.contains("Accepting a connection failed")).count();

    println!("\n| a soak of {} seconds | |\n|---|---:|", start.elapsed().as_secs());
    let row = |what: &str, value: &dyn std::fmt::Display| println!("| {what} | {value} |");
    row("connections", &all.connections);
    row("orders", &all.orders);
    row("wrong replies", &all.wrong);
    row("lost replies", &all.lost);
    row("times that the server was out of descriptors", &failures);
    row("other servers that were stopped under full load", &stops);
    row("orders that those had read", &stop_orders);
    row("lost replies to these", &stop_lost);
    row("descriptors before", &empty);
    row("descriptors after", &descriptors);
    row("tasks after", &tasks);
    row("resident memory before, KiB", &before);
    row("resident memory at most, KiB", &peak);
    row("resident memory after, KiB", &after);
    row("worst latency of who orders without a pause", &format!("{:.1?}", regulars.worst));
    row("exit status", &format!("{code:?}"));

    assert!(all.orders > 0 && failures > 0, "the server was not under fire");
    assert_eq!((all.wrong, all.lost, stop_lost), (0, 0, 0), "wrong and lost replies");
    assert_eq!((descriptors, tasks, code), (empty, 0, Some(0)));
}

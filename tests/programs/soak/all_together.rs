//! All kinds of clients at once, for as long as you like.

use super::*;

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
            for number in first.. {
                if is_over(&over) {
                    return;
                }
                // Whether it was lost or right, the tally has it.
                let _ = leave(addr, &tally, number).await;
                sleep(Duration::from_millis(20)).await;
            }
        })
    };
    (0..30).map(client).collect()
}

/// Starts clients that send random bytes. A few of their orders are numbers.
fn babblers(addr: SocketAddr, tally: &Rc<Tally>, over: &Over) -> Vec<JoinHandle<()>> {
    let client = |who: u64| {
        let (tally, over) = (Rc::clone(tally), Arc::clone(over));
        let order = move |number| {
            let order = any_bytes(who << 40 | number);
            let reply = meaning::reply_to(&order);
            (order, reply)
        };
        spawn(async move {
            babble(addr, tally, order, move || !is_over(&over)).await.expect("it is served");
        })
    };
    (0..4).map(client).collect()
}

/// One read's bytes, from 1 to 1,024: any at all, or any of those that numbers are made of.
fn any_bytes(seed: u64) -> Vec<u8> {
    let mut random = seed;
    let mut next = move || {
        // SplitMix64.
        random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (random ^ random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    let upto = |random: u64, limit: usize| usize::try_from(random % limit as u64).unwrap_or(0);
    let alphabet: Vec<u8> = match next() % 3 {
        0 => (0..=u8::MAX).collect(),
        1 => b"0123456789".into(),
        _ => b"+-0123456789 \n".into(),
    };
    let longest = [4, 22, 1024][upto(next(), 3)];
    let len = 1 + upto(next(), longest);
    (0..len).map(|_| alphabet[upto(next(), alphabet.len())]).collect()
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
            come_at_once(addr, &tally, crowd).await;
        }
        // They are still served.
        for client in &idle {
            client.order(5).await.expect("a reply");
        }
    })]
}

#[test]
#[ignore = "it takes as long as SOAK_SECONDS say"]
fn soak() {
    const IDLE: usize = 10_000;
    /// So many has the server room for, beside the clients that idle.
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
        let idle = herd(addr, &tally, IDLE).await;
        come_at_once(addr, &tally, 2 * ROOM).await;
        drop(idle);
        come_and_go(addr, &tally, 2 * A_ROUND_OF_LEAVERS).await;
    });
    wait_until("all are gone", || server.descriptors() == empty);
    let before = server.memory();

    let over = Over::default();
    let crews = [
        crew(&over, A_HANG, move |tally, over| regulars(addr, tally, over)),
        crew(&over, A_HANG, move |tally, over| leavers(addr, tally, over)),
        crew(&over, A_HANG, move |tally, over| babblers(addr, tally, over)),
        crew(&over, A_HANG, move |tally, over| crowds(addr, tally, over, IDLE, 2 * ROOM)),
        crew(&over, Duration::ZERO, move |tally, _| nuisances(addr, tally)),
    ];
    let (mut peak, mut stops, mut stop_orders, mut stop_lost) = (0, 0, 0, 0);
    let start = Instant::now();
    for options in OPTIONS.iter().cycle() {
        thread::sleep(Duration::from_secs(5).min(duration.saturating_sub(start.elapsed())));
        peak = peak.max(server.memory());
        if start.elapsed() >= duration {
            break;
        }
        let (orders, replies) = stop_under_load(options);
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
    block_on(async { drop(herd(addr, &Rc::default(), 1).await) });
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
    row("tasks of connections after", &tasks);
    row("resident memory before, KiB", &before);
    row("resident memory at most, KiB", &peak);
    row("resident memory after, KiB", &after);
    row("worst latency of who orders without a pause", &format!("{:.1?}", regulars.worst));
    row("exit status", &format!("{code:?}"));

    assert!(all.orders > 0 && failures > 0, "the server was not under fire");
    assert_eq!((all.wrong, all.lost, stop_lost), (0, 0, 0), "wrong and lost replies");
    assert_eq!((descriptors, tasks, code), (empty, 0, Some(0)));
}

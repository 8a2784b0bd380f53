//! What a step costs: threads, processor time, system calls.

use super::*;

#[test]
fn ten_clients_are_twelve_threads_in_step_5_three_in_step_8_and_one_from_step_10_on() {
    let threads = [
        (1, 1),
        (2, 11),
        (3, 1),
        (4, 1),
        (5, 12),
        (6, 12),
        (7, 12),
        (8, 3),
        (9, 2),
        (10, 1),
        (11, 1),
    ];
    let measured = threads.map(|(step, _)| {
        let server = Server::start(step);
        let clients = if step == 1 { 1 } else { 10 };
        let _served = server.connect_many(clients);
        let _waiting: Vec<_> = (clients..10).map(|_| server.connect()).collect();
        (step, server.threads())
    });
    println!("(step, threads for ten clients): {measured:?}");
    assert_eq!(measured, threads);
    for (step, threads) in threads {
        assert_eq!(figures()[step - 1][2], threads.to_string(), "the guide on step {step}");
    }
}

#[test]
fn with_a_silent_client_step_3_burns_a_core_and_the_others_use_no_processor_time() {
    let servers: Vec<_> = STEPS.map(Server::start).collect();
    let _silent: Vec<_> = servers.iter().map(|server| server.connect_many(1)).collect();
    let before: Vec<_> = servers.iter().map(Server::processor_time).collect();
    let used = |step: usize| servers[step - 1].processor_time() - before[step - 1];
    // The time that step 3 takes to burn this many ticks is the time that the others had.
    wait_until("step 3 has burned half a second", || used(3) >= 50);
    let ticks: Vec<_> = STEPS.map(|step| (step, used(step))).collect();
    println!("(step, processor time in ticks while all clients are silent): {ticks:?}");
    for (step, ticks) in ticks {
        assert!(step == 3 || ticks <= 5, "step {step} used {ticks} ticks, and had nothing to do");
        let said = if step == 3 { "a whole core" } else { "none" };
        assert_eq!(figures()[step - 1][3], said, "the guide on step {step}");
    }
}

#[test]
fn an_order_costs_step_10_as_few_system_calls_as_step_4_and_step_11_one_less() {
    if !can_trace() {
        return;
    }
    let calls = STEPS.map(|step| {
        // The same without these orders is what the start, the clients and the end cost.
        let (all, none) = (system_calls(step, 50), system_calls(step, 0));
        (all.max(none) - none) / 50.0
    });
    let calls: Vec<_> = calls.collect();
    println!("system calls an order, steps 1 to 11: {calls:.1?}");
    let of = |step: usize| calls[step - 1];
    assert!(of(1) < 2.5 && of(2) < 2.5, "a read and a write: {calls:?}");
    assert!(of(3) > 10.0, "a try with all clients: {calls:?}");
    assert!(of(4) < 4.5 && of(10) < 4.5, "a sleep, a read, a write, a try: {calls:?}");
    assert!(of(5) > of(2) + 0.5, "the oven's thread is woken, and wakes: {calls:?}");
    for step in 6..=9 {
        assert!(of(step) > of(10) + 0.5, "step {step}, threads wake threads: {calls:?}");
    }
    assert!(of(11) < of(10) - 0.5, "a short read spares the try: {calls:?}");
    for (row, calls) in figures().iter().zip(&calls) {
        // Where the guide has a number, it is this one; elsewhere it is less exact.
        let said = row[4].parse::<f64>().unwrap_or(*calls);
        assert!((said - calls).abs() < 0.5, "the guide says {row:?}, and it is {calls}");
    }
}

/// Whether there is an strace that may trace.
fn can_trace() -> bool {
    let strace = Command::new("strace").args(["-D", "-f", "-o", "/dev/null", "true"]).output();
    let can = strace.is_ok_and(|output| output.status.success());
    if !can {
        // Not `eprintln!`, which is not shown while the tests pass.
        let test = thread::current();
        let test = test.name().unwrap_or_default();
        let _ = writeln!(io::stderr(), "SKIPPED: there is no strace that may trace: {test}");
    }
    can
}

/// Runs a step under strace, which writes to the file.
fn trace(step: usize, file: &Path, options: &[&str]) -> Server {
    let mut command = Command::new("strace");
    // With -D the process that we start, and kill, is the step; strace is its grandchild.
    command.args(["-D", "-f", "-o"]).arg(file).args(options);
    Server::run(step, command.arg(program(step)).arg("127.0.0.1:0"))
}

/// A file of this process.
fn temporary(name: &str) -> PathBuf {
    let name = format!("ladder-{}-{name}", std::process::id());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// All system calls of a step that serves one client and has, from step 2 on, ten silent ones.
fn system_calls(step: usize, orders: usize) -> f64 {
    let summary = temporary(&format!("{step}-{orders}"));
    let server = trace(step, &summary, &["-c"]);
    // Step by step, so that this costs the same each time.
    let mut clients = Vec::new();
    for _ in 0..if step == 1 { 1 } else { 11 } {
        let mut client = server.connect();
        server.settle();
        client.order_one();
        server.settle();
        clients.push(client);
    }
    let client = clients.last_mut().expect("the one that orders");
    for _ in 0..orders {
        client.order_one();
        server.settle();
    }
    // The clients leave after the step, so that it makes no calls for that.
    drop(server);
    drop(clients);

    let mut calls = None;
    wait_until("strace has written its summary", || {
        let text = fs::read_to_string(&summary).unwrap_or_default();
        let total = text.lines().find(|line| line.trim_end().ends_with("total"));
        calls = total.and_then(|total| total.split_whitespace().nth(3)?.parse().ok());
        calls.is_some()
    });
    fs::remove_file(&summary).expect("the summary goes");
    calls.expect("it was waited for")
}

#[test]
fn a_client_that_never_pauses_keeps_step_10_and_has_at_most_64_orders_a_poll_in_step_11() {
    if !can_trace() {
        return;
    }
    let [free, budgeted] = [10, 11].map(|step| orders_before_another_client(step, 1000));
    println!("replies to a busy client before another's: step 10 {free}, step 11 {budgeted}");
    assert!(budgeted <= 64, "a read and a write each, of 128 operations: {budgeted}");
    assert!(free > budgeted, "step 10 has no budget: {free}, {budgeted}");
}

/// Returns how many of a busy client's orders are answered before the single order of another client.
fn orders_before_another_client(step: usize, orders: usize) -> usize {
    let file = temporary(&format!("budget-{step}"));
    let server = trace(step, &file, &["-e", "trace=sendto"]);
    let mut clients = server.connect_many(2);
    server.settle();
    // Both are there when the step comes back, the busy one first.
    server.stop();
    clients[0].stream.set_nonblocking(true).expect("non-blocking");
    // Not all of it need fit into the kernel's buffers.
    let _ = clients[0].stream.write(&vec![b'x'; orders * 1024]).expect("some of it is sent");
    clients[1].send(b"1");
    server.signal("CONT");
    assert_eq!(clients[1].reply(), "Thank you for ordering 1 pizzas!\n");
    drop(server);

    let mut trace = String::new();
    wait_until("strace has written of the end", || {
        trace = fs::read_to_string(&file).unwrap_or_default();
        trace.contains("+++ killed by SIGKILL +++")
    });
    fs::remove_file(&file).expect("the trace goes");
    // Each reply is one call, and the first of each client came before the stop.
    let replies = trace.lines().filter_map(|line| line.split_once("sendto(")?.1.split(',').next());
    let replies: Vec<_> = replies.collect();
    let (busy, other) = (replies[0], replies[1]);
    assert_ne!(busy, other, "{trace}");
    let turns = replies[2..].iter().take_while(|client| **client != other);
    assert!(replies[2..].contains(&other), "the other's reply is traced: {trace}");
    turns.filter(|client| **client == busy).count()
}

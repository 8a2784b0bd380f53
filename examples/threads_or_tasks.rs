//! What does a thread cost, and what a task? Ten thousand of each that wait, and a switch between two.
//!
//! ```text
//! cargo run --release --example threads_or_tasks
//! taskset -c 0 cargo run --release --example threads_or_tasks
//! ```
//!
//! The second command keeps everything on one core, so that a thread's switch is a switch of the core
//! and not a message to the other one. The figures of memory are Linux's, from `/proc`; elsewhere they
//! are missing. Each row is measured in a process of its own, so that no row finds memory that another
//! has freed.

use std::{
    cell::RefCell,
    env, fs,
    future::poll_fn,
    io,
    process::Command,
    rc::Rc,
    sync::{Arc, Barrier},
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

const WAITING: u32 = 10_000;
const SWITCHES: u32 = 200_000;

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref() {
        None => table()?,
        Some("threads") => idle_threads()?,
        Some("tasks") => idle_tasks()?,
        Some("switch-threads") => row("a switch between two threads", switch_threads() / SWITCHES),
        Some("switch-tasks") => row("a switch between two tasks", switch_tasks() / SWITCHES),
        Some(other) => return Err(io::Error::other(format!("there is no {other}"))),
    }
    Ok(())
}

/// Each row by a child of this process.
fn table() -> io::Result<()> {
    for what in ["threads", "tasks", "switch-threads", "switch-tasks"] {
        let status = Command::new(env::current_exe()?).arg(what).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{what} failed")));
        }
    }
    Ok(())
}

fn row(what: &str, time: Duration) {
    println!("{what}: {} ns", time.as_nanos());
}

/// A field of a file in `/proc`, in bytes. 0 where there is none.
fn field((file, name): (&str, &str)) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
        * 1024
}

/// What this process has in RAM, its addresses, the kernel's page tables for it; and the stacks in the
/// kernel of all threads of the machine, which are counted together only.
fn memory() -> [u64; 4] {
    let status = "/proc/self/status";
    let fields = [(status, "VmRSS"), (status, "VmSize"), (status, "VmPTE")];
    let [resident, addresses, tables] = fields.map(field);
    [resident, addresses, tables, field(("/proc/meminfo", "KernelStack"))]
}

/// Prints what one costs: the difference that all of them have made, divided by their number.
fn report(what: &str, before: [u64; 4], begun: Instant) {
    let (took, after) = (begun.elapsed(), memory());
    let [resident, addresses, tables, stack] =
        [0, 1, 2, 3].map(|at| after[at].saturating_sub(before[at]) / u64::from(WAITING));
    println!(
        "an idle {what}: {resident} bytes resident; in the kernel {tables} of page tables and {stack} \
         of stack; {addresses} of addresses; {} ns to start it and let it wait",
        (took / WAITING).as_nanos()
    );
}

/// All wait at a barrier, which the last one to come would open: that is this thread.
fn idle_threads() -> io::Result<()> {
    let barrier = Arc::new(Barrier::new(WAITING as usize + 1));
    let (before, begun) = (memory(), Instant::now());
    let mut threads = Vec::with_capacity(WAITING as usize);
    for _ in 0..WAITING {
        let barrier = Arc::clone(&barrier);
        threads.push(thread::Builder::new().spawn(move || barrier.wait())?);
    }
    report("thread", before, begun);
    barrier.wait();
    for thread in threads {
        thread.join().map_err(|_| io::Error::other("a thread panicked"))?;
    }
    Ok(())
}

/// All leave their wakers in one list, and are woken from it.
fn idle_tasks() -> io::Result<()> {
    let executor = pizzaiolo::Executor::new()?;
    let wakers = Rc::new(RefCell::new(Vec::<Waker>::with_capacity(WAITING as usize)));
    let (before, begun) = (memory(), Instant::now());
    for _ in 0..WAITING {
        let (wakers, mut has_waited) = (Rc::clone(&wakers), false);
        let wait = poll_fn(move |cx| {
            if has_waited {
                return Poll::Ready(());
            }
            has_waited = true;
            wakers.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        });
        executor.spawn(wait).detach();
    }
    executor.run_until_idle();
    report("task", before, begun);
    let all = wakers.take();
    all.into_iter().for_each(Waker::wake);
    executor.run();
    Ok(())
}

/// Two threads unpark each other in turn.
fn switch_threads() -> Duration {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// Waits until the turn is ours, and passes it on, until all turns are taken.
    fn play(turn: &AtomicU32, ours: u32, other: &thread::Thread) {
        loop {
            let now = turn.load(SeqCst);
            if now >= SWITCHES {
                other.unpark();
                return;
            }
            if now % 2 == ours {
                turn.store(now + 1, SeqCst);
                other.unpark();
            } else {
                thread::park();
            }
        }
    }

    let (turn, first) = (Arc::new(AtomicU32::new(0)), thread::current());
    let begun = Instant::now();
    let shared = Arc::clone(&turn);
    let second = thread::spawn(move || play(&shared, 1, &first));
    play(&turn, 0, second.thread());
    second.join().expect("the second thread does not panic");
    begun.elapsed()
}

/// Two tasks wake each other in turn.
fn switch_tasks() -> Duration {
    let wakers = Rc::new(RefCell::new([None::<Waker>, None]));
    let turn = Rc::new(RefCell::new(0));
    let player = |ours: u32| {
        let (wakers, turn) = (Rc::clone(&wakers), Rc::clone(&turn));
        poll_fn(move |cx| {
            let now = *turn.borrow();
            let (mine, other) = (ours as usize, 1 - ours as usize);
            if now < SWITCHES && now % 2 != ours {
                wakers.borrow_mut()[mine].get_or_insert_with(|| cx.waker().clone());
                return Poll::Pending;
            }
            *turn.borrow_mut() += 1;
            let waker = wakers.borrow()[other].clone();
            if let Some(waker) = waker {
                waker.wake();
            }
            if now >= SWITCHES {
                return Poll::Ready(());
            }
            wakers.borrow_mut()[mine].get_or_insert_with(|| cx.waker().clone());
            Poll::Pending
        })
    };
    let begun = Instant::now();
    pizzaiolo::block_on(async {
        let second = pizzaiolo::spawn(player(1));
        player(0).await;
        second.await.expect("the second task does not panic");
    });
    begun.elapsed()
}

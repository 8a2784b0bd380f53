//! How much memory does a task need that only waits, and a connection that is silent?
//!
//! `programs memory` prints both tables. Each figure comes from a process of its own, so that no runtime
//! finds memory that another has freed, and is the median of some runs: what the kernel says is
//! resident, after minus before, for each of the tasks or connections that came in between.

use std::env;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::process::{Command, ExitCode};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pizzaiolo_benches::load::Load;
use pizzaiolo_benches::process::Process;
use pizzaiolo_benches::runtime::{self, Runtime, Visitor};
use pizzaiolo_benches::server::{KINDS, Server};

const TASKS: u64 = 200_000;
const CONNECTIONS: usize = 5_000;
const RUNS: usize = 5;

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => tables(),
        ["bare", name] => tasks_on::<Bare>(name),
        ["awaited", name] => tasks_on::<Awaited>(name),
        _ => Err(io::Error::other("programs memory")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("memory: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tables() -> io::Result<()> {
    // Failing that, what the shell allows has to do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    println!("Resident bytes of an idle task.\n");
    println!(
        "| runtime | 64 bytes | 64 bytes and the waker, awaited in an `async fn` |\n|---|---|---|"
    );
    for name in runtime::names() {
        let bare = median(|| idle_task("bare", name))?;
        let awaited = median(|| idle_task("awaited", name))?;
        println!("| {name} | {bare} | {awaited} |");
    }
    println!("\nResident bytes of an idle connection, in user memory.\n");
    println!("| server | bytes |\n|---|---|");
    for kind in KINDS {
        println!("| {kind} | {} |", median(|| idle_connection(kind))?);
    }
    Ok(())
}

fn median(mut measure: impl FnMut() -> io::Result<u64>) -> io::Result<u64> {
    let mut figures = (0..RUNS).map(|_| measure()).collect::<io::Result<Vec<_>>>()?;
    figures.sort_unstable();
    Ok(figures[RUNS / 2])
}

/// In a child process.
fn idle_task(task: &str, runtime: &str) -> io::Result<u64> {
    let output = Command::new(env::current_exe()?).args(["memory", task, runtime]).output()?;
    let figure = String::from_utf8_lossy(&output.stdout);
    figure.trim().parse().map_err(|_| io::Error::other(format!("{runtime} gave {output:?}")))
}

/// In this process, which the caller has made for it.
fn tasks_on<T: Task>(name: &str) -> io::Result<()> {
    struct On<'a, T>(&'a str, io::Result<()>, PhantomData<T>);
    impl<T: Task> Visitor for On<'_, T> {
        fn visit<R: Runtime>(&mut self) {
            if R::NAME == self.0 {
                self.1 = print_bytes_of_a_task::<T, R>();
            }
        }
    }
    let unknown = format!("{name} is not one of {}", runtime::names().join(", "));
    let mut on = On::<T>(name, Err(io::Error::other(unknown)), PhantomData);
    runtime::for_each(&mut on);
    on.1
}

fn print_bytes_of_a_task<T: Task, R: Runtime>() -> io::Result<()> {
    let mut runtime = R::new();
    let bytes = runtime.block_on(async {
        // Whatever is made on first use is here before the count begins.
        spawn_idle::<T, R>(1).await;
        let before = Process::this().resident_bytes()?;
        spawn_idle::<T, R>(TASKS).await;
        let after = Process::this().resident_bytes()?;
        io::Result::Ok((after - before) / TASKS)
    })?;
    println!("{bytes}");
    // The drop of the tasks is not counted.
    std::process::exit(0);
}

/// Spawns tasks that wait for ever, and returns when each has been polled and the runtime has slept: what it needs
/// for the polls is not memory of idle tasks.
async fn spawn_idle<T: Task, R: Runtime>(tasks: u64) {
    for _ in 0..tasks {
        T::spawn::<R>();
    }
    // The queue is first in, first out, so that this one's turn comes after theirs.
    R::spawn(async {}).await;
    R::sleep(Duration::from_millis(1)).await;
}

/// What is spawned.
trait Task {
    fn spawn<R: Runtime>();
}

/// 64 bytes, and nothing around them.
struct Bare;

impl Task for Bare {
    fn spawn<R: Runtime>() {
        R::spawn_detached(Idle::<48>::new());
    }
}

/// 64 bytes and a waker, awaited in an `async fn`, as most tasks come. The compiler keeps room for
/// it twice: where it was passed in, and where it is awaited.
struct Awaited;

async fn wait(idle: Idle<64>) {
    idle.await;
}

impl Task for Awaited {
    fn spawn<R: Runtime>() {
        R::spawn_detached(wait(Idle::new()));
    }
}

/// Waits for ever and keeps a clone of its waker, as a wait for a socket does.
struct Idle<const REST: usize> {
    waker: Option<Waker>,
    _rest: [u8; REST],
}

impl<const REST: usize> Idle<REST> {
    fn new() -> Self {
        Idle { waker: None, _rest: [0; REST] }
    }
}

impl<const REST: usize> Future for Idle<REST> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The server is a process of its own; its clients are in this one.
fn idle_connection(kind: &str) -> io::Result<u64> {
    let server = Server::start(&env::current_exe()?, "server", kind)?;
    // Each client makes an order, so that all are accepted and their buffers touched.
    let mut first = Load::connect(server.address(), 1)?;
    first.order(1)?;
    let before = server.process().resident_bytes()?;
    let mut load = Load::connect(server.address(), CONNECTIONS)?;
    load.order(CONNECTIONS)?;
    let after = server.process().resident_bytes()?;
    Ok((after - before) / CONNECTIONS as u64)
}

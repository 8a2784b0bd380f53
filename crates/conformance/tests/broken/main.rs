//! Every probe is seen to fail on an executor that breaks just its rule, and none fails on a right one.
//!
//! The executors are one, see [`executor`], with one fault each. A harness of its own runs them, since
//! each probe runs in this program, started again.

mod close;
mod executor;
mod fault;
mod header;
mod join;
mod reactor;
mod sleep;
mod task;

use std::{
    env, io, net,
    process::ExitCode,
    rc::Rc,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use conformance::{
    BlockOn, BoxFuture, Capabilities, Capability, Handle, Listener, LocalFuture, Output, Rule,
    Runtime, Socket, Verdict, rules,
};

/// The executor with one rule broken, or none.
struct Broken(&'static str);

impl Runtime for Broken {
    fn name(&self) -> String {
        if self.0.is_empty() { "right".into() } else { format!("without {}", self.0) }
    }

    fn capabilities(&self) -> Capabilities {
        Capability::ALL
    }

    fn block_on(&self, future: BoxFuture) {
        fault::set(self.0);
        executor::with(|executor| executor.block_on(future));
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        fault::set(self.0);
        executor::with(|executor| body(&mut |future| executor.block_on(future)));
    }

    fn spawn(&self, future: BoxFuture) {
        executor::current().spawn(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        executor::current().spawn_local(future);
    }

    fn spawner(&self) -> Box<dyn Fn(BoxFuture) + Send> {
        let shared = std::sync::Arc::clone(&executor::current().shared);
        Box::new(move |future| shared.spawn(future))
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        join::spawn(future)
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        Box::pin(sleep::sleep(duration))
    }

    fn tcp_stream(&self, stream: net::TcpStream) -> Rc<dyn Socket> {
        reactor::stream(stream)
    }

    fn tcp_listener(&self, listener: net::TcpListener) -> Rc<dyn Listener> {
        reactor::listener(listener)
    }

    fn tcp_connect(
        &self,
        addr: net::SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        Box::pin(reactor::connect(addr))
    }
}

/// What else must fail where one rule is broken, because it cannot hold either.
fn also(rule: &str) -> &'static [&'static str] {
    match rule {
        // What is kept for late polls is kept alive.
        "late-wake" => &["waker-keeps-nothing"],
        // It is polled at each wake, before any code can merge the wakes or abort the task.
        "wake-is-not-poll" => &["wakes-merge", "abort-not-polled"],
        // What is not dropped does nothing in its drop.
        "freed-at-end" => {
            &["waker-keeps-nothing", "spawn-in-drop", "wake-in-drop", "panic-in-drop"]
        }
        // A task that is removed when no handle waits is also missing for an abort.
        "join-late" => &["abort-ended"],
        // A task that is gone cannot be woken.
        "run-again" => &["wake-between-runs"],
        // This is such a wake.
        "thread-wakes-in-poll" => &["park-token-taken"],
        // Who never closes never says that all has been sent.
        "tcp-closed" => &["tcp-all-arrive"],
        _ => &[],
    }
}

fn main() -> ExitCode {
    let mut runtimes: Vec<Box<dyn Runtime>> = vec![Box::new(Broken(""))];
    runtimes.extend(rules::ALL.iter().map(|rule| Box::new(Broken(rule.id())) as Box<dyn Runtime>));
    let runtimes = conformance::run_if_asked(runtimes);
    // As cargo's own harness: words choose tests.
    let words: Vec<_> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen =
        |name: &String| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let names: Vec<_> = runtimes.iter().map(|runtime| runtime.name().replace(' ', "_")).collect();
    let numbers: Vec<_> = (0..names.len()).filter(|&number| chosen(&names[number])).collect();
    if env::args().any(|arg| arg == "--list") {
        for &number in &numbers {
            println!("{}: test", names[number]);
        }
        return ExitCode::SUCCESS;
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let out = Mutex::new(());
    println!("\nrunning {} tests", numbers.len());
    let work = || {
        while let Some(&number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
            let wrong = wrong_verdicts(number);
            let _guard = out.lock().unwrap_or_else(PoisonError::into_inner);
            let name = &names[number];
            println!("test {name} ... {}", if wrong.is_empty() { "ok" } else { "FAILED" });
            for line in &wrong {
                println!("    {line}");
            }
            failed.fetch_add(usize::from(!wrong.is_empty()), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| (0..6).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner();
    let passed = numbers.len() - failed;
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs all probes on one executor: those that end other than they must.
fn wrong_verdicts(number: usize) -> Vec<String> {
    let broken = number.checked_sub(1).map(|number| rules::ALL[number].id());
    rules::ALL.iter().filter_map(|rule| wrong_verdict(number, rule, broken)).collect()
}

fn wrong_verdict(number: usize, rule: &Rule, broken: Option<&str>) -> Option<String> {
    let report = match conformance::judge(number, rule) {
        Ok(report) => report,
        Err(error) => return Some(format!("{}: {error}", rule.id())),
    };
    let bad = broken.is_some_and(|broken| broken == rule.id() || also(broken).contains(&rule.id()));
    let unmeasured = report.verdict == Verdict::NotMeasured;
    let right = unmeasured || report.verdict.is_bad() == bad;
    let seen = format!("{}: {} ({report})", rule.id(), report.verdict);
    (!right).then_some(seen)
}

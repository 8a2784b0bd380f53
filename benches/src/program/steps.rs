//! The executor's own steps, to be counted in instructions: N of one kind.
//!
//! `programs steps CASE RUNTIME N`. `benches/instructions.sh` runs it under callgrind, with N and with 2 N,
//! and takes the difference.

use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};

use pizzaiolo_benches::{
    runtime::{self, Runtime, Visitor},
    timers::make_and_drop,
};

/// Wakes itself by reference and is pending once.
#[derive(Default)]
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn yields(count: usize) {
    for _ in 0..count {
        Yield::default().await;
    }
}

/// What the command line asks for, and whether it was done.
struct Steps<'a> {
    case: &'a str,
    runtime: &'a str,
    count: usize,
    is_done: bool,
}

impl Visitor for Steps<'_> {
    fn visit<R: Runtime>(&mut self) {
        if R::NAME == self.runtime {
            self.is_done = run::<R>(self.case, self.count);
        }
    }
}

/// False if there is no such case.
fn run<R: Runtime>(case: &str, count: usize) -> bool {
    let mut runtime = R::new();
    match case {
        "yield" => runtime.block_on(yields(count)),
        "task-yield" => runtime.block_on(async {
            R::spawn(yields(count)).await;
        }),
        // A thousand at once, then all are joined.
        "spawn" => runtime.block_on(async {
            for _ in 0..count / 1000 {
                let handles: Vec<_> = (0..1000).map(|_| R::spawn(async {})).collect();
                for handle in handles {
                    handle.await;
                }
            }
        }),
        // Ten thousand at once.
        "timer" => runtime.block_on(async {
            for _ in 0..count / 10_000 {
                make_and_drop::<R>(10_000).await;
            }
        }),
        _ => return false,
    }
    true
}

pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let [case, runtime, count] = arguments else { return usage() };
    let Ok(count) = count.parse() else { return usage() };
    let mut steps = Steps { case, runtime, count, is_done: false };
    runtime::for_each(&mut steps);
    if steps.is_done { ExitCode::SUCCESS } else { usage() }
}

fn usage() -> ExitCode {
    eprintln!(
        "programs steps yield|task-yield|spawn|timer RUNTIME N\nRUNTIME: {}",
        runtime::names().join(", ")
    );
    ExitCode::from(2)
}

//! The executor's own steps, to be counted in instructions: a program that makes N of one kind.
//!
//! `steps CASE RUNTIME N`. `benches/instructions.sh` runs it under callgrind, with N and with 2 N,
//! and takes the difference.

use std::env;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};

use pizzaiolo_benches::runtime::{LocalPool, LocalSet, Monoio, Pizzaiolo, Runtime, Smol, Tokio};

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
        _ => return false,
    }
    true
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [case, runtime, count] = &arguments[..] else { return usage() };
    let Ok(count) = count.parse() else { return usage() };
    let known = match runtime.as_str() {
        Pizzaiolo::NAME => run::<Pizzaiolo>(case, count),
        Tokio::NAME => run::<Tokio>(case, count),
        LocalSet::NAME => run::<LocalSet>(case, count),
        Smol::NAME => run::<Smol>(case, count),
        LocalPool::NAME => run::<LocalPool>(case, count),
        Monoio::NAME => run::<Monoio>(case, count),
        _ => false,
    };
    if known { ExitCode::SUCCESS } else { usage() }
}

fn usage() -> ExitCode {
    eprintln!("usage: steps yield|task-yield|spawn RUNTIME N");
    ExitCode::FAILURE
}

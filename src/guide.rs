//! Learn how an executor works: the same server in eleven steps, and what people ask most.
//!
//! For those who know Rust and have never seen a waker. Read the steps in order. Each is one
//! complete program, at most 180 lines long, and one idea further than the step before:
//! `cargo run --example ladder -- diff 8 9` shows what step 9 changes. The last step is this crate.
//!
//! # The ladder
//!
//! | step | what waits, and how | still wrong |
//! |---|---|---|
//! | [1](step1_blocking) | the thread, for one client | all others wait too |
//! | [2](step2_threads) | a thread for each client | a thread for each client |
//! | [3](step3_busy_loop) | nothing: one thread tries each socket, always | a core burns |
//! | [4](step4_mio) | the thread, for all sockets at once | the loop knows each protocol |
//! | [5](step5_bell) | a future, until its waker is called | reading a socket still blocks |
//! | [6](step6_sockets) | a future, for a socket | each operation blocks its thread |
//! | [7](step7_async_fn) | a future made by `async fn` | a thread for each future |
//! | [8](step8_task_queue) | many tasks, in a queue | a thread that only accepts |
//! | [9](step9_accept_task) | the accept loop, as a task | two threads hand on each order |
//! | [10](step10_reactor) | one thread, in mio, for all tasks | no timers, joins, cancellation |
//! | [11](step11_crate) | the same, with this crate | one thread |
//!
//! # What each step costs
//!
#![doc = include_str!("guide/figures.md")]
//!
//! # What people ask most
//!
//! - [Who calls wake, and when?](who_wakes)
//! - [Why is a waker `Send` and `Sync` on one thread?](send_and_sync)
//! - [What does edge-triggered mean, and why may a short read be trusted?](edge_triggered)
//! - [What is `Pin` for?](pinning)
//! - [What is cancel-safe?](cancel_safety)
//! - [Why do runtimes not mix?](runtimes)
//! - [How does this differ from Python's generators?](generators)
//! - [Which wake bug is this?](which_wake_bug)
//! - [Ten more questions](questions): two awaits in a row, nested `block_on`, threads or tasks, …
//!
//! # Then write your own
//!
//! `examples/exercises` has seventeen pieces of a runtime to write, each with its tests: from a future
//! of five lines to a runtime of your own, which runs the pizza server. `examples/gallery` has the
//! classic mistakes, one program each, with the cure.
//!
//! The programs of the ladder stand in `examples/ladder`; the pages here show them as they are
//! compiled. The other code on these pages is run by `cargo test --doc`.
//!
//! Next: [step 1, one client at a time](step1_blocking).

#[doc = include_str!("guide/step1_blocking.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step1_blocking.rs")]
#[doc = "```"]
pub mod step1_blocking {}

#[doc = include_str!("guide/step2_threads.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step2_threads.rs")]
#[doc = "```"]
pub mod step2_threads {}

#[doc = include_str!("guide/step3_busy_loop.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step3_busy_loop.rs")]
#[doc = "```"]
pub mod step3_busy_loop {}

#[doc = include_str!("guide/step4_mio.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step4_mio.rs")]
#[doc = "```"]
pub mod step4_mio {}

#[doc = include_str!("guide/step5_bell.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step5_bell.rs")]
#[doc = "```"]
pub mod step5_bell {}

#[doc = include_str!("guide/step6_sockets.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step6_sockets.rs")]
#[doc = "```"]
pub mod step6_sockets {}

#[doc = include_str!("guide/step7_async_fn.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step7_async_fn.rs")]
#[doc = "```"]
///
/// # The enum by hand
///
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step7_by_hand.rs")]
#[doc = "```"]
pub mod step7_async_fn {}

#[doc = include_str!("guide/step8_task_queue.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step8_task_queue.rs")]
#[doc = "```"]
pub mod step8_task_queue {}

#[doc = include_str!("guide/step9_accept_task.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step9_accept_task.rs")]
#[doc = "```"]
pub mod step9_accept_task {}

#[doc = include_str!("guide/step10_reactor.md")]
///
// The replay, where the example `replays` has put it beside the pages; otherwise the words in it.
#[doc = r#"<object data="../../../replays/table.html" type="text/html" title="Step through this run" width="100%" height="1000">"#]
#[doc = r"The page that steps through this run appears here when this has made it: <code>cargo run -p"]
#[doc = r"pizzaiolo-watch --example replays -- target/doc/replays</code>.</object>"]
///
// No line of the picture is empty, so for Markdown it is one block of HTML, up to the blank line.
#[doc = "<div style='overflow-x: auto'>"]
#[doc = include_str!("../docs/timeline.svg")]
///
/// </div>
///
/// # The program
///
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step10_reactor.rs")]
#[doc = "```"]
pub mod step10_reactor {}

#[doc = include_str!("guide/step11_crate.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step11_crate.rs")]
#[doc = "```"]
pub mod step11_crate {}

#[doc = include_str!("guide/who_wakes.md")]
///
// The replay, where the example `replays` has put it beside the pages; otherwise the words in it.
#[doc = r#"<object data="../../../replays/who_wakes.html" type="text/html" title="Step through this run" width="100%" height="1000">"#]
#[doc = r"The page that steps through this run appears here when this has made it: <code>cargo run -p"]
#[doc = r"pizzaiolo-watch --example replays -- target/doc/replays</code>.</object>"]
///
#[doc = "<div style='overflow-x: auto'>"]
#[doc = include_str!("../docs/who_wakes.svg")]
///
/// </div>
///
/// # The program
///
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/who_wakes.rs")]
#[doc = "```"]
pub mod who_wakes {}

#[doc = include_str!("guide/send_and_sync.md")]
pub mod send_and_sync {}

#[doc = include_str!("guide/edge_triggered.md")]
pub mod edge_triggered {}

#[doc = include_str!("guide/pinning.md")]
pub mod pinning {}

#[doc = include_str!("guide/cancel_safety.md")]
pub mod cancel_safety {}

#[doc = include_str!("guide/runtimes.md")]
pub mod runtimes {}

#[doc = include_str!("guide/generators.md")]
pub mod generators {}

// The page stands in `docs`, where its links lead to the sources. Here they lead to the pages below:
// of two definitions of a link, Markdown takes the first.
//
/// [`Builder::lints`]: crate::Builder::lints
/// [`Executor::tick`]: crate::Executor::tick
/// [blocking-call]: crate::guide::gallery::blocking_call
/// [check-then-register]: crate::guide::gallery::check_then_register
/// [half-read]: crate::guide::gallery::half_read
/// [join-oneself]: crate::guide::gallery::join_oneself
/// [last-waiter]: crate::guide::gallery::last_waiter
/// [lock-across-await]: crate::guide::gallery::lock_across_await
/// [never-yields]: crate::guide::gallery::never_yields
/// [pending-without-waker]: crate::guide::gallery::pending_without_waker
/// [polled-once]: crate::guide::gallery::polled_once
/// [rc-waker]: crate::guide::gallery::rc_waker
/// [stale-waker]: crate::guide::gallery::stale_waker
///
#[doc = include_str!("../docs/which-wake-bug.md")]
///
/// Next: [the gallery](gallery), the programs of this page.
pub mod which_wake_bug {}

/// The programs of [which wake bug is this?](which_wake_bug): one mistake each, and the cure.
///
/// `cargo run --example gallery -- NAME` runs one and shows its trace; with `--cured`, that of the
/// same program when it is right. A test holds the traces that the heads of the files show against
/// those of real runs.
///
/// Next: the exercises, in `examples/exercises`, and the source, in the order of
/// [the crate's first page](crate).
pub mod gallery {
    /// Makes a page of each program.
    macro_rules! pages {
        ($($name:ident: $what:literal;)*) => {$(
            #[doc = $what]
            ///
            /// ```rust,ignore
            #[doc = include_str!(concat!("../examples/gallery/", stringify!($name), ".rs"))]
            /// ```
            pub mod $name {}
        )*};
    }

    pages! {
        blocking_call: "A blocking call in a task.";
        check_then_register: "Register after checking.";
        half_read: "A `select` that drops a read half-done.";
        join_oneself: "A join on oneself.";
        last_waiter: "Waking only the last of two waiters.";
        lock_across_await: "A lock held across an await.";
        never_yields: "A task that never yields.";
        pending_without_waker: "Pending without keeping the waker.";
        polled_once: "A future polled once and then forgotten.";
        rc_waker: "An `Rc` waker, and the data race that is a compile error.";
        stale_waker: "A waker kept from an earlier poll.";
    }
}

/// Ten more questions, each with a program that you can run, and the terms.
///
/// - [What do the words mean?](q_terms) Each term in a sentence.
/// - [Why do two awaits in a row not run at once?](q_two_awaits)
/// - [Why does a nested `block_on` panic?](q_nested_block_on)
/// - [Why does a guard held across an await make a future not `Send`?](q_guard_across_await)
/// - [Why does my `FuturesUnordered` starve?](q_futures_unordered)
/// - [Who resumes a task?](q_who_resumes)
/// - [Why is there no `async Drop`?](q_async_drop)
/// - [What is function colouring?](q_colour)
/// - [Readiness and completion: what about `io_uring`?](q_completion)
/// - [Threads or tasks?](q_threads_or_tasks)
/// - [Where do Python's asyncio and uvloop stand today?](q_asyncio)
pub mod questions {}

#[doc = include_str!("guide/q_terms.md")]
pub mod q_terms {}

#[doc = include_str!("guide/q_two_awaits.md")]
pub mod q_two_awaits {}

#[doc = include_str!("guide/q_nested_block_on.md")]
pub mod q_nested_block_on {}

#[doc = include_str!("guide/q_guard_across_await.md")]
pub mod q_guard_across_await {}

#[doc = include_str!("guide/q_futures_unordered.md")]
pub mod q_futures_unordered {}

#[doc = include_str!("guide/q_who_resumes.md")]
pub mod q_who_resumes {}

#[doc = include_str!("guide/q_async_drop.md")]
pub mod q_async_drop {}

#[doc = include_str!("guide/q_colour.md")]
pub mod q_colour {}

#[doc = include_str!("guide/q_completion.md")]
pub mod q_completion {}

#[doc = include_str!("guide/q_threads_or_tasks.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/threads_or_tasks.rs")]
#[doc = "```"]
pub mod q_threads_or_tasks {}

#[doc = include_str!("guide/q_asyncio.md")]
#[doc = "```python"]
#[doc = include_str!("../examples/pizza_asyncio.py")]
#[doc = "```"]
pub mod q_asyncio {}

/// The code that the README shows is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}

//! Learn how an async executor works: one server in eleven steps, and answers to frequent questions.
//!
//! # Start here
//!
//! You know Rust, and you have never seen a waker. Read the steps in order. Each step is one complete
//! program of at most 180 lines, and adds one idea to a step before it. The last step is this crate.
//! All eleven take about four hours, in one go or a few at a time.
//!
//! Each chapter says what is new, asks you to predict something, and shows the program. Run the
//! program, and try your prediction. You need Rust 1.85 and a copy of the repository; `nc` is the
//! client.
//!
//! ```console
//! $ cargo run --release --example ladder-1
//! $ cargo run --example ladder -- diff 8 9
//! ```
//!
//! The first command runs step 1. The second shows what step 9 changes in step 8.
//!
//! # The ladder
//!
//! | step | minutes | what waits, and how | still wrong |
//! |---|---|---|---|
//! | [1](step01_blocking) | 10 | the thread, for one client | all other clients wait too |
//! | [2](step02_threads) | 10 | a thread for each client | a thread for each client |
//! | [3](step03_busy_loop) | 15 | nothing: one thread tries each socket, always | a core burns |
//! | [4](step04_mio) | 20 | the thread, for all sockets at once | the loop knows each protocol |
//! | [5](step05_bell) | 30 | a future, until its waker is called | reading a socket still blocks |
//! | [6](step06_sockets) | 20 | a future, for a socket | each operation blocks its thread |
//! | [7](step07_async_fn) | 30 | a future made by `async fn` | a thread for each future |
//! | [8](step08_task_queue) | 25 | many tasks, in a queue | a thread that only accepts |
//! | [9](step09_accept_task) | 15 | the accept loop, as a task | two threads pass each order on |
//! | [10](step10_reactor) | 20 | one thread, in mio, for all tasks | no timers, joins, cancellation |
//! | [11](step11_crate) | 30 | the same, with this crate | one thread |
//!
//! # What each step costs
//!
#![doc = include_str!("guide/figures.md")]
//!
//! # After the ladder
//!
//! - [The tour of the source](step12_tour) goes through the centre of this crate: the loop, one poll, a wake,
//!   a wait, a park.
//! - `examples/exercises` has seventeen parts of a runtime to write yourself, each with its tests:
//!   from a future of five lines to a runtime of your own, which runs the pizza server.
//! - [The terms](terms): each in a sentence.
//!
//! # Frequent questions
//!
//! - [Who calls wake, and when?](topic01_who_wakes)
//! - [Why is a waker `Send` and `Sync` on one thread?](topic02_send_and_sync)
//! - [What does edge-triggered mean, and why may a short read be trusted?](topic03_edge_triggered)
//! - [What is `Pin` for?](topic04_pinning)
//! - [What is cancel-safe?](topic05_cancel_safety)
//! - [Why do runtimes not mix?](topic06_runtimes)
//! - [How does this differ from Python's generators?](topic07_generators)
//! - [Why do two awaits in a row not run at once?](topic08_two_awaits)
//! - [Why does a nested `block_on` panic?](topic09_nested_block_on)
//! - [Why does a guard held across an await make a future not `Send`?](topic10_guard_across_await)
//! - [Why does my `FuturesUnordered` starve?](topic11_futures_unordered)
//! - [Who resumes a task?](topic12_who_resumes)
//! - [Why is there no `async Drop`?](topic13_async_drop)
//! - [What is function colouring?](topic14_colour)
//! - [Readiness and completion: what about `io_uring`?](topic15_completion)
//! - [Threads or tasks?](topic16_threads_or_tasks)
//! - [Where do Python's asyncio and uvloop stand today?](topic17_asyncio)
//!
//! # What goes wrong
//!
//! - [Which wake bug is this?](which_wake_bug) From what you see to the cause.
//! - [The gallery](which_wake_bug_gallery): the classic mistakes, one program each, with the cure
//!
//! The programs of the ladder are in `examples/ladder`; the chapters show them as they are compiled.
//! `cargo test --doc` runs the other code of these pages.
//!
//! Next: [step 1, one client at a time](step01_blocking).

// The sidebar sorts modules by name, as text: the names begin with words and numbers in that order.

#[doc = include_str!("guide/step01_blocking.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step1_blocking.rs")]
#[doc = "```"]
///
/// Next: [step 2, a thread for each client](crate::guide::step02_threads)
pub mod step01_blocking {}

#[doc = include_str!("guide/step02_threads.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step2_threads.rs")]
#[doc = "```"]
///
/// Next: [step 3, no call blocks, and a core burns](crate::guide::step03_busy_loop)
pub mod step02_threads {}

#[doc = include_str!("guide/step03_busy_loop.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step3_busy_loop.rs")]
#[doc = "```"]
///
/// Next: [step 4, sleep until a socket is ready](crate::guide::step04_mio)
pub mod step03_busy_loop {}

#[doc = include_str!("guide/step04_mio.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step4_mio.rs")]
#[doc = "```"]
///
/// Next: [step 5, a future, and what polls it](crate::guide::step05_bell)
pub mod step04_mio {}

#[doc = include_str!("guide/step05_bell.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step5_bell.rs")]
#[doc = "```"]
///
/// Next: [step 6, a future that waits for a socket](crate::guide::step06_sockets)
pub mod step05_bell {}

#[doc = include_str!("guide/step06_sockets.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step6_sockets.rs")]
#[doc = "```"]
///
/// Next: [step 7, `async fn` writes the state machine](crate::guide::step07_async_fn)
pub mod step06_sockets {}

#[doc = include_str!("guide/step07_async_fn.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step7_async_fn.rs")]
#[doc = "```"]
///
/// # The enum by hand
///
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step7_by_hand.rs")]
#[doc = "```"]
///
/// Next: [step 8, a queue of tasks](crate::guide::step08_task_queue)
pub mod step07_async_fn {}

#[doc = include_str!("guide/step08_task_queue.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step8_task_queue.rs")]
#[doc = "```"]
///
/// Next: [step 9, accepting is a task too](crate::guide::step09_accept_task)
pub mod step08_task_queue {}

#[doc = include_str!("guide/step09_accept_task.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step9_accept_task.rs")]
#[doc = "```"]
///
/// Next: [step 10, the reactor](crate::guide::step10_reactor)
pub mod step09_accept_task {}

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
///
/// Next: [step 11, the crate itself](crate::guide::step11_crate)
pub mod step10_reactor {}

#[doc = include_str!("guide/step11_crate.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/ladder/step11_crate.rs")]
#[doc = "```"]
///
/// Next: [the tour of the source](crate::guide::step12_tour)
pub mod step11_crate {}

#[doc = include_str!("guide/step12_tour.md")]
pub mod step12_tour {}

#[doc = include_str!("guide/terms.md")]
pub mod terms {}

#[doc = include_str!("guide/topic01_who_wakes.md")]
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
///
/// Next: [why is a waker `Send` and `Sync` on one thread?](crate::guide::topic02_send_and_sync)
pub mod topic01_who_wakes {}

#[doc = include_str!("guide/topic02_send_and_sync.md")]
pub mod topic02_send_and_sync {}

#[doc = include_str!("guide/topic03_edge_triggered.md")]
pub mod topic03_edge_triggered {}

#[doc = include_str!("guide/topic04_pinning.md")]
pub mod topic04_pinning {}

#[doc = include_str!("guide/topic05_cancel_safety.md")]
pub mod topic05_cancel_safety {}

#[doc = include_str!("guide/topic06_runtimes.md")]
pub mod topic06_runtimes {}

#[doc = include_str!("guide/topic07_generators.md")]
pub mod topic07_generators {}

#[doc = include_str!("guide/topic08_two_awaits.md")]
pub mod topic08_two_awaits {}

#[doc = include_str!("guide/topic09_nested_block_on.md")]
pub mod topic09_nested_block_on {}

#[doc = include_str!("guide/topic10_guard_across_await.md")]
pub mod topic10_guard_across_await {}

#[doc = include_str!("guide/topic11_futures_unordered.md")]
pub mod topic11_futures_unordered {}

#[doc = include_str!("guide/topic12_who_resumes.md")]
pub mod topic12_who_resumes {}

#[doc = include_str!("guide/topic13_async_drop.md")]
pub mod topic13_async_drop {}

#[doc = include_str!("guide/topic14_colour.md")]
pub mod topic14_colour {}

#[doc = include_str!("guide/topic15_completion.md")]
pub mod topic15_completion {}

#[doc = include_str!("guide/topic16_threads_or_tasks.md")]
#[doc = "```rust,ignore"]
#[doc = include_str!("../examples/threads_or_tasks.rs")]
#[doc = "```"]
///
/// Next: [where do Python's asyncio and uvloop stand today?](crate::guide::topic17_asyncio)
pub mod topic16_threads_or_tasks {}

#[doc = include_str!("guide/topic17_asyncio.md")]
#[doc = "```python"]
#[doc = include_str!("../examples/pizza_asyncio.py")]
#[doc = "```"]
///
/// Next: [which wake bug is this?](crate::guide::which_wake_bug)
pub mod topic17_asyncio {}

// The page is in `docs`, where its links lead to the sources. Here they lead to the pages below:
// of two definitions of a link, Markdown takes the first.
//
/// [`Builder::lints`]: crate::Builder::lints
/// [`Executor::tick`]: crate::Executor::tick
/// [blocking-call]: crate::guide::which_wake_bug_gallery::blocking_call
/// [check-then-register]: crate::guide::which_wake_bug_gallery::check_then_register
/// [half-read]: crate::guide::which_wake_bug_gallery::half_read
/// [join-oneself]: crate::guide::which_wake_bug_gallery::join_oneself
/// [last-waiter]: crate::guide::which_wake_bug_gallery::last_waiter
/// [lock-across-await]: crate::guide::which_wake_bug_gallery::lock_across_await
/// [never-yields]: crate::guide::which_wake_bug_gallery::never_yields
/// [pending-without-waker]: crate::guide::which_wake_bug_gallery::pending_without_waker
/// [polled-once]: crate::guide::which_wake_bug_gallery::polled_once
/// [rc-waker]: crate::guide::which_wake_bug_gallery::rc_waker
/// [stale-waker]: crate::guide::which_wake_bug_gallery::stale_waker
///
#[doc = include_str!("../docs/which-wake-bug.md")]
///
/// Next: [the gallery](which_wake_bug_gallery), the programs of this page.
pub mod which_wake_bug {}

/// The programs of [which wake bug is this?](which_wake_bug): one mistake each, and the cure.
///
/// `cargo run --example gallery -- NAME` runs one and prints its trace. With `--cured`, it runs the
/// correct program instead. A test compares the traces that the pages show with those of real runs.
///
/// Next: [a blocking call in a task](crate::guide::which_wake_bug_gallery::blocking_call)
pub mod which_wake_bug_gallery {
    /// Makes a page of each program.
    macro_rules! pages {
        ($($name:ident: $what:literal, $next:literal;)*) => {$(
            #[doc = $what]
            ///
            /// ```rust,ignore
            #[doc = include_str!(concat!("../examples/gallery/", stringify!($name), ".rs"))]
            /// ```
            ///
            #[doc = $next]
            pub mod $name {}
        )*};
    }

    pages! {
        blocking_call: "A blocking call in a task.",
            "Next: [register after checking](check_then_register)";
        check_then_register: "Register after checking.",
            "Next: [a `select` that drops a read half-done](half_read)";
        half_read: "A `select` that drops a read half-done.",
            "Next: [a task that joins itself](join_oneself)";
        join_oneself: "A task that joins itself.",
            "Next: [waking only the last of two waiters](last_waiter)";
        last_waiter: "Waking only the last of two waiters.",
            "Next: [a lock held across an await](lock_across_await)";
        lock_across_await: "A lock held across an await.",
            "Next: [a task that never yields](never_yields)";
        never_yields: "A task that never yields.",
            "Next: [pending without storing the waker](pending_without_waker)";
        pending_without_waker: "Pending without storing the waker.",
            "Next: [a future polled once and then dropped](polled_once)";
        polled_once: "A future polled once and then dropped.",
            "Next: [an `Rc` waker, and the data race that is a compile error](rc_waker)";
        rc_waker: "An `Rc` waker, and the data race that is a compile error.",
            "Next: [a waker kept from an earlier poll](stale_waker)";
        stale_waker: "A waker kept from an earlier poll.",
            "Next: the exercises, in `examples/exercises`";
    }
}

/// The code that the README shows is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}

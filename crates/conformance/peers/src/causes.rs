//! Why a rule does not hold, as the source of the executor shows it.

/// The cause, if it is known.
pub(crate) fn of(of: &str, rule: &str) -> Option<String> {
    let found = CAUSES.iter().find(|(runtime, rules, _)| *runtime == of && rules.contains(&rule));
    found.map(|(_, _, cause)| (*cause).into())
}

/// Who, which rules, and why.
const CAUSES: &[(&str, &[&str], &str)] = &[
    (
        "LocalSet",
        &["root-not-polled-unwoken"],
        "`RunUntil::poll` in `task/local.rs` polls the future first, also when only another task was \
         woken. It polls it again after each 61 polls of tasks (`MAX_TASKS_PER_TICK`), when the set \
         wakes itself to go on.",
    ),
    (
        "LocalPool",
        &["root-not-polled-unwoken"],
        "`LocalPool::run_until` polls the future in each turn of `run_executor`, and all tasks share \
         its waker.",
    ),
    (
        "monoio",
        &[
            "yield-goes-last",
            "spinner-and-task",
            "spinner-and-root",
            "sleep-spinner",
            "tcp-spinner",
        ],
        "`Harness::poll` calls `yield_now` for a task that was woken in its own poll, and that is \
         `push_front` in `scheduler.rs`: monoio-rs/monoio#322, mended on its main branch by #362.",
    ),
    (
        "monoio",
        &["root-spinner"],
        "With the feature `sync` the root future is a task, and one that is woken in its own poll goes \
         to the front of the queue (`push_front` in `scheduler.rs`).",
    ),
    (
        "monoio",
        &["drop-ready", "drop-wakes", "drop-held", "drop-cycles"],
        "The runtime drops its queue alone (`Drop for TaskQueue`). A task that waits belongs to its \
         wakers, which count references, and one that holds its own waker is never freed.",
    ),
    (
        "monoio",
        &["join-outlives"],
        "A task that waits is not ended when its runtime goes (see the drops), so no code wakes its handle.",
    ),
    (
        "monoio",
        &["sleep-moved"],
        "`StateCell::poll` in `time/driver/entry.rs` stores a waker only if there is none: the first stays.",
    ),
    (
        "monoio",
        &["sleep-far"],
        "`instant_to_tick` in `time/driver/mod.rs` expects that milliseconds fit into a `u64`.",
    ),
    (
        "async-local-executor",
        &["not-polled-after-ready", "late-wake"],
        "`Executor::ticker` returns `None` when the task of a queued id has gone, and \
         `run_ready_tasks` takes that for an empty queue: what is queued behind it waits for the next wake.",
    ),
    (
        "async-local-executor",
        &["drop-spawns"],
        "The executor is not entered any more when it is dropped, and `spawn_local` panics without one.",
    ),
    (
        "spawns-executor",
        &["panic-in-drop"],
        "The poll of a task is guarded by `catch_unwind`, the drop of its future is not.",
    ),
    (
        "spawns-executor",
        &["drop-spawns"],
        "The scope of the spawner ends before the pool is dropped, and `spawn` panics without one.",
    ),
    (
        "edge-executor",
        &["spinner-and-root"],
        "`run_unchecked` polls `run_forever.or(fut)`: the tasks first, and the root only when none is ready.",
    ),
    (
        "edge-executor",
        &[
            "panic-root-frees",
            "drop-pending",
            "drop-ready",
            "drop-unpolled",
            "drop-spawns",
            "drop-wakes",
            "drop-held",
            "drop-cycles",
            "join-outlives",
        ],
        "`Executor` has no `Drop`: it keeps no list of its tasks, and those in the queue keep the queue alive.",
    ),
    (
        "embassy-executor",
        &["fifo-spawn", "fifo-wake", "yield-goes-last"],
        "The queue of `raw/run_queue.rs` is a stack that is taken whole: the last one in is the first \
         one out. It says so, and that no task starves.",
    ),
    (
        "pasts",
        &["wakes-merge", "root-not-polled-unwoken", "task-not-polled-unwoken", "distinct-wakers"],
        "`block_on` in `spawn.rs` has one waker for all tasks, and polls all when it is woken.",
    ),
    (
        "pasts",
        &["fifo-spawn", "fifo-wake"],
        "Tasks are polled in the order of a `Vec`, out of which `swap_remove` takes those that have ended.",
    ),
    (
        "minimal-executor LocalPool",
        &["idle-root", "idle-tasks", "idle-late-wake"],
        "`run` polls in a loop; its waker, `AlwaysWake`, does nothing, and nothing ever sleeps.",
    ),
    (
        "simple-async-local-executor",
        &[
            "wakes-merge",
            "root-not-polled-unwoken",
            "task-not-polled-unwoken",
            "distinct-wakers",
            "fifo-wake",
        ],
        "As documented: `step` polls all tasks, in the order in which they were spawned, with a waker \
         that does nothing.",
    ),
    (
        "pollster",
        &["root-wakes-merge"],
        "`block_on` polls a second time at once if the first poll is pending, and clears `notified` \
         only after that: a wake during the first poll counts twice.",
    ),
    (
        "thread-executor",
        &["park-token-taken"],
        "`block_on` has no flag beside the token of `thread::park`.",
    ),
    (
        "std",
        &["park-token-taken"],
        "It has no flag beside the token of `thread::park`. The documentation says that it is simplified.",
    ),
    ("step 5", &["park-token-taken"], "`block_on` has no flag beside the token of `thread::park`."),
    (
        "safina",
        &["root-old-waker", "many-threads"],
        "`block_on_unpin` makes a channel and a waker for each poll, and a waker gives its sender away \
         with the first wake.",
    ),
    ("spin_on", &["idle-root"], "As documented: it polls in a loop."),
    ("cassette", &["idle-root"], "`block_on` polls in a loop, with a waker that does nothing."),
    (
        "minimal-executor",
        &["idle-root"],
        "`block_on` polls in a loop, with a waker that does nothing.",
    ),
    (
        "miniloop",
        &["idle-root"],
        "`Executor::block_on` polls in a loop, with a waker that does nothing.",
    ),
    (
        "what-the-async",
        &[
            "wake-in-poll",
            "root-old-waker",
            "root-wakes-merge",
            "thread-wakes-in-poll",
            "park-token-taken",
            "thread-race",
            "wake-never-blocks",
            "many-threads",
        ],
        "`Runtime::block_on` stores `ready = false` after a poll that is pending: a wake during the \
         poll is overwritten.",
    ),
    (
        "what-the-async",
        &["idle-root"],
        "`Reactor::book_keeping` is called in a loop, and returns after a short time each time.",
    ),
    (
        "what-the-async",
        &["leak-descriptors", "leak-threads"],
        "The threads of `spawn_worker` loop for ever, and each has the reactor.",
    ),
    (
        "step 8",
        &["wakes-merge", "root-wakes-merge"],
        "`Task::wake` puts the task into the queue each time; step 11 says so.",
    ),
    (
        "step 10",
        &["wakes-merge", "root-wakes-merge"],
        "`Task::wake` puts the task into the queue each time; step 11 says so.",
    ),
];

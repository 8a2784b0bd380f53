//! The rules: a page for each, and a probe.
//!
//! A page says what the rule is, why it is one, what breaks in practice without it, and a runtime that
//! was once seen to break it, with the repository and the number of the issue. `--explain PROBE` shows
//! the same page.

use crate::{
    Capability, Rule,
    probes::{abort, drops, idle, join, panics, polls, queue, tcp, threads, time},
    rule::Body,
};

macro_rules! rules {
    ($($name:ident $id:literal $body:ident($probe:path) [$($needs:ident)*])*) => {
        $(
            #[doc = include_str!(concat!("../rules/", $id, ".md"))]
            pub static $name: Rule = Rule {
                id: $id,
                page: include_str!(concat!("../rules/", $id, ".md")),
                needs: &[$(Capability::$needs),*],
                body: Body::$body($probe),
            };
        )*

        /// All rules, in the order of the table.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    ROOT_NOT_POLLED_AFTER_READY "root-not-polled-after-ready" Outside(polls::root_not_polled_after_ready) []
    WAKE_IN_POLL "wake-in-poll" Inside(polls::wake_in_poll) []
    TASK_WAKE_IN_POLL "task-wake-in-poll" Inside(polls::task_wake_in_poll) [Spawn]
    WAKES_MERGE "wakes-merge" Inside(polls::wakes_merge) [Spawn]
    ROOT_WAKES_MERGE "root-wakes-merge" Inside(polls::root_wakes_merge) [ThreadWakes]
    ROOT_OLD_WAKER "root-old-waker" Inside(polls::root_old_waker) []
    ROOT_NOT_POLLED_UNWOKEN "root-not-polled-unwoken" Inside(polls::root_not_polled_unwoken) [Spawn]
    TASK_NOT_POLLED_UNWOKEN "task-not-polled-unwoken" Inside(polls::task_not_polled_unwoken) [Spawn]
    WAKE_FORMS "wake-forms" Inside(polls::wake_forms) [Spawn]
    OLD_WAKER "old-waker" Inside(polls::old_waker) [Spawn]
    NOT_POLLED_AFTER_READY "not-polled-after-ready" Inside(polls::not_polled_after_ready) [Spawn]
    LATE_WAKE "late-wake" Inside(polls::late_wake) [Spawn]
    STALE_WAKER "stale-waker" Inside(polls::stale_waker) [Spawn]
    DISTINCT_WAKERS "distinct-wakers" Inside(polls::distinct_wakers) [Spawn]
    WAKE_IS_NOT_POLL "wake-is-not-poll" Inside(polls::wake_is_not_poll) [Spawn]
    SPAWN_IS_NOT_POLL "spawn-is-not-poll" Inside(polls::spawn_is_not_poll) [Spawn]
    SPAWN_IN_TASK "spawn-in-task" Inside(queue::spawn_in_task) [Spawn]
    FIFO_SPAWN "fifo-spawn" Inside(queue::fifo_spawn) [Spawn]
    FIFO_WAKE "fifo-wake" Inside(queue::fifo_wake) [Spawn]
    YIELD_GOES_LAST "yield-goes-last" Inside(queue::yield_goes_last) [Spawn]
    SPINNER_AND_TASK "spinner-and-task" Inside(queue::spinner_and_task) [Spawn]
    SPINNER_AND_ROOT "spinner-and-root" Inside(queue::spinner_and_root) [Spawn]
    ROOT_SPINNER "root-spinner" Inside(queue::root_spinner) [Spawn]
    MANY_READY "many-ready" Inside(queue::many_ready) [Spawn]
    FREED_AT_END "freed-at-end" Inside(queue::freed_at_end) [Spawn]
    WAKER_KEEPS_NOTHING "waker-keeps-nothing" Inside(queue::waker_keeps_nothing) [Spawn]
    SPAWN_IN_DROP "spawn-in-drop" Inside(queue::spawn_in_drop) [Spawn]
    WAKE_IN_DROP "wake-in-drop" Inside(queue::wake_in_drop) [Spawn]
    SPAWN_LOCAL "spawn-local" Inside(queue::spawn_local) [SpawnLocal]
    JOIN_OUTPUT "join-output" Inside(join::output) [Join Spawn]
    JOIN_LATE "join-late" Inside(join::late) [Join Spawn]
    JOIN_DROPS_FIRST "join-drops-first" Inside(join::drops_first) [Join]
    JOIN_MOVED "join-moved" Inside(join::moved) [Join]
    JOIN_UNCLAIMED "join-unclaimed" Inside(join::unclaimed) [Join Spawn]
    JOIN_PANIC "join-panic" Inside(join::panic) [Join CatchesPanics]
    JOIN_OUTLIVES "join-outlives" Outside(join::outlives) [Ends Join]
    ABORT_DROPS "abort-drops" Inside(abort::drops) [Abort Spawn]
    ABORT_OUTCOME "abort-outcome" Inside(abort::outcome) [Abort Spawn]
    ABORT_NOT_POLLED "abort-not-polled" Inside(abort::not_polled) [Abort Spawn]
    ABORT_ENDED "abort-ended" Inside(abort::ended) [Abort Spawn]
    ABORT_DROP_SPAWNS "abort-drop-spawns" Inside(abort::drop_spawns) [Abort Spawn]
    PANIC_OTHERS "panic-others" Inside(panics::others) [CatchesPanics Spawn]
    PANIC_IN_DROP "panic-in-drop" Inside(panics::in_drop) [CatchesPanics Spawn]
    PANIC_ROOT "panic-root" Outside(panics::root) []
    PANIC_ROOT_FREES "panic-root-frees" Outside(panics::root_frees) [Ends Spawn]
    DROP_PENDING "drop-pending" Outside(drops::pending_ones) [Ends Spawn]
    DROP_READY "drop-ready" Outside(drops::ready_ones) [Ends Spawn]
    DROP_UNPOLLED "drop-unpolled" Outside(drops::unpolled_ones) [Ends Spawn]
    DROP_SPAWNS "drop-spawns" Outside(drops::spawns) [Ends Spawn]
    DROP_WAKES "drop-wakes" Outside(drops::wakes) [Ends Spawn]
    DROP_HELD "drop-held" Outside(drops::held) [Ends Spawn]
    DROP_CYCLES "drop-cycles" Outside(drops::cycles) [Ends Spawn]
    WAKER_OUTLIVES "waker-outlives" Outside(drops::waker_outlives) [Ends Spawn ThreadWakes]
    WAKER_DROPPED_AFAR "waker-dropped-afar" Inside(drops::waker_dropped_afar) [Spawn ThreadWakes]
    RUN_AGAIN "run-again" Outside(drops::run_again) [Spawn RunAgain]
    WAKE_BETWEEN_RUNS "wake-between-runs" Outside(drops::wake_between_runs) [Spawn RunAgain]
    LEAK_DESCRIPTORS "leak-descriptors" Outside(drops::descriptors) [Ends]
    LEAK_THREADS "leak-threads" Outside(drops::threads) [Ends]
    THREAD_WAKES_ROOT "thread-wakes-root" Inside(threads::wakes_root) [ThreadWakes]
    THREAD_WAKES_TASK "thread-wakes-task" Inside(threads::wakes_task) [ThreadWakes Spawn]
    THREAD_WAKES_IN_POLL "thread-wakes-in-poll" Inside(threads::wakes_in_poll) [ThreadWakes]
    PARK_TOKEN_TAKEN "park-token-taken" Inside(threads::token_taken) [ThreadWakes]
    MANY_THREADS "many-threads" Inside(threads::many_threads) [ThreadWakes]
    THREAD_RACE "thread-race" Inside(threads::race) [ThreadWakes]
    WAKE_NEVER_BLOCKS "wake-never-blocks" Inside(threads::never_blocks) [ThreadWakes]
    THREAD_SPAWNS "thread-spawns" Inside(threads::spawns) [SpawnFromThreads ThreadWakes]
    IDLE_ROOT "idle-root" Inside(idle::root) [ThreadWakes]
    IDLE_TASKS "idle-tasks" Inside(idle::tasks) [ThreadWakes Spawn]
    IDLE_LATE_WAKE "idle-late-wake" Inside(idle::late_wake) [ThreadWakes Spawn]
    IDLE_SLEEP "idle-sleep" Inside(idle::sleep) [ThreadWakes Timers]
    IDLE_TCP "idle-tcp" Inside(idle::tcp) [ThreadWakes Tcp]
    IDLE_HALF_CLOSED "idle-half-closed" Inside(idle::half_closed) [ThreadWakes Tcp Spawn]
    SLEEP_NOT_EARLY "sleep-not-early" Inside(time::not_early) [Timers]
    SLEEP_NO_SPIN "sleep-no-spin" Inside(time::no_spin) [Timers]
    SLEEP_ZERO "sleep-zero" Inside(time::zero) [Timers]
    SLEEP_SHORTER_LATER "sleep-shorter-later" Inside(time::shorter_later) [Timers]
    SLEEP_ORDER "sleep-order" Inside(time::order) [Timers]
    SLEEP_MANY "sleep-many" Inside(time::many) [Timers]
    SLEEP_DROPPED "sleep-dropped" Inside(time::dropped) [Timers]
    SLEEP_FAR "sleep-far" Inside(time::far) [Timers]
    SLEEP_MOVED "sleep-moved" Inside(time::moved) [Timers]
    SLEEP_SPINNER "sleep-spinner" Inside(time::spinner) [Timers Spawn]
    TCP_READ_WAKES "tcp-read-wakes" Inside(tcp::read_wakes) [Tcp]
    TCP_END_SEEN "tcp-end-seen" Inside(tcp::end_seen) [Tcp]
    TCP_BOTH_WAYS "tcp-both-ways" Inside(tcp::both_ways) [Tcp Spawn]
    TCP_ALL_ARRIVE "tcp-all-arrive" Inside(tcp::all_arrive) [Tcp]
    TCP_HALF_CLOSED "tcp-half-closed" Inside(tcp::half_closed_write) [Tcp]
    TCP_RESET "tcp-reset" Inside(tcp::reset) [Tcp Spawn]
    TCP_REFUSED "tcp-refused" Inside(tcp::refused) [Tcp]
    TCP_SPINNER "tcp-spinner" Inside(tcp::spinner) [Tcp Spawn]
    TCP_CLOSED "tcp-closed" Inside(tcp::closed) [Tcp Spawn]
    TCP_DROPPED_READ "tcp-dropped-read" Inside(tcp::dropped_read) [Tcp]
    TCP_ACCEPTS_ALL "tcp-accepts-all" Inside(tcp::accepts_all) [Tcp]
    TCP_ONE_WOKEN "tcp-one-woken" Inside(tcp::one_woken) [Tcp Spawn]
}

//! Processor time, threads and descriptors, as Linux says them in `/proc`. Elsewhere nothing is
//! measured.

use std::{fs, io, path::Path, thread, time::Duration};

/// A thread of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    id: u32,
    /// Whether it sleeps, for whatever reason.
    sleeps: bool,
    /// Its processor time in nanoseconds.
    cpu: u64,
    /// How often it has given the processor away by itself.
    switches: u64,
}

/// Reads all threads of a process: `self`, or the number of a child.
pub(crate) fn threads(process: &str) -> io::Result<Vec<Thread>> {
    let mut threads = Vec::new();
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end while it is being read about.
        threads.extend(thread(&entry?.path()));
    }
    threads.sort_by_key(|thread| thread.id);
    Ok(threads)
}

fn thread(path: &Path) -> Option<Thread> {
    let status = fs::read_to_string(path.join("status")).ok()?;
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let number = |name| field(name)?.parse::<u64>().ok();
    let cpu = fs::read_to_string(path.join("schedstat")).ok()?;
    Some(Thread {
        id: path.file_name()?.to_str()?.parse().ok()?,
        sleeps: field("State")?.starts_with('S'),
        cpu: cpu.split_whitespace().next()?.parse().ok()?,
        switches: number("voluntary_ctxt_switches")?,
    })
}

/// The processor time of some threads.
pub(crate) fn cpu(threads: &[Thread]) -> Duration {
    Duration::from_nanos(threads.iter().map(|thread| thread.cpu).sum())
}

/// Whether all sleep, and none has run between the two looks.
pub(crate) fn slept(before: &[Thread], after: &[Thread]) -> bool {
    before == after && after.iter().all(|thread| thread.sleeps)
}

/// The threads of this process but the one that asks.
fn others() -> io::Result<Vec<Thread>> {
    let me = fs::read_link("/proc/thread-self")?;
    let me = me.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
    let mut threads = threads("self")?;
    threads.retain(|thread| Some(thread.id) != me);
    Ok(threads)
}

/// What the others did while one looked.
#[derive(Debug)]
pub(crate) enum Seen {
    /// They slept, without a break.
    Sleep,
    /// They ran for so long, or so often, that nothing they wait for can be the reason.
    Waste(String),
    /// This machine does not say.
    Nothing,
}

/// How long none may run to be asleep.
const SLEEP: Duration = Duration::from_millis(150);
/// How long they may run before that.
const CPU_LIMIT: Duration = Duration::from_millis(400);
/// How often they may run before that.
const SWITCH_LIMIT: u64 = 100;

/// Looks at all other threads of this process until they sleep, or have wasted too much.
///
/// What decides is what they did, never how long it took: on a busy machine it takes longer.
pub(crate) fn watch_others() -> Seen {
    let Ok(first) = others() else { return Seen::Nothing };
    if first.is_empty() {
        return Seen::Nothing;
    }
    let (mut last, mut asleep) = (first.clone(), Duration::ZERO);
    loop {
        let look = Duration::from_millis(10);
        thread::sleep(look);
        let Ok(now) = others() else { return Seen::Nothing };
        asleep = if slept(&last, &now) { asleep + look } else { Duration::ZERO };
        if asleep >= SLEEP {
            return Seen::Sleep;
        }
        let ran = cpu(&now).saturating_sub(cpu(&first));
        let sum = |threads: &[Thread]| threads.iter().map(|thread| thread.switches).sum::<u64>();
        let switches = sum(&now).saturating_sub(sum(&first));
        if ran >= CPU_LIMIT {
            return Seen::Waste("it runs without end".into());
        }
        if switches >= SWITCH_LIMIT {
            return Seen::Waste("it wakes up again and again".into());
        }
        last = now;
    }
}

/// How many threads this process has.
pub(crate) fn thread_count() -> Option<usize> {
    threads("self").ok().map(|threads| threads.len())
}

/// How many descriptors this process has open, the one that looks left out.
pub(crate) fn descriptor_count() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

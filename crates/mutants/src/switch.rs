//! Chooses the mutant that this process runs as. The harness puts this file into the changed crate.

use std::{
    env,
    fs::{File, OpenOptions},
    io::Write,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
};

/// What the environment asks for: the number of a mutant, or one of these.
static CHOSEN: AtomicU32 = AtomicU32::new(UNREAD);
const UNREAD: u32 = u32::MAX;
const UNCHANGED: u32 = u32::MAX - 1;
const RECORD: u32 = u32::MAX - 2;

/// Says whether this process runs as the mutant.
#[inline]
pub(crate) fn is(mutant: u32) -> bool {
    match CHOSEN.load(Relaxed) {
        UNCHANGED => false,
        UNREAD | RECORD => read_or_record(mutant),
        chosen => chosen == mutant,
    }
}

#[cold]
fn read_or_record(mutant: u32) -> bool {
    if CHOSEN.load(Relaxed) == UNREAD {
        CHOSEN.store(choose(), Relaxed);
        return is(mutant);
    }
    static SEEN: [AtomicBool; 65_536] = [const { AtomicBool::new(false) }; 65_536];
    if !SEEN[mutant as usize].swap(true, Relaxed) {
        static FILE: OnceLock<Option<File>> = OnceLock::new();
        let open = |path| OpenOptions::new().append(true).create(true).open(path).ok();
        if let Some(mut file) = FILE.get_or_init(|| env::var_os("MUTANTS_REACHED").and_then(open)).as_ref() {
            let _ = file.write_all(format!("{mutant}\n").as_bytes());
        }
    }
    false
}

fn choose() -> u32 {
    if env::var_os("MUTANTS_REACHED").is_some() {
        return RECORD;
    }
    env::var("MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(UNCHANGED)
}

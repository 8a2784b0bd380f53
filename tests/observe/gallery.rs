//! The gallery of hangs: each wrong program goes wrong as its file says, and each cured one does
//! not.

#[path = "../../examples/gallery/main.rs"]
#[expect(dead_code, reason = "the example's command line is run as a process")]
mod programs;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use self::programs::{EXHIBITS, Exhibit};

use crate::support::prelude::*;

/// What a run prints, line by line.
struct Run(Vec<String>);

impl Run {
    fn wrong(name: &str) -> Run {
        Run::of(exhibit(name).wrong)
    }

    fn cured(name: &str) -> Run {
        Run::of(exhibit(name).cured)
    }

    fn of(program: fn() -> programs::Seen) -> Run {
        bound();
        let text = program().to_string();
        Run(text.lines().map(str::to_owned).collect())
    }

    /// Whether a line has all of these parts.
    fn has(&self, parts: &[&str]) -> bool {
        self.0.iter().any(|line| parts.iter().all(|part| line.contains(part)))
    }

    /// The warnings, but for those of slow polls: a machine may be slow.
    fn warnings(&self) -> Vec<&str> {
        let lines = self.0.iter().map(String::as_str);
        let lines = lines.filter(|line| line.contains(": warning, "));
        lines.filter(|line| !line.contains("a poll took")).collect()
    }

    fn is_deadlock(&self) -> bool {
        self.has(&["It panics: deadlock: run waits for ever"])
    }

    /// It came to its end without a panic, with no task left.
    fn ends_well(&self) -> bool {
        self.0.ends_with(&["What is left:".to_owned(), "no tasks".to_owned()])
    }

    fn text(&self) -> String {
        self.0.join("\n")
    }

    /// Checks that these lines are there, in this order; there may be others in between. In each,
    /// `…` stands for anything.
    #[track_caller]
    fn assert_shows(&self, lines: &[&str]) {
        let mut run = self.0.iter();
        for line in lines {
            assert!(
                run.any(|it| matches(line, it)),
                "not there, or not then:\n{line}\n\n{}",
                self.text()
            );
        }
    }
}

/// Whether the line is as the pattern, where `…` stands for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut whole = true;
    for part in parts {
        whole = part.is_empty();
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    // What ends with `…` may go on.
    rest.is_empty() || whole && pattern.ends_with('…')
}

#[test]
fn a_pattern_matches_what_it_should() {
    assert!(matches("a … c", "a b c") && matches("a…", "abc") && matches("a", "a"));
    assert!(!matches("a", "ab") && !matches("b", "ab") && !matches("a … d", "a b c"));
    assert!(!matches("a…c", "abcd") && !matches("…c", "ab"));
}

fn exhibit(name: &str) -> &'static Exhibit {
    EXHIBITS.iter().find(|exhibit| exhibit.name == name).expect("it is in the gallery")
}

/// The blocks that a file's head shows: of the wrong program, and of the cured one.
fn shown(exhibit: &Exhibit) -> [Vec<&'static str>; 2] {
    let mut blocks = Vec::new();
    let mut head = exhibit.head();
    while head.any(|line| line == "```text") {
        blocks.push(head.by_ref().take_while(|line| *line != "```").collect());
    }
    blocks.try_into().expect("one block for the wrong program, one for the cured")
}

#[test]
fn each_program_does_what_the_head_of_its_file_shows() {
    for exhibit in &EXHIBITS {
        let [wrong, cured] = shown(exhibit);
        Run::of(exhibit.wrong).assert_shows(&wrong);
        Run::of(exhibit.cured).assert_shows(&cured);
    }
}

#[test]
fn each_head_tells_what_one_sees_what_gives_it_away_the_cause_and_the_cure() {
    for exhibit in &EXHIBITS {
        let starts = ["# ", "What one sees: ", "What gives it away: ", "The cause: ", "The cure: "];
        for start in starts {
            let there = exhibit.head().any(|line| line.starts_with(start));
            assert!(there, "{}: no {start:?}", exhibit.name);
        }
    }
}

#[test]
fn what_is_cured_ends_with_nobody_left_and_without_a_warning() {
    for exhibit in &EXHIBITS {
        let run = Run::of(exhibit.cured);
        assert!(run.ends_well(), "{}", run.text());
        assert_eq!(run.warnings(), [""; 0], "{}", run.text());
    }
}

// What goes wrong, one by one.

#[test]
fn pending_without_waker_is_warned_of_and_proven() {
    let run = Run::wrong("pending-without-waker");
    let [warning] = run.warnings()[..] else { panic!("one was expected:\n{}", run.text()) };
    assert!(warning.contains("\"waiter\"") && warning.contains("nothing holds its waker"));
    assert!(!run.has(&["task 0: woken"]) && run.is_deadlock());
    assert!(!run.has(&["I serve"]));
    assert!(Run::cured("pending-without-waker").has(&["I serve"]));
}

#[test]
fn a_stale_waker_wakes_no_task_that_waits() {
    let run = Run::wrong("stale-waker");
    let [warning] = run.warnings()[..] else { panic!("one was expected:\n{}", run.text()) };
    assert!(warning.contains("\"waiter\"") && warning.contains("nothing holds its waker"));
    assert!(!run.has(&["task 0: woken"]) && !run.has(&["task 2: woken"]) && run.is_deadlock());
    assert!(Run::cured("stale-waker").has(&["task 2: woken by task 1"]));
}

#[test]
fn one_of_two_waiters_is_forgotten_without_a_warning_but_that_is_proven() {
    let run = Run::wrong("last-waiter");
    assert_eq!(run.warnings(), [""; 0]);
    assert!(run.has(&["waiter 2: I have"]) && !run.has(&["waiter 1: I have"]) && run.is_deadlock());
    let run = Run::cured("last-waiter");
    assert!(run.has(&["waiter 1: I have"]) && run.has(&["waiter 2: I have"]));
}

#[test]
fn a_wake_between_the_check_and_the_registration_is_lost_and_nobody_can_tell() {
    let run = Run::wrong("check-then-register");
    assert_eq!(run.warnings(), [""; 0]);
    assert!(!run.is_deadlock() && !run.has(&["woken"]) && !run.has(&["I serve"]));
    assert!(run.has(&["task 0 ", " waiting ", "something unknown; waiter"]));
    assert!(Run::cured("check-then-register").has(&["I serve"]));
}

#[test]
fn a_future_that_is_polled_once_and_dropped_is_warned_of_and_proven() {
    let run = Run::wrong("polled-once");
    let [warning] = run.warnings()[..] else { panic!("one was expected:\n{}", run.text()) };
    assert!(warning.contains("\"cook\"") && warning.contains("nothing holds its waker"));
    assert!(run.has(&["pending on a timer"]) && !run.has(&["has fired"]) && run.is_deadlock());
    assert!(Run::cured("polled-once").has(&["its timer has fired"]));
}

#[test]
fn a_blocking_call_keeps_all_others_waiting_and_is_warned_of() {
    let order = |run: &Run| {
        let place = |words| run.0.iter().position(|line| line == words).expect("it is said");
        place("cook: it is done") < place("waiter: welcome, guest 1")
    };
    let run = Run::wrong("blocking-call");
    assert!(order(&run));
    assert!(run.has(&["\"cook\"", "a poll took", "no other task ran meanwhile"]));
    assert!(!order(&Run::cured("blocking-call")));
}

#[test]
fn a_task_that_never_yields_keeps_all_others_waiting_and_is_warned_of_once_it_ends() {
    let run = Run::wrong("never-yields");
    assert!(run.has(&["and give up"]) && !run.has(&["I serve"]));
    assert!(run.has(&["\"waiter\"", "a poll took", "no other task ran meanwhile"]));
    assert!(Run::cured("never-yields").has(&["I serve"]));
}

/// Std says that locking twice on one thread hangs or panics; on Linux it hangs.
#[cfg(target_os = "linux")]
#[test]
fn a_lock_across_an_await_hangs_the_thread_inside_of_a_poll() {
    let run = Run::wrong("lock-across-await");
    let end = ["    task 1: polled", "guest 2: I want the till", "The thread hangs."];
    assert!(run.0.ends_with(&end.map(str::to_owned)), "{}", run.text());
    assert!(Run::cured("lock-across-await").has(&["10 in the till"]));
}

#[test]
fn a_join_on_oneself_is_proven_and_the_table_shows_it() {
    let run = Run::wrong("join-oneself");
    assert!(run.is_deadlock());
    assert!(run.has(&["task 1 ", "the end of task 1; chef"]), "{}", run.text());
    assert!(Run::cured("join-oneself").has(&["I close the door"]));
}

#[test]
fn a_select_that_drops_a_read_loses_what_was_read() {
    let run = Run::wrong("half-read");
    assert!(run.has(&["it ends after \"herita\""]) && !run.has(&["at once!"]));
    assert!(Run::cured("half-read").has(&["one margherita, at once!"]));
}

#[test]
fn an_rc_waker_does_not_compile_for_the_reason_that_is_shown() {
    // Of this process: other runs of the tests may write there too.
    let folder = format!("gallery-{}", std::process::id());
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(&target).expect("the directory is there");
    let rustc = |source: &Path| {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command.args(["--edition", "2024", "--emit", "metadata", "--out-dir"]);
        command.arg(&target).arg(source).output().expect("rustc runs")
    };
    let [wrong, _] = shown(exhibit("rc-waker"));
    let error = wrong.last().expect("the error is shown");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gallery/rc_waker/wrong.rs");
    let run = rustc(&source);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success() && said.lines().any(|line| line == *error), "{said}");

    // It is that, and nothing else: with the cure it compiles.
    let cured = fs::read_to_string(&source).expect("it is there");
    let cured = cured
        .replace("rc::Rc,", "sync::Mutex,")
        .replace("Rc<RefCell<VecDeque<usize>>>", "Arc<Mutex<VecDeque<usize>>>")
        .replace("Rc::new(RefCell::new(VecDeque::new()))", "Arc::new(Mutex::new(VecDeque::new()))")
        .replace("Rc::clone", "Arc::clone")
        .replace("borrow_mut()", "lock().unwrap()");
    let source = target.join("rc_waker_cured.rs");
    fs::write(&source, cured).expect("the directory is there");
    let run = rustc(&source);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    fs::remove_dir_all(target).expect("it is ours");
}

// The command line.

/// Runs the example.
fn example(args: &[&str]) -> Output {
    Command::new(crate::support::example::binary("gallery"))
        .args(args)
        .output()
        .expect("the example runs")
}

#[test]
fn without_a_name_it_lists_all() {
    let run = example(&[]);
    let list = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success());
    for exhibit in &EXHIBITS {
        let line = list.lines().find(|line| line.trim_start().starts_with(exhibit.name));
        let title = exhibit.head().next().and_then(|title| title.strip_prefix("# "));
        let title = title.expect("the head begins with a title");
        assert!(line.is_some_and(|line| line.ends_with(title)), "{title}\n{list}");
    }
}

#[test]
fn with_a_name_it_runs_one_and_ends() {
    for exhibit in &EXHIBITS {
        let [wrong, cured] = shown(exhibit);
        for (args, block) in [(&[exhibit.name][..], wrong), (&[exhibit.name, "--cured"], cured)] {
            let run = example(args);
            assert!(run.status.success(), "{run:?}");
            assert_eq!(String::from_utf8_lossy(&run.stderr), "");
            let text = String::from_utf8_lossy(&run.stdout);
            let (head, run) = text.split_once("\n--- ").expect("the head, then the run");
            assert!(head.contains("The cure: "), "{head}");
            Run(run.lines().map(str::to_owned).collect()).assert_shows(&block);
        }
    }
}

/// The pages of the guide are modules, whose names have underscores.
#[test]
fn a_name_may_have_underscores() {
    let run = example(&["pending_without_waker"]);
    assert!(run.status.success(), "{run:?}");
}

#[test]
fn what_it_does_not_know_is_an_error() {
    for args in [&["no-such-thing"][..], &["--cured"], &["half-read", "--raw"]] {
        let run = example(args);
        assert_eq!(run.status.code(), Some(2), "{run:?}");
        assert!(!run.stderr.is_empty() && run.stdout.is_empty());
    }
}

// The page that leads here.

#[test]
fn the_page_by_symptom_links_each_program_and_nothing_that_is_not_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/which-wake-bug.md")).expect("the page is there");
    // A link stands in the text by its name; what the names lead to stands at the end.
    let (ends, text): (Vec<&str>, Vec<&str>) =
        page.lines().partition(|line| line.starts_with('[') && line.contains("]: "));
    let text = text.join("\n");
    let ends: BTreeMap<&str, &str> =
        ends.iter().filter_map(|line| line[1..].split_once("]: ")).collect();
    for (name, target) in &ends {
        assert!(text.contains(&format!("[{name}]")), "nothing in the text leads to {name}");
        assert!(root.join("docs").join(target).exists(), "{target}");
    }
    for exhibit in &EXHIBITS {
        let file = format!("../examples/gallery/{}.rs", exhibit.name.replace('-', "_"));
        assert_eq!(ends.get(exhibit.name), Some(&file.as_str()));
    }
}

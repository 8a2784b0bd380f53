//! The sequence diagram, held against what Mermaid takes.

use std::collections::{HashMap, HashSet};

use crate::kitchen::{NASTY, minute, seen};

/// Checks the lines against what these diagrams are made of, and returns the participants.
pub(crate) fn check_mermaid(text: &str) -> HashMap<&str, &str> {
    assert!(text.chars().count() < 50_000);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let mut participants = HashMap::new();
    let mut active = HashSet::new();
    for line in lines.map(|line| line.strip_prefix("    ").expect("lines are indented")) {
        if let Some(participant) = line.strip_prefix("participant ") {
            let (id, name) = participant.split_once(" as ").unwrap();
            participants.insert(id, name);
            continue;
        }
        if let Some(id) = line.strip_prefix("deactivate ") {
            assert!(active.remove(id), "{line}");
            continue;
        }
        let (who, words) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        // Outside of `#35;` and the like, these signs mean something.
        let plain = words.split('#').enumerate().map(|(part, text)| match part {
            0 => text,
            _ => text.split_once(';').unwrap_or_else(|| panic!("{line}")).1,
        });
        for text in plain {
            assert!(!text.contains(['#', ';', '<', '>', '"', '%', '{', '}', '$', '\\']), "{line}");
        }
        if let Some(over) = who.strip_prefix("Note over ") {
            assert!(over.split(',').all(|id| participants.contains_key(id)), "{line}");
            continue;
        }
        let arrow = ["-->>", "->>", "-)"].into_iter().find(|arrow| who.contains(arrow));
        let (from, to) = who.split_once(arrow.unwrap_or_else(|| panic!("{line}"))).unwrap();
        let id = to.trim_start_matches(['+', '-']);
        assert!(participants.contains_key(from) && participants.contains_key(id), "{line}");
        if to.starts_with('+') {
            assert!(active.insert(id), "{line}");
        } else if to.starts_with('-') {
            assert!(active.remove(from), "{line}");
        }
    }
    assert!(active.is_empty(), "{active:?}");
    participants
}

#[test]
fn a_mermaid_diagram_has_lanes_for_tasks_executor_reactor_and_os() {
    let text = seen("oven").to_mermaid();
    let participants = check_mermaid(&text);
    let names: HashSet<&str> = participants.values().copied().collect();
    for name in ["root", "oven (task 0)", "executor", "reactor", "OS", "other threads"] {
        assert!(names.contains(name), "{name}");
    }
    assert!(text.contains("wake, by a timer") && text.contains("Note over T0,OS: oven"));
}

#[test]
fn mermaid_never_meets_a_sign_that_means_something() {
    check_mermaid(&seen(NASTY).to_mermaid());
    check_mermaid(&seen("").to_mermaid());
}

#[test]
fn a_mermaid_diagram_of_a_long_run_has_the_end_of_it_and_says_so() {
    let text = minute().to_mermaid();
    check_mermaid(&text);
    assert!(text.contains("earlier events not shown"));
    assert!(text.chars().count() > 20_000, "it uses the room that there is");
}

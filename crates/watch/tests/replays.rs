//! The command that writes the replays of the documentation.

#[path = "../../../tests/support/example.rs"]
mod example;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    process::Command,
};

use serde_json::Value;

#[test]
fn the_table_who_wakes_the_ladder_and_each_hang_wrong_and_cured_have_a_replay() {
    let folder = env::temp_dir().join(format!("pizzaiolo-replays-{}", std::process::id()));
    let output = Command::new(example::binary("replays")).arg(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let index = fs::read_to_string(folder.join("index.html")).unwrap();
    let links: Vec<_> =
        index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    // The waker that is no `Send` does not compile when it is wrong: it has no run.
    assert_eq!(links.len(), 2 + 2 * 10 + 5, "{links:?}");
    for link in links {
        let page = fs::read_to_string(folder.join(link)).unwrap();
        assert!(page.trim_end().ends_with("</html>"), "{link} is whole");
        assert!(!page.contains("\"events\":[]"), "{link} has events");
    }
    let table = fs::read_to_string(folder.join("table.html")).unwrap();
    for mark in ["T1 A connects", "T7 data from B"] {
        assert!(table.contains(mark), "{mark}");
    }
    for step in [5, 7, 8, 10, 11] {
        let page = fs::read_to_string(folder.join(format!("ladder-{step}.html"))).unwrap();
        check_run_of_ladder(step, &page);
    }
    fs::remove_dir_all(folder).unwrap();
}

/// Each poll of a future but the first comes of a wake since the last one, and nothing sleeps while a
/// future is ready.
fn check_run_of_ladder(step: u32, page: &str) {
    let run = page.split_once("id=\"run\">").unwrap().1.split_once("</script>").unwrap().0;
    let run: Value = serde_json::from_str(run).unwrap();
    let (mut ready, mut known) = (BTreeSet::new(), BTreeSet::new());
    let mut counts = BTreeMap::new();
    for event in run["events"].as_array().unwrap() {
        let (word, task) = (event[1].as_str().unwrap(), event[2].as_i64().unwrap());
        *counts.entry(word).or_insert(0) += 1;
        match word {
            "spawned" | "woken" => drop(ready.insert(task)),
            "poll" => {
                assert!(ready.remove(&task) || !known.contains(&task), "step {step}: {event}");
                known.insert(task);
            }
            "parked" if event[3].is_null() => assert!(ready.is_empty(), "step {step}: {event}"),
            _ => {}
        }
    }
    let futures = run["tasks"].as_array().unwrap().len();
    let server = usize::from(step >= 10);
    assert_eq!(futures, if step == 7 { 1 } else { 2 + server }, "step {step}");
    for word in ["pending", "woken", "parked", "unparked", "ready"] {
        assert!(counts.get(word).is_some_and(|count| *count > 0), "step {step}: {counts:?}");
    }
    assert!(
        run["files"].as_object().unwrap().keys().all(|key| key.starts_with("examples/ladder/"))
    );
}

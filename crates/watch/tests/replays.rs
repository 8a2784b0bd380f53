//! The command that writes the replays of the documentation.

#[path = "../../../tests/support/example.rs"]
mod example;

use std::{env, fs, process::Command};

#[test]
fn the_table_and_who_wakes_and_each_hang_wrong_and_cured_have_a_replay() {
    let folder = env::temp_dir().join(format!("pizzaiolo-replays-{}", std::process::id()));
    let output = Command::new(example::binary("replays")).arg(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let index = fs::read_to_string(folder.join("index.html")).unwrap();
    let links: Vec<_> =
        index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    // The waker that is no `Send` does not compile when it is wrong: it has no run.
    assert_eq!(links.len(), 2 + 2 * 10, "{links:?}");
    for link in links {
        let page = fs::read_to_string(folder.join(link)).unwrap();
        assert!(page.trim_end().ends_with("</html>"), "{link} is whole");
        assert!(!page.contains("\"events\":[]"), "{link} has events");
    }
    let table = fs::read_to_string(folder.join("table.html")).unwrap();
    for mark in ["T1 A connects", "T7 data from B"] {
        assert!(table.contains(mark), "{mark}");
    }
    fs::remove_dir_all(folder).unwrap();
}

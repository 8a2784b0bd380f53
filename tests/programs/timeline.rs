//! The original's table T1 to T7, made again by the real pizza server and two real clients: the
//! order of events is checked, and the pictures of this very run can be written to `docs/`:
//!
//! ```text
//! PIZZAIOLO_PICTURES=$PWD/docs cargo test --test programs -- the_table
//! ```

use std::{collections::BTreeMap, path::Path};

use crate::support::prelude::*;

use crate::table;

#[test]
fn the_table_of_the_original_is_what_happens() {
    let pictures = std::env::var_os("PIZZAIOLO_PICTURES");
    let pause = if pictures.is_some() { Duration::from_millis(40) } else { Duration::ZERO };
    let (timeline, names) = table::run(pause);
    let events = timeline.events();
    table::mark(&timeline, &names);
    if let Some(folder) = pictures {
        for (name, picture) in [
            ("timeline.svg", timeline.to_svg()),
            ("timeline.mmd", timeline.to_mermaid()),
            ("timeline.json", timeline.to_chrome_trace()),
            ("timeline.html", timeline.to_html()),
        ] {
            std::fs::write(Path::new(&folder).join(name), picture).unwrap();
        }
        let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
        // The server's file, as seen from here.
        let story = lines.join("\n").replace("tests/programs/../../", "") + "\n";
        std::fs::write(Path::new(&folder).join("timeline.txt"), story).unwrap();
        show(Path::new(&folder));
    }
}

/// Puts the pictures that are text into the page that shows them.
fn show(folder: &Path) {
    let file = folder.join("watching.md");
    let mut page = std::fs::read_to_string(&file).unwrap();
    for (language, picture) in [("text", "timeline.txt"), ("mermaid", "timeline.mmd")] {
        let picture = std::fs::read_to_string(folder.join(picture)).unwrap();
        let (before, rest) = page.split_once(&format!("```{language}\n")).expect("it is shown");
        let (_, after) = rest.split_once("```\n").expect("the block has an end");
        page = format!("{before}```{language}\n{picture}```\n{after}");
    }
    std::fs::write(file, page).unwrap();
}

/// What happened to each task, line by line. What the executor did by itself is left out: how often
/// it sleeps depends on how fast the clients are.
fn stories<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, Vec<String>> {
    let mut stories = BTreeMap::<String, Vec<String>>::new();
    for line in lines.filter(|line| !line.starts_with("executor: ")) {
        let (who, what) = line.split_once(": ").expect("a task, and what happened to it");
        // Each run has other ports.
        let mut parts = what.split("127.0.0.1:");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain += "127.0.0.1:PORT";
            plain += part.trim_start_matches(|sign: char| sign.is_ascii_digit());
        }
        stories.entry(who.to_owned()).or_default().push(plain);
    }
    stories
}

#[test]
fn the_pictures_in_the_docs_are_of_the_server_as_it_is() {
    let shown = include_str!("../../docs/timeline.txt");
    let (timeline, _) = table::run(Duration::ZERO);
    let events = timeline.events();
    let lines = events.iter().map(|event| event.to_string().replace("tests/programs/../../", ""));
    let lines: Vec<_> = lines.collect();
    assert_eq!(stories(lines.iter().map(String::as_str)), stories(shown.lines()));
    // The other pictures are of the same run: they have the same ports.
    let tasks =
        shown.lines().filter_map(|line| line.split_once("spawned as \"")?.1.split('"').next());
    for task in tasks {
        assert!(include_str!("../../docs/timeline.svg").contains(task), "{task}");
        assert!(include_str!("../../docs/timeline.mmd").contains(task), "{task}");
        assert!(include_str!("../../docs/timeline.json").contains(task), "{task}");
    }
}

#[test]
fn the_docs_show_the_pictures_that_were_written() {
    let page = include_str!("../../docs/watching.md");
    assert!(page.contains(include_str!("../../docs/timeline.txt")));
    assert!(page.contains(include_str!("../../docs/timeline.mmd")));
    assert!(page.contains("](timeline.svg)") && page.contains("](timeline.json)"));
}

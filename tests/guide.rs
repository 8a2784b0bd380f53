//! What the guide shows of programs, it has from them: lines of the ladder's, and the picture of who
//! wakes whom.

#[path = "../examples/who_wakes.rs"]
#[expect(dead_code, reason = "its command line")]
mod who_wakes;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use roxmltree::Document;

/// The excerpts of a chapter: what stands between "```rust,ignore" and "```".
fn excerpts(chapter: &str) -> Vec<Vec<&str>> {
    let mut excerpts = Vec::new();
    let mut lines = chapter.lines();
    while lines.any(|line| line == "```rust,ignore") {
        excerpts.push(lines.by_ref().take_while(|line| *line != "```").collect());
    }
    excerpts
}

#[test]
fn every_excerpt_of_a_chapter_stands_in_the_program_of_its_step() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut steps = 0;
    for file in fs::read_dir(root.join("examples/ladder")).expect("the ladder") {
        let program = file.expect("a file").path();
        if program.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let name = program.file_stem().expect("a name").to_str().expect("UTF-8");
        let chapter = root.join("src/guide").join(name).with_extension("md");
        let chapter = fs::read_to_string(&chapter)
            .unwrap_or_else(|error| panic!("no chapter {}: {error}", chapter.display()));
        let program = fs::read_to_string(&program).expect("the program");
        let program: Vec<_> = program.lines().collect();
        for excerpt in excerpts(&chapter) {
            let found = program.windows(excerpt.len()).any(|lines| lines == excerpt);
            assert!(found, "{name} has no such lines:\n{}", excerpt.join("\n"));
        }
        steps += 1;
    }
    assert_eq!(steps, 8);
}

/// Who is woken in a picture, and by whom. The future of `block_on` is left out: when it looks for
/// the end of a task that has ended already, it need not be woken.
fn wakes(svg: &str) -> BTreeMap<String, BTreeSet<String>> {
    let picture = Document::parse(svg).expect("a picture");
    let mut wakes = BTreeMap::<_, BTreeSet<_>>::new();
    for title in picture.descendants().filter(|node| node.has_tag_name("title")) {
        let Some((who, by)) = title.text().and_then(|text| text.split_once(" is woken by ")) else {
            continue;
        };
        // The port is another one in each run.
        let by = by.split_once(" (tcp").map_or(by, |(socket, _)| socket);
        if who != "root" {
            wakes.entry(who.to_owned()).or_default().insert(by.to_owned());
        }
    }
    wakes
}

#[test]
fn the_picture_of_who_wakes_whom_is_that_of_its_program() {
    let picture = wakes(include_str!("../docs/who_wakes.svg"));
    let expected = [
        ("socket, task 0", &["socket 0"][..]),
        ("join, task 1", &["socket, task 0"]),
        ("channel, task 2", &["timer, task 3"]),
        ("timer, task 3", &["a timer", "timer, task 3"]),
        ("thread, task 4", &["another thread"]),
    ];
    let expected = expected.map(|(who, by)| {
        (who.to_owned(), by.iter().map(|&by| by.to_owned()).collect::<BTreeSet<_>>())
    });
    assert_eq!(picture, BTreeMap::from(expected));
    let run = who_wakes::run().expect("sockets");
    let mut run = wakes(&run.to_svg());
    // On a machine that stands still for as long as the timer, its time has passed before it is set.
    run.entry("timer, task 3".to_owned()).or_default().insert("a timer".to_owned());
    assert_eq!(run, picture);
}

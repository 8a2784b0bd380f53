//! What the guide shows of the ladder's programs, it has from them.

use std::{fs, path::Path};

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
        // Not the program that lists them, and not what stands beside a step.
        if !name.starts_with("step") || name == "step7_by_hand" {
            continue;
        }
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
    assert_eq!(steps, 11);
}

//! What the guide says of the programs of the ladder and of the source is true: its excerpts, its
//! chapters and its tour.

use std::{fs, ops::RangeInclusive, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the steps, in any order.
fn steps() -> Vec<String> {
    let files = fs::read_dir(root().join("examples/ladder")).expect("the ladder");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
    let names = names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned));
    // Not the program that lists them, and not what belongs to a step.
    let is_step = |name: &String| name.starts_with("step") && name != "step7_by_hand";
    let steps: Vec<_> = names.filter(is_step).collect();
    assert_eq!(steps.len(), 11);
    steps
}

/// The name of a step's chapter: its number has two digits.
fn chapter(step: &str) -> String {
    let (number, rest) = step["step".len()..].split_once('_').expect("a number and a name");
    format!("step{number:0>2}_{rest}")
}

/// The excerpts of a chapter: the lines between "```rust,ignore" and "```".
fn excerpts(chapter: &str) -> Vec<Vec<&str>> {
    let mut excerpts = Vec::new();
    let mut lines = chapter.lines();
    while lines.any(|line| line == "```rust,ignore") {
        excerpts.push(lines.by_ref().take_while(|line| *line != "```").collect());
    }
    excerpts
}

#[test]
fn every_excerpt_of_a_chapter_is_in_the_program_of_its_step() {
    for name in steps() {
        let chapter = read(&format!("src/guide/{}.md", chapter(&name)));
        let program = read(&format!("examples/ladder/{name}.rs"));
        let program: Vec<_> = program.lines().collect();
        for excerpt in excerpts(&chapter) {
            let found = program.windows(excerpt.len()).any(|lines| lines == excerpt);
            assert!(found, "{name} has no such lines:\n{}", excerpt.join("\n"));
        }
    }
}

/// The minutes of each step, as the guide's first page says.
fn minutes() -> Vec<(String, usize)> {
    let page = read("src/guide.rs");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | [")?.split_once("](step"));
    let rows = rows.map(|(_, rest)| {
        let (name, rest) = rest.split_once(") | ").expect("a link to a step");
        let minutes = rest.split(' ').next().expect("its minutes");
        (format!("step{name}"), minutes.parse().expect("a number"))
    });
    rows.collect()
}

#[test]
fn every_chapter_has_its_minutes_a_goal_a_prediction_with_an_answer_and_something_to_try() {
    let minutes = minutes();
    assert_eq!(minutes.len(), 11);
    for (name, minutes) in &minutes {
        let chapter = read(&format!("src/guide/{name}.md"));
        let goal = format!("*About {minutes} minutes. After this step you ");
        let answer = "<details><summary>Answer</summary>\n\n";
        for part in [&*goal, "# What is new", "# Predict", answer, "# Try it", "# What is still"] {
            assert!(chapter.contains(part), "{name} has no {part:?}");
        }
    }
    let total: usize = minutes.iter().map(|(_, minutes)| minutes).sum();
    assert!((210..=270).contains(&total), "{total} minutes are not about four hours");
}

#[test]
fn the_files_that_step_11_names_are_there() {
    let chapter = read("src/guide/step11_crate.md");
    let is_rust = |word: &&str| Path::new(word).extension().is_some_and(|it| it == "rs");
    let named: Vec<_> = chapter.split('`').filter(is_rust).collect();
    assert!(named.len() > 15, "{named:?}");
    for file in named {
        assert!(root().join("src").join(file).is_file(), "{file} is not there");
    }
}

/// The lines of a function, with its comment and attributes.
fn lines_of(source: &str, name: &str) -> Option<usize> {
    let lines: Vec<_> = source.lines().collect();
    let is_it = |line: &&str| {
        let rest = line.split_once(&format!("fn {name}")).map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    let first = lines.iter().position(is_it)?;
    let indent = lines[first].len() - lines[first].trim_start().len();
    let end = format!("{:indent$}}}", "");
    let body = lines[first..].iter().position(|line| *line == end)?;
    let belongs = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[")
    };
    let above = lines[..first].iter().rev().take_while(belongs).count();
    Some(above + body + 1)
}

/// The functions of the tour: each has a name and the file that its link opens.
fn tour() -> Vec<(String, String)> {
    let page = read("src/guide/step12_tour.md");
    let rows =
        page.lines().filter_map(|line| line.strip_prefix("| [`")?.split_once("`](../../../"));
    let functions = rows.map(|(name, rest)| {
        let file = rest.split(".html)").next().expect("a link");
        (name.to_owned(), file.replace("src/pizzaiolo/", "src/"))
    });
    functions.collect()
}

/// How many lines the tour has, "about".
const TOUR: RangeInclusive<usize> = 570..=670;

#[test]
fn the_tour_leads_to_functions_that_are_there_and_has_as_many_lines_as_it_says() {
    let tour = tour();
    assert!(tour.len() > 30, "{tour:?}");
    let mut total = 0;
    for (name, file) in &tour {
        let function = name.rsplit("::").next().expect("a name");
        let lines = lines_of(&read(file), function);
        total += lines.unwrap_or_else(|| panic!("{file} has no {name}"));
    }
    assert!(read("src/guide/step12_tour.md").contains("about 620 lines"));
    assert!(TOUR.contains(&total), "the tour has {total} lines");
}

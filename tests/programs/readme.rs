//! What the pages say of this repository is so: their links lead somewhere, the table of the source is
//! whole, and what the README shows is what its commands show.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::support::prelude::*;

const README: &str = include_str!("../../README.md");

/// The page with the tables of the source.
const READING: &str = include_str!("../../docs/reading.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the links of a text lead: those to files, without what comes after `#`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|link| link.split(')').next());
    let links = links.filter_map(|link| link.split('#').next());
    links.filter(|link| !link.is_empty() && !link.contains("://"))
}

/// The Rust files at a path and below it.
fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        return entries.flat_map(|entry| rust_files(&entry)).collect();
    }
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    is_rust.then(|| path.to_owned()).into_iter().collect()
}

#[test]
fn every_link_of_a_page_leads_to_a_file_of_the_repository() {
    let pages = [
        "README.md",
        "CONTRIBUTING.md",
        "docs/compatibility.md",
        "docs/reading.md",
        "docs/teaching.md",
        "docs/testing.md",
        "docs/under-fire.md",
        "docs/watching.md",
        "docs/what-works.md",
        "examples/ladder/README.md",
        "examples/exercises/README.md",
        "examples/pizza-server/README.md",
        "benches/README.md",
    ];
    let mut found = 0;
    for page in pages {
        let page = root().join(page);
        for link in links(&fs::read_to_string(&page).unwrap()) {
            let there = page.parent().unwrap().join(link);
            assert!(there.exists(), "{} has a link to {link}", page.display());
            found += 1;
        }
    }
    assert!(found > 50, "only {found} links were found");
}

/// The registry shows the README too, and puts the repository's address before each relative link.
#[test]
fn the_links_of_the_readme_lead_downwards_from_the_root() {
    for link in links(README) {
        let is_below = !link.starts_with('/') && link.split('/').all(|part| part != "..");
        assert!(is_below, "{link} leads elsewhere on the registry's page");
    }
}

#[test]
fn the_first_step_is_one_click_away() {
    assert!(links(README).any(|link| link == "examples/ladder/step1_blocking.rs"));
}

/// The rows of the two tables of the source: the files, and how many lines they are said to have.
fn source_rows() -> Vec<(Vec<PathBuf>, usize)> {
    let mut rows = Vec::new();
    for table in READING.split("lines, about |\n|---|---|---|\n").skip(1) {
        for row in table.lines().take_while(|line| line.starts_with('|')) {
            let from_root = |link: &'static str| link.strip_prefix("../").expect("outside of docs");
            let files = links(row).map(from_root).flat_map(|link| rust_files(&root().join(link)));
            let lines = row.trim_end_matches('|').rsplit('|').next().unwrap();
            rows.push((files.collect(), lines.trim().parse().expect("a number of lines")));
        }
    }
    rows
}

#[test]
fn the_table_of_the_source_has_each_file_once() {
    let guide = root().join("src/guide.rs");
    let all: BTreeSet<_> =
        rust_files(&root().join("src")).into_iter().filter(|file| *file != guide).collect();
    let listed: Vec<_> = source_rows().into_iter().flat_map(|(files, _)| files).collect();
    let set: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(set, all);
    assert_eq!(listed.len(), set.len(), "one is there twice: {listed:?}");
}

#[test]
fn the_table_of_the_source_has_the_number_of_lines_within_a_tenth() {
    for (files, about) in source_rows() {
        let count = |file| fs::read_to_string(file).unwrap().lines().count();
        let lines: usize = files.iter().map(count).sum();
        let tolerated = (lines / 10).max(10);
        assert!(lines.abs_diff(about) <= tolerated, "{lines} lines, not {about}: {files:?}");
    }
}

/// The source of a test program: of its file, or of its folder.
fn test_program(name: &str) -> String {
    let folders = ["tests", "crates/extras/tests"].map(|folder| root().join(folder));
    let places = folders.iter().flat_map(|it| [it.join(name), it.join(format!("{name}.rs"))]);
    let files: Vec<_> = places.filter(|it| it.exists()).flat_map(|it| rust_files(&it)).collect();
    assert!(!files.is_empty(), "there is no test program {name}");
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn each_test_that_the_page_of_misbehaving_clients_names_is_there() {
    let page = fs::read_to_string(root().join("docs/under-fire.md")).unwrap();
    let mut found = 0;
    for command in page.split("cargo test ").skip(1) {
        let words: Vec<_> = command.split('`').next().unwrap().split_whitespace().collect();
        let words: Vec<_> = words.into_iter().skip_while(|word| *word != "--test").collect();
        let ["--test", program, filters @ ..] = &words[..] else { continue };
        let source = test_program(program);
        for filter in filters.iter().filter(|filter| !filter.starts_with("--")) {
            let is_named = |keyword: &str| {
                source.split(keyword).skip(1).any(|rest| {
                    rest.split(['(', ';', ' ']).next().is_some_and(|name| name.contains(filter))
                })
            };
            assert!(is_named("fn ") || is_named("mod "), "{program} has no test {filter}");
        }
        found += 1;
    }
    assert!(found > 10, "only {found} commands");
}

/// What the README shows of a command, line by line.
fn shown(command: &str) -> Vec<&'static str> {
    let lines = README.lines().skip_while(|line| line.strip_prefix("$ ") != Some(command));
    lines.skip(1).take_while(|line| *line != "```").collect()
}

/// A process that is killed at the end of the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The pizza server, which `cargo test` has built, the lines that it has said first, and where it
/// listens.
fn serve(lines: usize) -> (Process, Vec<String>, String) {
    let mut command = Command::new(crate::support::example::binary("pizza-server"));
    command.arg("127.0.0.1:0").env_remove("RUST_LOG").env_remove("RUST_LOG_STYLE");
    let mut process = Process(command.stderr(Stdio::piped()).spawn().expect("the server starts"));
    let stderr = BufReader::new(process.0.stderr.take().expect("it is piped"));
    let said: Vec<_> = stderr.lines().take(lines).map(|line| line.expect("a line")).collect();
    let addr = said.iter().find_map(|line| line.split("Starting up on: ").nth(1));
    let addr = addr.expect("it says where").to_owned();
    (process, said, addr)
}

#[test]
fn the_pizza_server_says_what_the_readme_shows() {
    let shown = shown("cargo run --release --example pizza-server");
    let (_server, said, addr) = serve(shown.len());
    // The port is another one, and how many files may be open is for each machine to say.
    let plain = |line: &str| {
        let line = line.replace(&addr, "127.0.0.1:12345");
        let words = line.split(' ').map(|word| match word.parse::<u64>() {
            Ok(_) => "N",
            Err(_) => word,
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let said: Vec<_> = said.iter().map(|line| plain(line)).collect();
    let shown: Vec<_> = shown.into_iter().map(plain).collect();
    assert_eq!(said, shown);
}

#[test]
fn an_order_is_answered_as_the_readme_shows() {
    let (_server, _, addr) = serve(3);
    let mut guest = TcpStream::connect(addr).unwrap();
    guest.set_read_timeout(Some(crate::support::BOUND)).unwrap();
    let mut replies = BufReader::new(guest.try_clone().unwrap());
    let conversation = shown("nc 127.0.0.1 12345");
    assert_eq!(conversation.len(), 4, "two orders and two replies");
    for order_and_reply in conversation.chunks(2) {
        guest.write_all(format!("{}\n", order_and_reply[0]).as_bytes()).unwrap();
        let mut reply = String::new();
        replies.read_line(&mut reply).unwrap();
        assert_eq!(reply.trim_end(), order_and_reply[1]);
    }
}

#[test]
fn the_functions_of_the_first_reading_are_where_the_page_says() {
    let table = READING.split("| step | functions").nth(1).expect("the table");
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let mut found = 0;
    for link in rows.flat_map(|row| row.split("[`").skip(1)) {
        let (function, rest) = link.split_once("`](../").expect("a link");
        let file = rest.split(')').next().expect("a file");
        let text = fs::read_to_string(root().join(file)).unwrap();
        let is_there = [format!("fn {function}("), format!("fn {function}<")];
        assert!(is_there.iter().any(|it| text.contains(it)), "{file} has no {function}");
        found += 1;
    }
    assert!(found > 15, "only {found} functions");
}

//! `docs/compatibility.md` says what was tried: its versions, and its commands.

use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = include_str!("../../../docs/compatibility.md");
const LOCK: &str = include_str!("../../../Cargo.lock");

/// A row of a table: what was tried, which version, and the command.
struct Row {
    crate_name: &'static str,
    version: &'static str,
    command: &'static str,
}

fn rows() -> Vec<Row> {
    let rows = PAGE.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| ")?.split(" | ").collect();
        let [what, version, command, ..] = cells[..] else { return None };
        let command = command.strip_prefix('`')?.strip_suffix('`')?;
        let crate_name = what.split(',').next()?;
        Some(Row { crate_name, version, command })
    });
    rows.collect()
}

/// The source of the tests of a package: the file's name, and what is in it.
fn tests_of(package: &str) -> Vec<(String, String)> {
    let folder = package.strip_prefix("pizzaiolo-").expect("it is a member");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("tests");
    let entries = fs::read_dir(folder).expect("it has tests").map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The names of the tests in a source.
fn names(source: &str) -> impl Iterator<Item = &str> {
    let after = source.split("#[test]\n").skip(1);
    after.filter_map(|rest| rest.trim_start().strip_prefix("fn ")?.split('(').next())
}

#[test]
fn each_version_is_in_the_lock_file() {
    let rows = rows();
    assert!(rows.len() > 35, "only {} rows were found", rows.len());
    for Row { crate_name, version, .. } in rows {
        let entry = format!("name = \"{crate_name}\"\nversion = \"{version}\"\n");
        assert!(LOCK.contains(&entry), "{crate_name} {version} is not what Cargo.lock has");
    }
    let compat = PAGE.split("`async_compat` (").nth(1).and_then(|text| text.split(')').next());
    let entry = format!("name = \"async-compat\"\nversion = \"{}\"\n", compat.unwrap_or("?"));
    assert!(LOCK.contains(&entry), "async-compat is not what Cargo.lock has");
}

#[test]
fn each_command_runs_a_test_that_there_is() {
    for Row { command, .. } in rows() {
        let words: Vec<_> = command.split(' ').collect();
        let ["cargo", "test", "-p", package, rest @ ..] = &words[..] else {
            panic!("`{command}` is no test of a package")
        };
        let (file, filter) = match rest {
            [filter] => (None, *filter),
            ["--test", file] => (Some(*file), ""),
            ["--test", file, filter] => (Some(*file), *filter),
            _ => panic!("`{command}` is not understood"),
        };
        let tests = tests_of(package);
        let files = tests.iter().filter(|(name, _)| file.is_none_or(|file| file == name));
        let found = files.flat_map(|(_, source)| names(source)).any(|name| name.contains(filter));
        assert!(found, "`{command}` runs nothing");
    }
}

#[test]
fn each_test_has_its_row() {
    let shown: BTreeSet<_> =
        rows().iter().filter_map(|row| row.command.rsplit(' ').next()).collect();
    for (file, source) in tests_of("pizzaiolo-compat") {
        if file == "page" {
            continue;
        }
        for name in names(&source) {
            assert!(shown.contains(name), "the page says nothing of {name}");
        }
    }
}

//! The lines around the places where tasks were spawned, if their files can be read here.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use super::names::array;
use crate::timeline::text::json;

/// How many lines before and after a place are shown.
const BEFORE: usize = 5;
const AFTER: usize = 12;

/// So many places have their lines at most.
const MOST_PLACES: usize = 500;

/// A larger file is none that a person has written.
const MOST_BYTES: u64 = 1 << 20;

/// The lines around each place, as a JSON object: `"FILE:LINE": [first line, [lines]]`.
pub(crate) fn excerpts<'a>(places: impl Iterator<Item = (&'a str, u32)>) -> String {
    let places: BTreeSet<_> = places.take(MOST_PLACES * 100).collect();
    let mut files = BTreeMap::new();
    let mut excerpts = Vec::new();
    for (file, line) in places.into_iter().take(MOST_PLACES) {
        let text = files.entry(file).or_insert_with(|| read(file));
        if let Some(excerpt) = text.as_deref().and_then(|text| around(text, line)) {
            excerpts.push(format!("{}:{excerpt}", json(&format!("{file}:{line}"))));
        }
    }
    format!("{{{}}}", excerpts.join(","))
}

fn around(text: &str, line: u32) -> Option<String> {
    let line = usize::try_from(line).ok()?;
    let first = line.saturating_sub(BEFORE).max(1);
    let lines: Vec<_> = text.lines().skip(first - 1).take(line + AFTER - first).collect();
    if lines.len() + first <= line {
        return None;
    }
    Some(format!("[{first},{}]", array(lines.into_iter().map(json))))
}

/// The text of a source file. The compiler names a file as it was called: from the root of its
/// workspace, most often. So it is looked for here and in the folders above.
fn read(file: &str) -> Option<String> {
    let path = Path::new(file);
    if path.extension().is_none_or(|ending| ending != "rs") {
        return None;
    }
    let bases = [env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from), env::current_dir().ok()];
    for base in bases.iter().flatten().flat_map(|base| base.ancestors().take(4)) {
        let path = base.join(path);
        let is_small = fs::metadata(&path).is_ok_and(|it| it.is_file() && it.len() <= MOST_BYTES);
        if is_small {
            if let Ok(text) = fs::read_to_string(path) {
                return Some(text);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_has_the_line_and_those_around_it() {
        let lines: Vec<String> = (1..=40).map(|line| format!("line {line}")).collect();
        let text = lines.join("\n");
        let excerpt = around(&text, 20).unwrap();
        assert!(excerpt.starts_with(r#"[15,["line 15""#), "{excerpt}");
        assert!(excerpt.ends_with(r#""line 31"]]"#), "{excerpt}");
        assert!(around(&text, 2).unwrap().starts_with(r#"[1,["line 1""#));
        assert!(around(&text, 40).unwrap().ends_with(r#""line 40"]]"#));
        assert_eq!(around(&text, 41), None);
    }

    #[test]
    fn the_source_of_this_test_is_found_and_what_is_no_source_is_not_read() {
        assert!(read(file!()).is_some_and(|text| text.contains("the_source_of_this_test")));
        assert_eq!(read("Cargo.toml"), None);
        assert_eq!(read("no/such/file.rs"), None);
    }
}

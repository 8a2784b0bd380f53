//! The order of the layers, as `docs/reading.md` has it: each file imports only what is below it, and no
//! files import each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// From the top down. A file imports files of its own layer, and of those below it; the two halves
/// are beside each other, and neither imports the other.
const LAYERS: [&[&str]; 5] = [
    &["lib.rs", "task.rs", "runtime/"],
    &["net/", "time/", "async_io", "yield_now.rs"],
    &["executor/", "reactor/"],
    &["current.rs"],
    &["trace/", "slab.rs", "id.rs", "clock.rs", "sync.rs", "table.rs", "user_code.rs"],
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files of `src` but the guide, with their code: no comments, and no tests.
fn files() -> BTreeMap<String, String> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![src()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name =
                path.strip_prefix(src()).expect("in src").to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs")
                && !name.starts_with("guide")
                && !name.ends_with("model.rs")
            {
                let text = fs::read_to_string(path).expect("a text");
                let text = text.split("\n#[cfg(all(test").next().expect("the code");
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                files.insert(name, code.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    files
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expand(path: &str) -> Vec<String> {
    let Some(open) = path.find('{') else {
        return vec![path.split(" as ").next().expect("a path").trim().to_owned()];
    };
    let (head, tail) = (&path[..open], &path[open + 1..]);
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for char in tail.chars() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
        if char == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(char);
        }
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| expand(&format!("{head}{part}"))).collect()
}

/// The module that a file is, as a path from the crate's root.
fn module(file: &str) -> Vec<&str> {
    let file = file.trim_end_matches(".rs");
    let file = file.strip_suffix("/mod").unwrap_or(file);
    if file == "lib" { Vec::new() } else { file.split('/').collect() }
}

/// The file that a path from the crate's root leads to: that of the deepest module in it; or, if the
/// module only passes the name on, the file that defines it.
fn target(path: &[&str], files: &BTreeMap<String, String>) -> Option<String> {
    for depth in (0..=path.len()).rev() {
        let name = path[..depth].join("/");
        let file = [format!("{name}.rs"), format!("{name}/mod.rs")];
        let root = (depth == 0).then(|| "lib.rs".to_owned());
        let Some(file) = file.into_iter().chain(root).find(|file| files.contains_key(file)) else {
            continue;
        };
        let Some(item) = path.get(depth) else { return Some(file) };
        let defines = |code: &str| {
            ["struct", "enum", "trait", "type", "fn", "const", "static"]
                .iter()
                .any(|kind| code.contains(&format!("{kind} {item}")))
                || code.contains(&format!("macro_rules! {item}"))
        };
        if defines(&files[&file]) {
            return Some(file);
        }
        let below = files.iter().find(|(other, code)| {
            (name.is_empty() || other.starts_with(&format!("{name}/"))) && defines(code)
        });
        return Some(below.map_or(file, |(other, _)| other.clone()));
    }
    None
}

/// Which files each file imports.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let files = files();
    let mut all = BTreeMap::new();
    for (file, code) in &files {
        let mut imported = BTreeSet::new();
        let here = module(file);
        // What a file only passes on, it does not import.
        let code: String = code
            .split_inclusive(';')
            .filter(|it| !it.contains("pub(crate) use ") && !it.contains("pub use "))
            .collect();
        let uses = code.split("use ").skip(1).map(|rest| rest.split(';').next().expect("one"));
        let paths = uses.flat_map(expand).chain(inline_paths(&code));
        // The stand-ins of the model checker are in no build.
        for path in paths.filter(|path| !path.contains("model")) {
            let mut path: Vec<&str> = path.split("::").map(str::trim).collect();
            let mut base = match path[0] {
                "crate" => Vec::new(),
                "super" => here[..here.len().saturating_sub(1)].to_vec(),
                "self" => here.clone(),
                _ => continue,
            };
            path.remove(0);
            while path.first() == Some(&"super") {
                base.pop();
                path.remove(0);
            }
            base.extend(path);
            if let Some(target) = target(&base, &files).filter(|target| target != file) {
                imported.insert(target);
            }
        }
        all.insert(file.clone(), imported);
    }
    all
}

/// Paths that are written out where they are used.
fn inline_paths(code: &str) -> Vec<String> {
    let rests = code.split("crate::").skip(1).filter(|rest| !rest.starts_with('{'));
    let paths = rests.map(|rest| {
        let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_' && char != ':');
        format!("crate::{}", rest[..end.unwrap_or(rest.len())].trim_end_matches(':'))
    });
    paths.collect()
}

fn layer(file: &str) -> (usize, &'static str) {
    let found = LAYERS.iter().enumerate().find_map(|(depth, names)| {
        names.iter().find(|name| file.starts_with(**name)).map(|name| (depth, *name))
    });
    found.unwrap_or_else(|| panic!("{file} is in no layer"))
}

#[test]
fn each_file_imports_only_what_is_in_its_layer_or_below() {
    for (file, imported) in imports() {
        let (depth, part) = layer(&file);
        for other in imported {
            let (other_depth, other_part) = layer(&other);
            assert!(other_depth >= depth, "{file} imports {other}, which is above it");
            let halves = ["executor/", "reactor/"];
            assert!(
                part == other_part || !(halves.contains(&part) && halves.contains(&other_part)),
                "{file} imports {other}, the other half"
            );
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = imports();
    // Take away what imports nothing that is left, until nothing is left: or a circle.
    loop {
        let leaves: Vec<_> =
            imports.iter().filter(|(_, to)| to.is_empty()).map(|(file, _)| file.clone()).collect();
        if leaves.is_empty() {
            break;
        }
        for leaf in leaves {
            imports.remove(&leaf);
            for to in imports.values_mut() {
                to.remove(&leaf);
            }
        }
    }
    assert!(imports.is_empty(), "these import each other, or what does: {imports:#?}");
}

/// An `impl` block in a file above the type's own would close a circle if the type's file called it.
#[test]
fn no_file_calls_a_method_that_a_file_above_it_defines() {
    let files = files();
    for (file, code) in &files {
        for block in code.split("\nimpl").skip(1) {
            let head = block.split('{').next().expect("a head");
            if head.contains(" for ") {
                continue;
            }
            let name: String = head
                .rsplit_once("> ")
                .map_or(head, |(_, name)| name)
                .trim()
                .chars()
                .take_while(|char| char.is_alphanumeric())
                .collect();
            let own = [format!("struct {name}"), format!("enum {name}")];
            if name.is_empty() || own.iter().any(|own| code.contains(own)) {
                continue;
            }
            let body = block.split("\n}").next().expect("a body");
            for method in body.split("fn ").skip(1) {
                let method = method.split(['(', '<']).next().expect("a name");
                for (other, code) in &files {
                    if own.iter().any(|own| code.contains(own)) && other != file {
                        let call = format!(".{method}(");
                        assert!(!code.contains(&call), "{other} calls {call}) of {file}");
                    }
                }
            }
        }
    }
}

//! Makes a module of each wrong solution: the solution of its exercise, changed as its `.diff`
//! says.

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs this"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo runs this"));
    let root = here.ancestors().nth(3).expect("the root");
    let exercises = root.join("examples/exercises");
    println!("cargo::rerun-if-changed={}", exercises.join("wrong").display());
    println!("cargo::rerun-if-changed={}", exercises.join("solutions").display());
    let files = fs::read_dir(exercises.join("wrong")).expect("the wrong solutions").flatten();
    let mut diffs: Vec<_> = files.map(|file| file.path()).filter(|path| is_diff(path)).collect();
    diffs.sort();
    let mut modules = String::new();
    for diff in diffs {
        let name = diff.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let wrong = wrong(&exercises, &name, &fs::read_to_string(&diff).expect("the diff"));
        let file = out.join(&name).with_extension("rs");
        fs::write(&file, wrong).expect("the wrong solution is written");
        writeln!(modules, "#[path = r\"{}\"]\nmod {name};", file.display())
            .expect("a string grows");
    }
    fs::write(out.join("modules.rs"), modules).expect("the list is written");
}

fn is_diff(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "diff")
}

/// The text of a wrong solution. Its tests are those of the exercise.
fn wrong(exercises: &Path, name: &str, diff: &str) -> String {
    let exercise = exercise(&exercises.join("solutions"), name);
    let mut text = fs::read_to_string(&exercise).expect("the solution");
    for hunk in diff.split("@@\n").skip(1) {
        let [old, new] = ["-", "+"].map(|sign| side(hunk, sign));
        assert_eq!(
            text.matches(&old).count(),
            1,
            "{name}: these lines must stand once in the solution:\n{old}"
        );
        text = text.replace(&old, &new);
    }
    text.replace("#[path = \"../", &format!("#[path = r\"{}/", exercises.display()))
}

/// The solution that a wrong one differs from: the first two parts of the name, as in `ex02_…`.
fn exercise(solutions: &Path, name: &str) -> PathBuf {
    let number = name.split('_').next().expect("a number");
    let files = fs::read_dir(solutions).expect("the solutions").flatten();
    let mut files = files.map(|file| file.path());
    let is_it = |path: &PathBuf| path.file_name().is_some_and(|file| starts(file, number));
    files.find(is_it).unwrap_or_else(|| panic!("there is no exercise {number}"))
}

fn starts(file: &std::ffi::OsStr, number: &str) -> bool {
    file.to_str().is_some_and(|file| file.starts_with(&format!("{number}_")))
}

/// One side of a hunk: the lines of both sides, and those with its sign.
fn side(hunk: &str, sign: &str) -> String {
    let of_both = |line: &&str| line.is_empty() || line.starts_with(' ') || line.starts_with(sign);
    let lines = hunk.lines().filter(of_both);
    lines.flat_map(|line| [line.get(1..).unwrap_or_default(), "\n"]).collect()
}

//! Makes a module of each wrong solution: the solution of its exercise, changed by its `.diff`. Also
//! makes runtimes for the probes: one of the solutions of exercises 11 to 17, and one with each wrong
//! solution whose `.diff` names a probe.

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
    println!("cargo::rerun-if-changed={}", exercises.join("judge").display());
    let files = fs::read_dir(exercises.join("wrong")).expect("the wrong solutions").flatten();
    let mut diffs: Vec<_> = files.map(|file| file.path()).filter(|path| is_diff(path)).collect();
    diffs.sort();
    let (mut modules, mut runtimes) = (String::new(), Runtimes::new(&exercises, &out));
    for diff in diffs {
        let name = diff.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let diff = fs::read_to_string(&diff).expect("the diff");
        let wrong = wrong(&exercises, &name, &diff);
        runtimes.add_wrong(&name, &diff, &wrong);
        let file = out.join(&name).with_extension("rs");
        fs::write(&file, wrong).expect("the wrong solution is written");
        writeln!(modules, "#[path = r\"{}\"]\nmod {name};", file.display())
            .expect("a string grows");
    }
    fs::write(out.join("modules.rs"), modules).expect("the list is written");
    fs::write(out.join("judged.rs"), runtimes.text()).expect("the list is written");
}

/// The files of a runtime: those that exercises 12 to 17 use, and the adapter.
const FILES: [&str; 11] = [
    "solutions/ex04_select",
    "solutions/ex07_oneshot",
    "solutions/ex11_unparker",
    "solutions/ex12_spawn",
    "solutions/ex13_join",
    "solutions/ex14_threads",
    "solutions/ex15_abort",
    "solutions/ex16_timers",
    "solutions/ex17_reactor",
    "judge/adapter",
    "judge/sockets",
];

/// Runtimes for the probes. Each is a module with all of its files.
struct Runtimes<'a> {
    exercises: &'a Path,
    out: &'a Path,
    modules: String,
    wrong: String,
}

impl<'a> Runtimes<'a> {
    fn new(exercises: &'a Path, out: &'a Path) -> Runtimes<'a> {
        let mut runtimes =
            Runtimes { exercises, out, modules: String::new(), wrong: String::new() };
        runtimes.add("right", "", "");
        runtimes
    }

    /// Adds a wrong solution, if its diff names probes.
    fn add_wrong(&mut self, name: &str, diff: &str, text: &str) {
        let head = diff.lines().take_while(|line| *line != "@@");
        let probes: Vec<_> = head.filter_map(|line| line.strip_prefix("probe: ")).collect();
        if probes.is_empty() {
            return;
        }
        let (exercise, _) = name.split_once('_').expect("a number");
        self.add(name, exercise, text);
        let (number, stage) =
            (&exercise[2..], format!("{name}::adapter::Stage({})", &exercise[2..]));
        writeln!(
            self.wrong,
            "Wrong {{ name: {name:?}, exercise: {number}, probes: &{probes:?}, runtime: Box::new({stage}) }},"
        )
        .expect("a string grows");
    }

    /// Adds a runtime in which another text replaces the solution of one exercise.
    fn add(&mut self, name: &str, exercise: &str, other: &str) {
        let folder = self.out.join("judged").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        writeln!(self.modules, "mod {name} {{").expect("a string grows");
        for file in FILES {
            let path = self.exercises.join(file).with_extension("rs");
            let (_, module) = file.split_once('/').expect("a folder");
            let is_other = !exercise.is_empty() && module.starts_with(exercise);
            let text = fs::read_to_string(path).expect("a file of the runtime");
            let text = if is_other { other.to_owned() } else { text };
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let text = text.replace("crate::", &format!("crate::{name}::"));
            let file = folder.join(module).with_extension("rs");
            fs::write(&file, text).expect("it is written");
            writeln!(self.modules, "#[path = r\"{}\"]\npub(crate) mod {module};", file.display())
                .expect("a string grows");
        }
        self.modules.push_str("}\n");
    }

    fn text(&self) -> String {
        let Runtimes { modules, wrong, .. } = self;
        format!("{modules}\nfn wrong() -> Vec<Wrong> {{\n    vec![\n{wrong}]\n}}\n")
    }
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

/// One side of a hunk: the common lines, and those with the sign of this side.
fn side(hunk: &str, sign: &str) -> String {
    let of_both = |line: &&str| line.is_empty() || line.starts_with(' ') || line.starts_with(sign);
    let lines = hunk.lines().filter(of_both);
    lines.flat_map(|line| [line.get(1..).unwrap_or_default(), "\n"]).collect()
}

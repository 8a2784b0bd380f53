//! The tests: which there are, how long each takes, and which mutants it comes by.

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Result,
    compile::Program,
    options::Options,
    process::{self, Ended},
    tree::Tree,
};

/// Programs, and modules of tests, that are not run, and why.
const SKIPPED: &[(&str, &str)] = &[
    ("ladder", "its programs share nothing with the core"),
    ("layers", "it reads the source"),
    ("pizza_server", "it needs a program of another package"),
    ("plain_words", "it reads the pages"),
    ("readme", "it reads the pages"),
    ("soak", "it runs for minutes"),
];

/// One test.
#[derive(Debug)]
pub(crate) struct Test {
    /// The index of its program.
    pub(crate) program: usize,
    pub(crate) name: String,
    pub(crate) time: Duration,
    /// The numbers of the mutants whose place it comes by.
    pub(crate) reached: HashSet<usize>,
}

/// All tests that are run.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) programs: Vec<Program>,
    pub(crate) tests: Vec<Test>,
    left_out: Vec<String>,
}

impl Suite {
    /// Runs each test by itself, if the programs are not those of the last time.
    ///
    /// # Errors
    ///
    /// If a program cannot be run.
    pub(crate) fn record(tree: &Tree, programs: Vec<Program>, options: &Options) -> Result<Suite> {
        let (file, print) = (tree.file("suite"), fingerprint(&programs, options)?);
        let old = fs::read_to_string(&file).unwrap_or_default();
        if let Some((old_print, lines)) = old.split_once('\n') {
            if old_print == print && !options.record {
                return Suite::from_lines(programs, lines);
            }
        }
        let suite = Suite::run_all(tree, &programs, options)?;
        fs::write(file, format!("{print}\n{}", suite.to_lines()))?;
        Ok(suite)
    }

    /// Says which tests are not run.
    pub(crate) fn print_left_out(&self) {
        println!("{} tests of {} programs", self.tests.len(), self.programs.len());
        for test in &self.left_out {
            println!("  left out: {test}");
        }
    }

    fn run_all(tree: &Tree, programs: &[Program], options: &Options) -> Result<Suite> {
        let mut names = Vec::new();
        for (program, it) in programs.iter().enumerate() {
            for name in list(it, &tree.root())? {
                names.push((program, name));
            }
        }
        println!("{} tests are run, one by one", names.len());
        let next = AtomicUsize::new(0);
        let suite =
            Mutex::new(Suite { programs: programs.to_vec(), tests: vec![], left_out: vec![] });
        let work = |worker: usize| -> Result<()> {
            let reached = tree.file(&format!("reached.{worker}"));
            while let Some((program, name)) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                let test = try_test(tree, &programs[*program], name, &reached, options)?;
                let mut suite = suite.lock().map_err(|_| "a worker has panicked")?;
                match test {
                    Ok((time, reached)) => {
                        let (program, name) = (*program, name.clone());
                        suite.tests.push(Test { program, name, time, reached });
                    }
                    Err(why) => {
                        suite.left_out.push(format!("{}::{name}, {why}", programs[*program].name));
                    }
                }
            }
            Ok(())
        };
        in_threads(options.jobs, &work)?;
        Ok(suite.into_inner()?)
    }

    fn to_lines(&self) -> String {
        let mut lines = String::new();
        for test in &self.tests {
            let mut reached: Vec<_> = test.reached.iter().map(ToString::to_string).collect();
            reached.sort();
            let (millis, reached) = (test.time.as_millis(), reached.join(" "));
            let _ = writeln!(lines, "{}\t{}\t{millis}\t{reached}", test.program, test.name);
        }
        for test in &self.left_out {
            let _ = writeln!(lines, "{test}");
        }
        lines
    }

    fn from_lines(programs: Vec<Program>, lines: &str) -> Result<Suite> {
        let mut suite = Suite { programs, tests: Vec::new(), left_out: Vec::new() };
        for line in lines.lines() {
            let [program, name, millis, reached] = line.split('\t').collect::<Vec<_>>()[..] else {
                suite.left_out.push(line.to_owned());
                continue;
            };
            suite.tests.push(Test {
                program: program.parse()?,
                name: name.to_owned(),
                time: Duration::from_millis(millis.parse()?),
                reached: numbers(reached),
            });
        }
        Ok(suite)
    }
}

/// Runs `work` on so many threads, each with its number.
pub(crate) fn in_threads(count: usize, work: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
    thread::scope(|scope| {
        // An error crosses threads as a text.
        let run = |worker| scope.spawn(move || work(worker).map_err(|error| error.to_string()));
        let workers: Vec<_> = (0..count).map(run).collect();
        workers
            .into_iter()
            .try_for_each(|it| it.join().map_err(|_| "a worker has panicked")?.map_err(Into::into))
    })
}

/// Runs a test unchanged. Either how long it takes and what it comes by, or why it is left out.
fn try_test(
    tree: &Tree,
    program: &Program,
    name: &str,
    reached: &Path,
    options: &Options,
) -> Result<std::result::Result<(Duration, HashSet<usize>), String>> {
    let module = name.split("::").next().unwrap_or(name);
    let skipped = |(it, _): &&(&str, &str)| *it == program.name || *it == module;
    if let Some((_, why)) = SKIPPED.iter().find(skipped) {
        return Ok(Err((*why).to_owned()));
    }
    let _ = fs::remove_file(reached);
    let limit = options.slow * 3 + Duration::from_secs(5);
    let (mut command, before) = (process::command(program, &tree.root(), &[name]), Instant::now());
    let ended = process::run(command.env("MUTANTS_REACHED", reached), limit)?;
    let took = before.elapsed();
    let numbers = numbers(&fs::read_to_string(reached).unwrap_or_default());
    if ended == Ended::Hung || took > options.slow {
        return Ok(Err("slow".to_owned()));
    }
    // What is recorded changes a little: a file is open.
    let plain = || process::run(&mut process::command(program, &tree.root(), &[name]), limit);
    if ended != Ended::Passed && plain()? != Ended::Passed {
        return Ok(Err("it fails in the copy".to_owned()));
    }
    Ok(Ok((took, numbers)))
}

fn numbers(text: &str) -> HashSet<usize> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// Returns the names of a program's tests.
fn list(program: &Program, folder: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(&program.path);
    let output = command.args(["--list", "--format=terse"]).current_dir(folder).output()?;
    let lines = String::from_utf8(output.stdout)?;
    let names = lines.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

/// Says which build of the programs it is.
fn fingerprint(programs: &[Program], options: &Options) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    options.slow.hash(&mut hasher);
    for program in programs {
        (&program.path, fs::metadata(&program.path)?.modified()?).hash(&mut hasher);
    }
    Ok(format!("{:x}", hasher.finish()))
}

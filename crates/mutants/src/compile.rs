//! Builds the changed crate and its tests, without the alternatives that do not compile.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use serde_json::Value;

use crate::{Result, rewrite::Rewritten, tree::Tree};

/// The package whose tests are run.
const PACKAGE: &str = "pizzaiolo";

/// A program of tests.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// Builds all programs of tests, with all mutants that compile.
///
/// # Errors
///
/// If something does not compile that no mutant is in.
pub(crate) fn build(tree: &Tree, rewritten: &mut Rewritten) -> Result<Vec<Program>> {
    rewritten.drop_known(tree);
    // The library by itself is checked in seconds. rustc reports errors of types first, and of borrows
    // when these are right, so it takes some rounds.
    while !round(tree, rewritten, &["check", "--lib"])?.0 {}
    println!("the library compiles; its tests are built");
    loop {
        let (is_built, programs) = round(tree, rewritten, &["test", "--no-run"])?;
        if is_built {
            return rewritten.save_dropped(tree).map(|()| programs);
        }
    }
}

/// Builds once. False if mutants were dropped, so that it has to be done again.
fn round(tree: &Tree, rewritten: &mut Rewritten, what: &[&str]) -> Result<(bool, Vec<Program>)> {
    rewritten.write(tree)?;
    let (is_built, messages) = cargo(tree, what)?;
    if is_built {
        return Ok((true, messages.iter().filter_map(program).collect()));
    }
    let errors: Vec<_> = messages.iter().filter(|it| is_error(it)).collect();
    let places: BTreeSet<_> = errors.iter().flat_map(|error| places(error)).collect();
    let dropped: usize = places.iter().map(|(file, at)| rewritten.drop_at(file, *at)).sum();
    println!("{} errors, {dropped} mutants dropped", errors.len());
    if dropped == 0 {
        let texts: Vec<_> =
            errors.iter().filter_map(|it| it["message"]["rendered"].as_str()).collect();
        return Err(format!("it does not compile:\n{}", texts.join("\n")).into());
    }
    Ok((false, Vec::new()))
}

/// Runs cargo in the copy. Returns whether it succeeds, and its messages.
fn cargo(tree: &Tree, what: &[&str]) -> Result<(bool, Vec<Value>)> {
    let mut cargo = Command::new("cargo");
    cargo.args(what).args(["-p", PACKAGE, "--all-features", "--message-format=json", "--quiet"]);
    cargo.current_dir(tree.root()).env("CARGO_TARGET_DIR", tree.file("build"));
    // Optimised a little, or the tests take longer than the build.
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.env("CARGO_INCREMENTAL", "0").env("RUSTFLAGS", "-Awarnings");
    let output = cargo.stderr(std::process::Stdio::inherit()).output()?;
    let messages = String::from_utf8(output.stdout)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok((output.status.success(), messages))
}

fn program(message: &Value) -> Option<Program> {
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let path = PathBuf::from(message["executable"].as_str()?);
    // Examples have no tests of the core.
    let is_example = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "example");
    let name = message["target"]["name"].as_str()?.to_owned();
    (!is_example).then_some(Program { name, path })
}

fn is_error(message: &Value) -> bool {
    message["reason"] == "compiler-message" && message["message"]["level"] == "error"
}

/// Returns the file and the position of each main span of an error.
fn places(error: &Value) -> Vec<(String, usize)> {
    let spans = error["message"]["spans"].as_array().into_iter().flatten();
    let primary = spans.filter(|span| span["is_primary"] == true);
    let place = |span: &Value| {
        let at = usize::try_from(span["byte_start"].as_u64()?).ok()?;
        Some((span["file_name"].as_str()?.to_owned(), at))
    };
    primary.filter_map(place).collect()
}

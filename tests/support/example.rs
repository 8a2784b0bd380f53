//! Where the examples are, for the tests that run them as programs.

use std::{env, path::PathBuf};

/// The program of an example. `cargo test` builds it beside the test.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test's own path");
    let profile = test.ancestors().nth(2).expect("it is in target/PROFILE/deps");
    let binary = profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "build it first: cargo build --example {name}");
    binary
}

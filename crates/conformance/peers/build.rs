//! Steps 5, 8 and 10 of the ladder are programs. Here they become modules: without their inner comments,
//! which a file that is included must not have.

use std::{env, fs, path::Path};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for step in ["step5_bell", "step8_task_queue", "step10_reactor"] {
        let source = format!("../../../examples/ladder/{step}.rs");
        println!("cargo::rerun-if-changed={source}");
        let text = fs::read_to_string(&source).expect("the ladder is there");
        let code: Vec<_> = text.lines().filter(|line| !line.starts_with("//!")).collect();
        fs::write(Path::new(&out).join(format!("{step}.rs")), code.join("\n")).expect("it is ours");
    }
}

//! Puts calls of the recorder between the lines of steps of the ladder. Nothing else is changed, and
//! each line keeps its number. If a step no longer has the text that a call goes with, this says so.

use std::{env, fs, path::Path};

/// A text of a step, and what stands in its place.
type Change = (&'static str, &'static str);

/// A waker that is called, where it marks what it wakes.
const UNPARKS: Change = ("self.0.unpark();", "RECORDER.wakes(); self.0.unpark();");
const QUEUES: Change = (
    "READY.lock().unwrap().push_back(self);",
    "let mut ready = READY.lock().unwrap(); RECORDER.wakes(); ready.push_back(self); drop(ready);",
);
/// A future that is given to the executor.
const BLOCKS: [Change; 2] = [
    ("fn block_on<F: Future>", "#[track_caller] fn block_on<F: Future>"),
    ("pin!(future)", "pin!(RECORDER.root(future))"),
];
const SPAWNS: [Change; 2] = [
    ("fn spawn(", "#[track_caller] fn spawn("),
    ("Box::pin(future)", "Box::pin(RECORDER.task(future))"),
];
/// A wait for a socket. The table is locked, so that no wake comes between.
const WAITS: [Change; 4] = [
    (
        "return Poll::Pending;",
        "RECORDER.waits(token.0, WAKERS.lock().unwrap().contains_key(&token)); return Poll::Pending;",
    ),
    (
        "ready(token, || stream.read(&mut order)).await",
        "crate::recorder::operation(ready(token, || stream.read(&mut order))).await",
    ),
    (
        "ready(token, || stream.write(&unsent)).await",
        "crate::recorder::operation(ready(token, || stream.write(&unsent))).await",
    ),
    (
        "registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;",
        "registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?; \
         RECORDER.registers(token.0, format!(\"tcp with {peer}\"));",
    ),
];
/// What mio says.
const EVENTS: Change =
    ("for event in &events {", "for event in &events { RECORDER.os_says(event);");
/// A thread that sleeps.
const PARKS: Change = ("thread::park();", "RECORDER.parks(); thread::park(); RECORDER.unparks();");

fn main() {
    let bakes = ("for bell in pizzas {", "for bell in pizzas { crate::recorder::bakes();");
    let (oven, queue) = (vec![UNPARKS, PARKS, bakes], vec![QUEUES, EVENTS]);
    write("step5_bell", [oven, BLOCKS.to_vec()].concat());
    let threads = vec![UNPARKS, PARKS, EVENTS];
    write("step7_async_fn", [threads, BLOCKS.to_vec(), WAITS.to_vec()].concat());
    let sleeps = vec![(
        "let ready = WOKEN.wait_while(READY.lock().unwrap(), |ready| ready.is_empty());",
        "let ready = READY.lock().unwrap(); let sleeps = ready.is_empty() && RECORDER.parks(); \
         let ready = WOKEN.wait_while(ready, |ready| ready.is_empty()); \
         if sleeps { RECORDER.unparks(); }",
    )];
    write("step8_task_queue", [queue, SPAWNS.to_vec(), WAITS.to_vec(), sleeps].concat());
    let reactor = vec![
        QUEUES,
        (
            "let idle = READY.lock().unwrap().is_empty();",
            "let idle = READY.lock().unwrap().is_empty(); \
             if idle { RECORDER.parks(); } else { RECORDER.looks(); }",
        ),
        (
            "for event in &events {",
            "RECORDER.unparks(); for event in &events { RECORDER.os_says(event);",
        ),
        (
            "registry.register(&mut listener, Token(0), Interest::READABLE)?;",
            "registry.register(&mut listener, Token(0), Interest::READABLE)?; \
             RECORDER.registers(0, \"tcp listener\".to_owned());",
        ),
        ("match accepted.await {", "match crate::recorder::operation(accepted).await {"),
    ];
    write("step10_reactor", [reactor, SPAWNS.to_vec(), WAITS.to_vec()].concat());
    // The crate has an observer.
    write("step11_crate", Vec::new());
}

fn write(step: &str, changes: Vec<Change>) {
    let path = format!("../../../examples/ladder/{step}.rs");
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    // Its documentation would be that of a module that is included, which has none; its tests stay where
    // they are.
    let text = text.replace("\n//!", "\n//").replacen("//!", "//", 1);
    let mut text = text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
    for (old, new) in changes {
        assert_eq!(
            text.matches(old).count(),
            1,
            "{path} has {old:?} once: mend crates/course/ladder-recorded"
        );
        text = text.replace(old, new);
    }
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join(format!("{step}.rs")), text).expect("it can be written");
}

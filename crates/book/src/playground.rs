//! Which programs have a button to run them in the Rust playground, and what is added to a server for that.
//!
//! The playground has no network but the loopback, and ends a program after some seconds. So a server gets
//! two clients, in lines that mdBook hides. When both have their answers, `main` returns, and the server
//! ends with it.

/// Marks the code that [`with_clients`] has made.
const MODULE: &str = "# mod server {\n";

/// Before the program. It has a `main` of its own, for the command line, which is not called.
const BEFORE: &str = "# #[allow(dead_code)]\n";

/// After the program: two clients, which order one after the other.
const AFTER: &str = r#"#     pub fn run(addr: &str) {
#         start(addr).expect("the port is free");
#     }
# }
#
# fn main() {
#     use std::io::{BufRead, BufReader, Write};
#     let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
#     let addr = free.expect("a free port");
#     std::thread::spawn(move || server::run(&addr.to_string()));
#     for client in ["A", "B"] {
#         let stream = loop {
#             match std::net::TcpStream::connect(addr) {
#                 Ok(stream) => break stream,
#                 Err(_) => std::thread::yield_now(), // the server is starting
#             }
#         };
#         let mut replies = BufReader::new(&stream);
#         for order in ["3", "three"] {
#             println!("{client} sends: {order}");
#             (&stream).write_all(order.as_bytes()).expect("the order is sent");
#             let mut reply = String::new();
#             replies.read_line(&mut reply).expect("the reply arrives");
#             print!("{client} gets: {reply}");
#         }
#     }
# }
"#;

/// A server of the ladder that needs std alone, as a program that ends: with clients.
#[must_use]
pub fn with_clients(path: &str, code: &str) -> Option<String> {
    let is_server = path.starts_with("examples/ladder/") && code.contains("\nfn start(addr: &str)");
    let is_std = !["mio", "pizzaiolo", "super::"].iter().any(|name| code.contains(name));
    (is_server && is_std).then(|| format!("{BEFORE}{MODULE}{code}{AFTER}"))
}

/// An exercise to write in its page: its code with a short check in place of its tests, which need the crate.
#[must_use]
pub fn exercise(code: &str, check: &str) -> String {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    format!("#![allow(unused)]\n\n{}\n\n{check}", code.trim())
}

/// Says whether a program needs std alone, and comes to an end by itself.
#[must_use]
pub fn runs(info: &str, code: &str) -> bool {
    let needs = [
        "pizzaiolo",
        "futures_",
        "mio::",
        "crate::",
        "super::",
        "Executor",
        "TcpListener",
        "Ok::<()",
    ];
    let is_short = |code: &str| !needs.iter().any(|name| code.contains(name));
    let is_off = info.contains("ignore") || info.contains("no_run");
    !is_off && (code.contains(MODULE) || is_short(code))
}

/// The text of a block as the playground gets it: with its hidden lines, and with a `main`.
#[must_use]
pub fn program(code: &str) -> String {
    let shown = |line: &str| match line.trim_start() {
        "#" => String::new(),
        hidden if hidden.starts_with("# ") => hidden[2..].to_owned(),
        _ => line.to_owned(),
    };
    let code: Vec<_> = code.lines().map(shown).collect();
    let code = code.join("\n");
    if code.contains("fn main") { code } else { format!("fn main() {{\n{code}\n}}\n") }
}

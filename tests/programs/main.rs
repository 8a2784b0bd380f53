//! The programs and the pages of the repository: what needs its other members, and is not in the package.
#![cfg_attr(
    not(target_os = "linux"),
    allow(unused_imports, dead_code, reason = "what only the tests of other systems use")
)]

#[path = "../../examples/pizza-server/connections.rs"]
mod connections;
mod ladder;
mod plain_words;
mod readme;
#[expect(dead_code, reason = "the server uses more of it")]
#[path = "../../examples/pizza-server/server.rs"]
mod server;
mod soak;
#[path = "../../examples/pizza-server/sockets.rs"]
mod sockets;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod timeline;

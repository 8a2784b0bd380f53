//! The programs and the pages of the repository: what needs its other members, and is not in the package.

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

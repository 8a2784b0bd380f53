//! The programs and the pages of the repository: what needs its other members, and is not in the package.

#[expect(dead_code, reason = "the server uses more of it")]
#[path = "../../examples/pizza-server/connections.rs"]
mod connections;
#[path = "../../examples/pizza-server/conversation.rs"]
mod conversation;
mod ladder;
mod plain_words;
mod readme;
#[expect(dead_code, reason = "the address is known here")]
#[path = "../../examples/pizza-server/server.rs"]
mod server;
mod soak;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod timeline;

//! Popular async crates, each tried on pizzaiolo: `cargo test -p pizzaiolo-compat`.
//!
//! Everything is in `tests`, one test a crate and of its name. What came of it is the page
//! `docs/compatibility.md`; a test compares the versions and the commands that it names with `Cargo.lock`
//! and with the tests that there are. This member is no default: it builds some two hundred crates.

//! Wrong solutions of the exercises. Each is a `.diff` in `examples/exercises/wrong`: first what is wrong, then
//! `fails:` with the message that its tests must give, then the lines in which it differs from the
//! solution. `cargo test -p exercises-wrong` runs them all.

//! The pages of `pizzaiolo-watch` in a real browser. There are only tests here.

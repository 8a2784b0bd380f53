//! Makes a book of the guide: reads the sources of the rustdoc, and writes the sources of mdBook.
//!
//! ```text
//! cargo run -p pizzaiolo-book -- target/book
//! ```
//!
//! writes `target/book/en`, and a folder for each other language that `src/guide` has a folder for.
//! `scripts/book.sh` does that, adds the replays, and has mdBook make the HTML.
//!
//! # Layout
//!
//! - [`repository`]: the files that the book is made of, in the chosen language.
//! - [`guide`]: the pages of the guide, from the attributes in `src/guide.rs`.
//! - [`chapters`]: what the book has, in order: the guide, the gallery, the exercises, the rest.
//! - [`markdown`]: the text of a page as mdBook has it: headings, blocks of code, links.
//! - [`playground`]: which programs have a button to run.
//! - [`links`]: where a link leads, and whether there is anything.
//! - [`stamp`]: whether a translation is as new as its original.
//! - [`words`]: the single lines of `src/guide.rs` in other languages.
//! - [`output`]: the files of a book.
//!
//! # Languages
//!
//! A page in another language stands in a folder beside the original, with the same name:
//! `src/guide/ja/terms.md` beside `src/guide/terms.md`. The head of a program (its `//!` lines) is
//! translated by a page with the program's name: `examples/gallery/ja/rc_waker.md`. The pages that stand in
//! `src/guide.rs` are `guide.md` (the first) and `which_wake_bug_gallery.md` of that folder. What is not
//! translated is taken in English.
//!
//! The first line of a translated page says which text it is a translation of, see [`stamp`].

pub mod chapters;
pub mod guide;
pub mod links;
pub mod markdown;
pub mod output;
pub mod playground;
pub mod repository;
pub mod stamp;
pub mod words;

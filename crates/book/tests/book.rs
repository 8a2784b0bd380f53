//! The book that is made of this repository: each page is in it, and no link of it is dead.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use pizzaiolo_book::{chapters::Chapter, links, markdown, output::Book, repository::Repository};

fn books() -> Vec<Book> {
    let languages = Repository::here("en").languages();
    let book = |language| Book::new(Repository::here(language)).expect("the book is made");
    languages.into_iter().map(book).collect()
}

fn chapters(book: &Book) -> impl Iterator<Item = &Chapter> {
    book.parts().iter().flat_map(|part| &part.chapters)
}

#[test]
fn no_link_of_the_book_is_dead() {
    for book in books() {
        assert_eq!(book.dead_links(), [""; 0]);
        let links = chapters(&book).flat_map(|it| links::addresses(&it.text)).count();
        assert!(links > 150, "only {links} links were found");
    }
}

#[test]
fn no_link_of_the_book_is_in_the_form_of_rustdoc() {
    for book in books() {
        for chapter in chapters(&book) {
            for link in links::addresses(&chapter.text) {
                assert!(!link.contains("::"), "{} has a link to {link}", chapter.file);
            }
        }
    }
}

/// The files of a folder with an extension, without it.
fn names(folder: &str, extension: &str) -> Vec<String> {
    let folder = Repository::here("en").path(folder);
    let files = fs::read_dir(folder).expect("a folder").map(|it| it.expect("a file").path());
    let files = files.filter(|file| file.extension().is_some_and(|it| it == extension));
    let name = |file: PathBuf| file.file_stem().expect("a name").to_string_lossy().into_owned();
    files.map(name).collect()
}

#[test]
fn each_page_of_the_guide_each_exercise_and_each_program_of_the_gallery_is_a_chapter() {
    let guide = names("src/guide", "md").into_iter().filter(|name| name != "figures");
    let exercises =
        names("examples/exercises", "rs").into_iter().filter(|name| name.starts_with("ex0"));
    let gallery = names("examples/gallery", "rs").into_iter();
    let gallery = gallery.filter(|name| name != "main" && name != "watch");
    let expected: Vec<_> =
        guide.chain(exercises).chain(gallery.map(|name| format!("gallery_{name}"))).collect();
    assert!(expected.len() > 45, "{expected:?}");
    for book in books() {
        for name in &expected {
            let file = format!("{name}.md");
            assert!(chapters(&book).any(|chapter| chapter.file == file), "{file} is missing");
        }
    }
}

#[test]
fn each_chapter_begins_with_its_title_and_is_in_the_list_once() {
    for book in books() {
        let summary = book.summary();
        for chapter in chapters(&book) {
            let head: String = chapter.text.chars().take(80).collect();
            assert!(chapter.text.trim_start().starts_with("# "), "{}: {head}", chapter.file);
            let entry = format!("({})", chapter.file);
            assert_eq!(summary.matches(&entry).count(), 1, "{}", chapter.file);
        }
    }
}

#[test]
fn a_program_has_a_button_only_if_it_needs_nothing_but_std() {
    let (mut with, mut without) = (0, 0);
    for book in books() {
        for chapter in chapters(&book) {
            for block in chapter.text.split("\n```rust").skip(1) {
                let (info, code) = block.split_once('\n').expect("a line");
                let code = code.split("\n```").next().expect("a block");
                let is_run = !info.contains("noplayground");
                assert!(!is_run || markdown::is_for_the_playground(info, code), "{code}");
                assert!(!is_run || !code.contains("pizzaiolo"), "{}: {code}", chapter.file);
                *(if is_run { &mut with } else { &mut without }) += 1;
            }
        }
    }
    assert!(with >= 8 && without >= 60, "{with} with and {without} without");
}

#[test]
fn the_welcome_leads_to_each_part() {
    for book in books() {
        let welcome = chapters(&book).next().expect("the first chapter");
        let links = links::addresses(&welcome.text);
        for page in ["guide.md", "who_wakes.md", "which_wake_bug.md", "exercises.md", "teaching.md"]
        {
            assert!(links.iter().any(|link| link == page), "no link to {page}: {links:?}");
        }
    }
}

#[test]
fn a_page_of_rustdoc_becomes_a_page_of_a_book() {
    let page = "Why?\n\nSee [`Waker`](std::task::Waker), [all of\nus](crate::spawn), [me](#so).\n\n# So\n\n\
                ```rust\n# hidden();\nlet x = y[0](1);\n```\n";
    let resolve = |address: &str| match address {
        "crate::spawn" => links::Target::Text,
        _ => links::Target::To(links::std_address(address).unwrap_or(address.to_owned())),
    };
    let expected = "# Why?\n\nSee [`Waker`](https://doc.rust-lang.org/std/task/struct.Waker.html), \
                    all of\nus, [me](#so).\n\n## So\n\n```rust\n# hidden();\nlet x = y[0](1);\n```\n";
    assert_eq!(markdown::page(page, &resolve), expected);
}

/// A repository that is this one, with a page in Japanese.
#[cfg(unix)]
struct Translated(PathBuf);

#[cfg(unix)]
impl Translated {
    fn new(page: &str, text: &str) -> Translated {
        let root = env::temp_dir().join(format!("pizzaiolo-book-{}", process::id()));
        let original = fs::canonicalize(Repository::here("en").path(".")).expect("the root");
        let guide = root.join("src/guide");
        fs::create_dir_all(guide.join("ja")).expect("a folder");
        link_all(&original, &root, &["src", "target"]);
        link_all(&original.join("src"), &root.join("src"), &["guide"]);
        link_all(&original.join("src/guide"), &guide, &["ja"]);
        fs::write(guide.join("ja").join(page), text).expect("the page");
        Translated(root)
    }
}

#[cfg(unix)]
fn link_all(from: &Path, to: &Path, but: &[&str]) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if !but.iter().any(|name| entry.file_name() == *name) {
            std::os::unix::fs::symlink(entry.path(), to.join(entry.file_name())).expect("a link");
        }
    }
}

#[cfg(unix)]
impl Drop for Translated {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
#[test]
fn a_translated_page_takes_the_place_of_its_original() {
    let line = "<!-- original: src/guide/pinning.md 0000000000000000 -->";
    let text = format!("{line}\n`Pin` は何のためにあるのか。\n\n本文。\n");
    let there = Translated::new("pinning.md", &text);
    let repository = Repository::new(&there.0, "ja");
    assert_eq!(repository.languages(), ["en", "ja"]);
    let book = Book::new(repository).expect("a book");
    let page = chapters(&book).find(|chapter| chapter.file == "pinning.md").expect("the page");
    assert_eq!(page.text, "# `Pin` は何のためにあるのか\n\n本文。\n");
    assert!(book.summary().contains("# はしご"));
    assert!(book.summary().contains("[Step 1: one client at a time]"), "in English as yet");
    assert_eq!(book.dead_links(), [""; 0]);
}

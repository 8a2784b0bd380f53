//! The book that is made of this repository: each page is in it, and no link of it is dead.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use pizzaiolo_book::{
    chapters::Chapter, guide, links, markdown, output::Book, playground, repository::Repository,
};

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
    let expected: Vec<_> = guide
        .chain(exercises)
        .chain(gallery.map(|name| format!("which_wake_bug_gallery_{name}")))
        .collect();
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
            for (info, code) in blocks(chapter) {
                let is_run = has_button(info);
                assert!(!is_run || playground::runs(info, code), "{code}");
                assert!(!is_run || !code.contains("pizzaiolo"), "{}: {code}", chapter.file);
                *(if is_run { &mut with } else { &mut without }) += 1;
            }
        }
    }
    assert!(with >= 8 && without >= 60, "{with} with and {without} without");
}

/// The blocks of Rust of a chapter: what is behind the three ticks, and the code.
fn blocks(chapter: &Chapter) -> impl Iterator<Item = (&str, &str)> {
    chapter.text.split("\n```rust").skip(1).map(|block| {
        let (info, rest) = block.split_once('\n').expect("a line");
        (info, rest.split("\n```").next().expect("a block"))
    })
}

/// Whether a block has a button to run it as it is.
fn has_button(info: &str) -> bool {
    !info.contains("noplayground") && !info.contains("editable")
}

/// Compiles a program as the playground does.
fn compile(folder: &Path, code: &str) -> Result<PathBuf, String> {
    let (source, program) = (folder.join("playground.rs"), folder.join("playground"));
    fs::write(&source, playground::program(code)).expect("the source");
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let mut rustc = Command::new(rustc);
    rustc.args(["--edition=2024", "--cap-lints=allow", "-o"]).arg(&program).arg(&source);
    let compiled = rustc.output().expect("rustc is there");
    let errors = || String::from_utf8_lossy(&compiled.stderr).into_owned();
    if compiled.status.success() { Ok(program) } else { Err(errors()) }
}

/// Runs a program as the playground does. Returns whether it compiles, and what it prints.
fn run(folder: &Path, code: &str) -> (bool, String) {
    let program = match compile(folder, code) {
        Ok(program) => program,
        Err(errors) => return (false, errors),
    };
    let output = Command::new(program).output().expect("it runs");
    assert!(output.status.success(), "{code}\n{}", String::from_utf8_lossy(&output.stderr));
    (true, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn each_program_with_a_button_does_in_the_playground_what_its_page_says() {
    let folder = env::temp_dir().join(format!("pizzaiolo-playground-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let book = Book::new(Repository::here("en")).expect("a book");
    let mut servers = Vec::new();
    for chapter in chapters(&book) {
        for (info, code) in blocks(chapter).filter(|(info, _)| has_button(info)) {
            let (compiles, output) = run(&folder, code);
            let fails = info.contains("compile_fail");
            assert_eq!(compiles, !fails, "{}: {code}\n{output}", chapter.file);
            if code.contains("fn start(addr: &str)") {
                servers.push(chapter.file.as_str());
                // A server of threads may print between the lines of a client.
                let client = output.lines().filter(|line| line.starts_with("B "));
                let talk = client.collect::<Vec<_>>();
                let reply = ["B sends: three", "B gets: Wrong number of pizzas, please try again."];
                assert!(talk.ends_with(&reply), "{}: {output}", chapter.file);
            }
        }
    }
    let std_alone =
        ["step01_blocking.md", "step02_threads.md", "step03_busy_loop.md", "step05_bell.md"];
    assert_eq!(servers, std_alone);
    fs::remove_dir_all(folder).expect("the folder");
}

/// The check of an exercise is in its page: a solution passes it, and a stub and a wrong solution do not.
#[test]
fn the_exercises_that_can_be_written_in_their_pages_are_checked_there() {
    let folder = env::temp_dir().join(format!("pizzaiolo-in-place-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let repository = Repository::here("en");
    let book = Book::new(repository.clone()).expect("a book");
    // A line of each solution, without which it is wrong in a way that does not hang.
    let needed = [
        ("ex01_yield_now", "        cx.waker().wake_by_ref();\n"),
        ("ex02_block_on", "thread::park()"),
        ("ex03_join", "        if left.is_none() {\n"),
        ("ex04_select", "Poll::Pending => b.as_mut().poll(cx).map(Either::Right),"),
        ("ex07_oneshot", "        if shared.closed {\n            return Err(value);\n        }\n"),
    ];
    let instead = ["", "()", "        if true {\n", "Poll::Pending => Poll::Pending,", ""];
    for ((name, line), instead) in needed.into_iter().zip(instead) {
        let file = format!("{name}.md");
        let page = chapters(&book).find(|it| it.file == file).expect("its page");
        let (info, stub) = blocks(page).next().expect("its code");
        assert_eq!(info, ",editable", "{name}");
        let read = |file: String| repository.read(&file).expect("a file");
        let solution = read(format!("examples/exercises/solutions/{name}.rs"));
        let check = read(format!("examples/exercises/playground/{name}.rs"));
        let solution = solution.split_once("\n\n").expect("a head").1;
        assert_eq!(solution.matches(line).count(), 1, "{name}: {line}");
        let wrong = solution.replace(line, instead);
        let passes = |code: &str| {
            let program =
                compile(&folder, code).unwrap_or_else(|errors| panic!("{name}: {errors}"));
            Command::new(program).output().expect("it runs").status.success()
        };
        assert!(!passes(stub), "the stub of {name} passes");
        assert!(passes(&playground::exercise(solution, &check)), "the solution of {name} fails");
        assert!(!passes(&playground::exercise(&wrong, &check)), "a wrong {name} passes");
    }
    fs::remove_dir_all(folder).expect("the folder");
}

#[test]
fn a_program_has_its_head_as_text_in_the_language_of_the_book() {
    for (book, head) in books().iter().zip(["- Run: `cargo run", "- 実行: `cargo run"]) {
        for step in
            chapters(book).filter(|it| it.file.starts_with("step") && it.text.contains("ladder-"))
        {
            assert!(step.text.contains(head), "{} has no {head}", step.file);
            assert!(!step.text.contains("//! "), "{} has a head in its code", step.file);
        }
    }
}

#[test]
fn the_tour_names_the_file_of_each_function() {
    for book in books() {
        let tour = chapters(&book).find(|it| it.file == "step12_tour.md").expect("the tour");
        let rows: Vec<_> = tour.text.lines().filter(|line| line.starts_with("| `")).collect();
        assert!(rows.len() > 30, "{rows:?}");
        for row in rows {
            let file = row.split_once(" (`src/").and_then(|(_, rest)| rest.split_once("`) |"));
            let file = file.unwrap_or_else(|| panic!("no file: {row}")).0;
            assert!(Repository::here("en").path(&format!("src/{file}")).is_file(), "{row}");
        }
    }
}

/// The sidebar of rustdoc sorts the pages by their names, and the book has the order of the source.
#[test]
fn the_pages_of_the_guide_stand_in_the_order_of_their_names_and_each_leads_to_the_next() {
    for (language, next) in [("en", "Next: "), ("ja", "次は: ")] {
        let pages = guide::pages(&Repository::here(language)).expect("the pages");
        assert!(pages.len() > 30, "{} pages", pages.len());
        for (page, following) in pages.iter().zip(&pages[1..]) {
            assert!(page.name < following.name, "{} is before {}", page.name, following.name);
            let last = page.text.trim_end().lines().last().expect("a line");
            assert!(last.starts_with(next), "the end of {} is {last}", page.name);
            // The terms are a table to look things up in, which the tour passes by.
            let is_passed = page.name == "step12_tour" && following.name == "terms";
            assert!(is_passed || last.contains(&following.name), "{}: {last}", page.name);
        }
    }
}

#[test]
fn no_link_to_an_item_is_left_in_brackets() {
    for book in books() {
        for chapter in chapters(&book) {
            let mut is_code = false;
            for line in chapter.text.lines() {
                is_code ^= line.starts_with("```");
                let is_left = line.split("[`").skip(1).any(|rest| {
                    rest.split_once("`]").is_some_and(|(_, rest)| !rest.starts_with('('))
                });
                assert!(is_code || !is_left, "{}: {line}", chapter.file);
            }
        }
    }
}

#[test]
fn the_welcome_leads_to_each_part() {
    for book in books() {
        let welcome = chapters(&book).next().expect("the first chapter");
        let links = links::addresses(&welcome.text);
        for page in
            ["guide.md", "topic01_who_wakes.md", "which_wake_bug.md", "exercises.md", "teaching.md"]
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
    let line = "<!-- original: src/guide/topic04_pinning.md 0000000000000000 -->";
    let text = format!("{line}\n`Pin` は何のためにあるのか。\n\n本文。\n");
    let there = Translated::new("topic04_pinning.md", &text);
    let repository = Repository::new(&there.0, "ja");
    assert_eq!(repository.languages(), ["en", "ja"]);
    let book = Book::new(repository).expect("a book");
    let page =
        chapters(&book).find(|chapter| chapter.file == "topic04_pinning.md").expect("the page");
    assert_eq!(page.text, "# `Pin` は何のためにあるのか\n\n本文。\n");
    assert!(book.summary().contains("# はしご"));
    assert!(book.summary().contains("[Step 1: one client at a time]"), "in English as yet");
    assert_eq!(book.dead_links(), [""; 0]);
}

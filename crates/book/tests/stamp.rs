//! A translated page is as new as its original.

use std::{env, fs, path::PathBuf, process};

use pizzaiolo_book::{links, repository::Repository, stamp, words};

#[test]
fn no_translated_page_is_older_than_its_original() {
    let stale = stamp::stale(&Repository::here("en").path("")).expect("the pages are read");
    assert!(
        stale.is_empty(),
        "these translations are out of date:\n\n{}\n\nBring each up to date first. Then, and only \
         then, write the new hashes: cargo run -p pizzaiolo-book -- stamp\n",
        stale.join("\n")
    );
}

/// The pages of the guide and the welcome have links of their own kinds, which the book checks.
#[test]
fn each_relative_link_of_a_translated_page_starts_at_the_page_and_leads_to_a_file() {
    let repository = Repository::here("en");
    for page in stamp::pages(&repository.path("")).expect("the pages") {
        if page.starts_with("src/guide/") || page.starts_with("docs/book/") {
            continue;
        }
        let text = links::inline_definitions(&repository.read(&page).expect("the page"));
        let folder = repository.path(&page).parent().expect("a folder").to_owned();
        for link in links::addresses(&text) {
            let path = link.split('#').next().unwrap_or_default();
            let is_file = path.contains(['.', '/']) && !path.contains("://");
            assert!(!is_file || folder.join(path).exists(), "{page} has a link to {link}");
        }
    }
}

#[test]
fn each_single_line_that_is_translated_is_a_line_of_the_guide_or_of_the_settings() {
    let read = |file| Repository::here("en").read(file).expect(file);
    let (guide, settings) = (read("src/guide.rs"), read("docs/book/book.toml"));
    for (original, translated) in words::JAPANESE {
        let is_there = guide.lines().any(|line| line == format!("/// {original}"))
            || settings.lines().any(|line| line == original)
            || original == words::IN_PLACE;
        assert!(is_there, "{original}");
        assert_eq!(words::translated("ja", original), translated);
        assert_eq!(words::translated("en", original), original);
    }
}

#[test]
fn the_hash_is_the_64_bit_fnv_1a() {
    // Three of the test vectors of the hash's authors.
    assert_eq!(stamp::fnv_1a([]), 0xcbf2_9ce4_8422_2325);
    assert_eq!(stamp::fnv_1a(*b"a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(stamp::fnv_1a(*b"foobar"), 0x8594_4171_f739_67e8);
    assert_ne!(stamp::hash("a\nb"), stamp::hash("ab"), "where a line ends counts");
}

#[test]
fn a_checkout_with_carriage_returns_has_the_same_hash() {
    assert_eq!(stamp::hash("one\r\ntwo\r\n"), stamp::hash("one\ntwo\n"));
}

#[test]
fn of_a_program_only_its_head_is_translated() {
    let program = "//! Head.\n//!\n//! More.\n\n/// Not this.\nfn main() {}\n//! Nor this.\n";
    let head = stamp::translated_part("examples/a.rs", program);
    assert_eq!(head, "//! Head.\n//!\n//! More.");
}

#[test]
fn of_the_guides_source_all_doc_comments_are_translated() {
    let source = "//! First.\n\n// Not this.\n/// A page.\npub mod a {\n    /// Within.\n}\n";
    let part = stamp::translated_part("src/guide.rs", source);
    assert_eq!(part, "//! First.\n/// A page.\n    /// Within.");
}

#[test]
fn a_page_is_translated_whole() {
    let page = "One.\n\n/// Two.\n";
    assert_eq!(stamp::translated_part("docs/a.md", page), "One.\n\n/// Two.");
}

#[test]
fn the_first_line_is_split_off() {
    let (found, rest) = stamp::split("<!-- original: docs/a.md 00ff -->\n本文。\n");
    let found = found.expect("a stamp");
    assert_eq!((found.original, found.hash, rest), ("docs/a.md", "00ff", "本文。\n"));
    assert_eq!(stamp::split("本文。\n"), (None, "本文。\n"));
}

/// A repository with one page and its translation.
struct Pages(PathBuf);

impl Pages {
    fn new(name: &str, page: &str) -> Pages {
        let root = env::temp_dir().join(format!("pizzaiolo-stamp-{name}-{}", process::id()));
        for folder in ["docs/ja", "examples", "src"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        fs::write(root.join("docs/a.md"), "One.\n").expect("the original");
        fs::write(root.join("docs/ja/a.md"), page).expect("the translation");
        Pages(root)
    }

    fn stale(&self) -> String {
        stamp::stale(&self.0).expect("the pages are read").join("\n")
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_page_is_listed_from_the_change_of_its_original_until_it_is_stamped() {
    let pages = Pages::new("change", "<!-- original: docs/a.md 0000000000000000 -->\n一。\n");
    assert!(pages.stale().starts_with("docs/ja/a.md: is older than docs/a.md"));
    assert_eq!(stamp::stamp(&pages.0).expect("a stamp"), ["docs/ja/a.md"]);
    assert_eq!(pages.stale(), "");
    assert_eq!(stamp::stamp(&pages.0).expect("nothing to do"), [""; 0]);
    fs::write(pages.0.join("docs/a.md"), "Two.\n").expect("a change");
    assert!(pages.stale().contains("git diff"), "{}", pages.stale());
    let page = fs::read_to_string(pages.0.join("docs/ja/a.md")).expect("the page");
    assert!(page.ends_with("-->\n一。\n"), "the text stays: {page}");
}

#[test]
fn a_page_whose_original_is_gone_is_listed() {
    let pages = Pages::new("gone", "<!-- original: docs/a.md 0000000000000000 -->\n一。\n");
    fs::remove_file(pages.0.join("docs/a.md")).expect("a removal");
    assert!(pages.stale().contains("its original docs/a.md is gone"), "{}", pages.stale());
}

#[test]
fn a_page_that_names_no_original_or_another_pages_is_listed() {
    let pages = Pages::new("none", "一。\n");
    assert!(pages.stale().contains("its first line must be"), "{}", pages.stale());
    let pages = Pages::new("other", "<!-- original: docs/b.md 0000000000000000 -->\n一。\n");
    assert!(pages.stale().contains("docs/b.md is not beside it"), "{}", pages.stale());
}

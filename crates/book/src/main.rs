//! Writes the book, looks for dead links in its HTML, or stamps the translations; see the library.

use std::{env, io, path::Path, process::ExitCode};

use pizzaiolo_book::{
    output::{self, Book},
    repository::Repository,
    stamp,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["check", folder] => check(Path::new(folder)),
        ["stamp"] => write_hashes(),
        [folder] => write(Path::new(folder)),
        _ => Err(io::Error::other("usage: pizzaiolo-book FOLDER, or check FOLDER, or stamp")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("book: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A folder for each language. The script reads their names.
fn write(folder: &Path) -> io::Result<()> {
    for language in Repository::here("en").languages() {
        let book = Book::new(Repository::here(language))?;
        fail_if(&book.dead_links())?;
        book.write(&folder.join(language))?;
        println!("{language}");
    }
    Ok(())
}

fn check(folder: &Path) -> io::Result<()> {
    fail_if(&output::dead_files(folder)?)
}

/// Says of each translation that it is up to date. Only for one that was brought up to date.
fn write_hashes() -> io::Result<()> {
    for page in stamp::stamp(&Repository::here("en").path(""))? {
        println!("{page}");
    }
    Ok(())
}

fn fail_if(dead: &[String]) -> io::Result<()> {
    if dead.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!("these links lead nowhere:\n{}", dead.join("\n"))))
}

//! The files of a book.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    chapters::{self, Part},
    guide, links, markdown,
    repository::Repository,
    words,
};

/// A book in one language, before it is written.
#[derive(Clone, Debug)]
pub struct Book {
    repository: Repository,
    parts: Vec<Part>,
}

impl Book {
    /// Reads the repository.
    ///
    /// # Errors
    ///
    /// If a file cannot be read.
    pub fn new(repository: Repository) -> io::Result<Book> {
        let parts = chapters::parts(&repository)?;
        Ok(Book { repository, parts })
    }

    /// Its parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The list of chapters: mdBook's `SUMMARY.md`.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut summary = "# Summary\n".to_owned();
        for part in &self.parts {
            if let Some(title) = part.title {
                let _ = writeln!(summary, "\n# {title}");
            }
            summary.push('\n');
            for chapter in &part.chapters {
                let title = markdown::title(&chapter.text);
                let below = if chapter.is_below { "  " } else { "" };
                let item = if part.title.is_some() { "- " } else { "" };
                let _ = writeln!(summary, "{below}{item}[{title}]({})", chapter.file);
            }
        }
        summary
    }

    /// Writes it: `book.toml`, and `src` with the chapters and the pictures.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let src = folder.join("src");
        let write = |file: &str, text: &str| {
            let path = src.join(file);
            fs::create_dir_all(path.parent().unwrap_or(&src))?;
            fs::write(path, text)
        };
        for chapter in self.parts.iter().flat_map(|part| &part.chapters) {
            write(&chapter.file, &chapter.text)?;
        }
        write("SUMMARY.md", &self.summary())?;
        fs::create_dir_all(src.join("pictures"))?;
        for picture in self.pictures() {
            let from = self.repository.path(&format!("docs/{picture}"));
            fs::copy(from, src.join("pictures").join(picture))?;
        }
        let settings = self.repository.read("docs/book/book.toml")?;
        let language = self.repository.language();
        let settings = settings.replace("\"en\"", &format!("\"{language}\""));
        let settings = settings.lines().map(|line| words::translated(language, line));
        fs::write(folder.join("book.toml"), settings.collect::<Vec<_>>().join("\n"))?;
        fs::copy(self.repository.path("docs/book/book.css"), folder.join("book.css"))?;
        Ok(())
    }

    /// The pictures that its pages show.
    fn pictures(&self) -> BTreeSet<String> {
        let addresses = self.addresses().into_iter().map(|(_, address)| address);
        addresses.filter_map(|it| Some(it.rsplit_once("pictures/")?.1.to_owned())).collect()
    }

    /// Each link of each page, with the page that it is on.
    fn addresses(&self) -> Vec<(&str, String)> {
        let chapters = self.parts.iter().flat_map(|part| &part.chapters);
        chapters
            .flat_map(|chapter| {
                let addresses = links::addresses(&chapter.text).into_iter();
                addresses.map(move |address| (chapter.file.as_str(), address))
            })
            .collect()
    }

    /// The links that lead nowhere: `page: link`. Links into the network are not followed.
    #[must_use]
    pub fn dead_links(&self) -> Vec<String> {
        let dead = |(file, address): &(&str, String)| !self.leads_somewhere(file, address);
        let dead = self.addresses().into_iter().filter(dead);
        dead.map(|(file, address)| format!("{file}: {address}")).collect()
    }

    fn leads_somewhere(&self, file: &str, address: &str) -> bool {
        if address.starts_with("https://") || address.starts_with("http://") {
            return true;
        }
        let (path, anchor) = address.split_once('#').unwrap_or((address, ""));
        let there = if path.is_empty() { file } else { path };
        if let Some(picture) = there.strip_prefix("pictures/") {
            return self.repository.path(&format!("docs/{picture}")).is_file();
        }
        if let Some(replay) = there.strip_prefix("replays/") {
            return self.is_replay(replay);
        }
        let mut chapters = self.parts.iter().flat_map(|part| &part.chapters);
        chapters.any(|chapter| {
            chapter.file == there
                && (anchor.is_empty() || links::anchors(&chapter.text).contains(anchor))
        })
    }

    /// Says whether the example `replays` makes this file. (The script checks that it is there.)
    fn is_replay(&self, file: &str) -> bool {
        let name = file.trim_end_matches(".html");
        let modules = guide::gallery(&self.repository).unwrap_or_default();
        let programs = modules.iter().filter_map(|module| {
            self.repository.read(&format!("examples/gallery/{module}.rs")).ok()
        });
        // Which steps there are is known to the member `ladder-recorded`.
        let steps = ["ladder-5", "ladder-7", "ladder-8", "ladder-10", "ladder-11"];
        ["table", "who_wakes"].contains(&name)
            || steps.contains(&name)
            || programs.flat_map(|code| chapters::replays(&code)).any(|other| other == name)
    }
}

/// The links of finished pages that lead to no file: for the HTML that mdBook has made.
///
/// # Errors
///
/// If a folder or page cannot be read.
pub fn dead_files(folder: &Path) -> io::Result<Vec<String>> {
    let mut dead = Vec::new();
    for page in html(folder)? {
        let text = fs::read_to_string(&page)?;
        let here = page.parent().unwrap_or(folder);
        for attribute in [" href=\"", " src=\"", " data=\""] {
            for rest in text.split(attribute).skip(1) {
                let address = rest.split('"').next().unwrap_or_default();
                let path = address.split(['#', '?']).next().unwrap_or_default();
                let is_elsewhere = address.contains(':') || path.is_empty();
                if !is_elsewhere && !here.join(path).exists() {
                    dead.push(format!("{}: {address}", page.display()));
                }
            }
        }
    }
    Ok(dead)
}

/// The pages at a path and below it, but for the replays, which have no links to files.
fn html(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("replays") {
            pages.append(&mut html(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            pages.push(path);
        }
    }
    Ok(pages)
}

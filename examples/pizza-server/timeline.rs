//! `--timeline FILE`: a picture of the run, in the format that the file's name ends in.

use std::{fs, io, path::Path};

use pizzaiolo_watch::Timeline;

/// Draws the picture and writes it.
///
/// # Errors
///
/// `InvalidInput` if the name ends in nothing that is known, see [`format`]; or the OS's.
pub(crate) fn write_timeline(timeline: &Timeline, path: &Path) -> io::Result<()> {
    let picture = match format(path)? {
        Format::Mermaid => timeline.to_mermaid(),
        Format::Svg => timeline.to_svg(),
        Format::ChromeTrace => timeline.to_chrome_trace(),
        Format::Html => timeline.to_html(),
    };
    fs::write(path, picture)
}

/// What a timeline can be written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    Mermaid,
    Svg,
    ChromeTrace,
    Html,
}

/// The format that a file's name asks for.
///
/// # Errors
///
/// `InvalidInput` if it ends in none of `.html`, `.svg`, `.mmd` and `.json`.
pub(crate) fn format(path: &Path) -> io::Result<Format> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("mmd") => Ok(Format::Mermaid),
        Some("svg") => Ok(Format::Svg),
        Some("json") => Ok(Format::ChromeTrace),
        Some("html") => Ok(Format::Html),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the name of a timeline ends in .html, .svg, .mmd or .json",
        )),
    }
}

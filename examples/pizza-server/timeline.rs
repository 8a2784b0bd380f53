//! `--timeline FILE`: a picture of the run, in the format that the file's name ends in.

use std::{ffi::OsStr, fs, io, path::Path};

use pizzaiolo_watch::Timeline;

pub(crate) fn write_timeline(timeline: &Timeline, path: &Path) -> io::Result<()> {
    fs::write(path, format(path)?(timeline))
}

/// How to draw it. An error is `InvalidInput`.
pub(crate) fn format(path: &Path) -> io::Result<fn(&Timeline) -> String> {
    let known = "the name of a timeline ends in .html, .svg, .mmd or .json";
    match path.extension().and_then(OsStr::to_str) {
        Some("html") => Ok(Timeline::to_html),
        Some("svg") => Ok(Timeline::to_svg),
        Some("mmd") => Ok(Timeline::to_mermaid),
        Some("json") => Ok(Timeline::to_chrome_trace),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, known)),
    }
}

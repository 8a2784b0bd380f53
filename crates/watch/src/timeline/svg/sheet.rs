//! The sheet that the SVG is drawn on: the elements that it needs, and its colours.
//!
//! All coordinates are whole pixels. All text goes through [`text::xml`].

use std::fmt::Write;

use super::super::text;

/// Colours of good contrast on a light and on a dark ground: more than 4.5 to 1 for text, and more than
/// 3 to 1 for shapes that have a meaning, also for the frames of waits and sleeps. Readers that cannot
/// distinguish red from green can distinguish blue from amber.
const STYLE: &str = "\
text{font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
font-size:11px;fill:#1f2328}\
.ground{fill:#fff}.band{fill:#f6f8fa}.rule{stroke:#d1d9e0;fill:none}\
.title{font-size:15px;font-weight:600}.name{font-size:12px;font-weight:600}\
.small{font-size:10px}.dim{fill:#59636e}.mid{text-anchor:middle}\
.poll{fill:#0969da}.queue{fill:#b58500}.wait{fill:#f6f8fa;stroke:#818b98}.park{fill:url(#hatch)}\
.sleep{fill:#f6f8fa}.parked{stroke:#818b98;fill:none}.hatch{stroke:#c4ccd4;fill:none}\
.many{fill:#54aeff;stroke:#0969da}.clear{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.halo{stroke:#fff;stroke-width:5;fill:none}\
.line{fill:none;stroke-width:1.5}.head{stroke:none}\
.reactor .line{stroke:#1a7f37}.reactor .head{fill:#1a7f37}\
.task .line{stroke:#8250df}.task .head{fill:#8250df}\
.timer .line{stroke:#bc4c00}.timer .head{fill:#bc4c00}\
.thread .line{stroke:#bf3989}.thread .head{fill:#bf3989}\
.spawn .line{stroke:#59636e;stroke-dasharray:3 3}.spawn .head{fill:#59636e}\
.over{fill:#59636e}.bad .line{stroke:#cf222e;stroke-width:2.5}.gone .line{stroke:#59636e;stroke-width:2.5}\
.mark{stroke:#59636e;stroke-dasharray:2 4;fill:none}.chip{fill:#1f2328}.onchip{fill:#fff;font-weight:600}\
.cut{stroke:#59636e;fill:none}.sign{fill:#cf222e}.onsign{fill:#fff;font-weight:700}\
g:hover>.line{stroke-width:3}.thin .line{stroke-width:1;opacity:.35}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}\
.ground{fill:#0d1117}.band{fill:#131922}.rule{stroke:#30363d}.dim{fill:#9198a1}\
.poll{fill:#4493f8}.queue{fill:#d29922}.wait{fill:#131922;stroke:#6e7681}\
.sleep{fill:#131922}.parked{stroke:#6e7681}.hatch{stroke:#464e57}.halo{stroke:#0d1117}\
.many{fill:#1f4f8f;stroke:#4493f8}.clear{stroke:#0d1117}\
.reactor .line{stroke:#3fb950}.reactor .head{fill:#3fb950}\
.task .line{stroke:#ab7df8}.task .head{fill:#ab7df8}\
.timer .line{stroke:#f0883e}.timer .head{fill:#f0883e}\
.thread .line{stroke:#f778ba}.thread .head{fill:#f778ba}\
.spawn .line{stroke:#9198a1}.spawn .head{fill:#9198a1}\
.over{fill:#9198a1}.bad .line{stroke:#f85149}.gone .line{stroke:#9198a1}\
.mark{stroke:#9198a1}.chip{fill:#e6edf3}.onchip{fill:#0d1117}.cut{stroke:#9198a1}.sign{fill:#f85149}.onsign{fill:#0d1117}\
}";

/// The elements so far.
pub(super) struct Sheet {
    body: String,
}

/// A rectangle's place and size.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Sheet {
    pub(super) fn new() -> Sheet {
        Sheet { body: String::new() }
    }

    /// A rectangle that shows `title` under the pointer.
    pub(super) fn rect(&mut self, class: &str, area: Area, round: usize, title: &str) {
        let Area { x, y, width, height } = area;
        let _ = write!(
            self.body,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}""#
        );
        if round > 0 {
            let _ = write!(self.body, r#" rx="{round}""#);
        }
        self.close("rect", title);
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (usize, usize), r: usize, title: &str) {
        let _ = write!(self.body, r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}""#);
        self.close("circle", title);
    }

    fn close(&mut self, element: &str, title: &str) {
        if title.is_empty() {
            self.body.push_str("/>\n");
        } else {
            let _ = writeln!(self.body, "><title>{}</title></{element}>", text::xml(title));
        }
    }

    pub(super) fn path(&mut self, class: &str, d: &str) {
        let _ = writeln!(self.body, r#"<path class="{class}" d="{d}"/>"#);
    }

    /// Text, whose base line begins at this point.
    pub(super) fn text(&mut self, class: &str, (x, y): (usize, usize), text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(r#" class="{class}""#) };
        let _ = writeln!(self.body, r#"<text{class} x="{x}" y="{y}">{}</text>"#, text::xml(text));
    }

    /// Elements that belong together, and show `title` under the pointer.
    pub(super) fn group(&mut self, class: &str, title: &str, draw: impl FnOnce(&mut Sheet)) {
        let _ = write!(self.body, r#"<g class="{class}">"#);
        if !title.is_empty() {
            let _ = write!(self.body, "<title>{}</title>", text::xml(title));
        }
        draw(self);
        self.body.push_str("</g>\n");
    }

    /// An arrow along a vertical line. It has a head unless it is very short.
    pub(super) fn arrow(&mut self, x: usize, from: usize, to: usize) {
        let (tip, back) = if to > from { (to, "-7") } else { (to, "7") };
        self.path("halo", &format!("M{x} {from}V{to}"));
        self.path("line", &format!("M{x} {from}V{to}"));
        self.path("head", &format!("M{x} {tip}l-4 {back}h8z"));
    }

    /// The whole SVG, of this size.
    pub(super) fn finish(self, width: usize, height: usize, title: &str, about: &str) -> String {
        let (title, about, body) = (text::xml(title), text::xml(about), self.body);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="graphics-document" aria-labelledby="title" aria-describedby="about">
<title id="title">{title}</title>
<desc id="about">{about}</desc>
<style>{STYLE}</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><path class="hatch" d="M-1 1L1 -1M0 6L6 0M5 7L7 5"/></pattern></defs>
<rect class="ground" width="{width}" height="{height}" rx="8"/>
{body}</svg>
"#
        )
    }
}

/// About how wide a text of this font size is: too wide rather than too narrow.
pub(super) fn text_width(text: &str, size: usize) -> usize {
    let hundredths: usize = text.chars().map(|c| if c.is_ascii() { 55 } else { 100 }).sum();
    (hundredths * size).div_ceil(100)
}

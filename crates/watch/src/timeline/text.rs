//! Words and numbers for the pictures, and how each format wants them escaped.

use std::{fmt::Write, time::Duration};

/// A duration in three digits: `850 ns`, `3.25 ms`, `32.5 s`.
pub(crate) fn human(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (unit, name) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (nanos / unit, nanos % unit);
    match whole {
        0..10 => format!("{whole}.{:02} {name}", rest * 100 / unit),
        10..100 => format!("{whole}.{} {name}", rest * 10 / unit),
        _ => format!("{whole} {name}"),
    }
}

/// `1 task`, `2 tasks`, `12,345 tasks`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{text} {one}{plural}")
}

/// Text for XML, in an element or in an attribute. What XML cannot hold at all becomes U+FFFD.
pub(crate) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            c if c.is_control() => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text for a JSON string, with the quotes.
pub(crate) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    escaped.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped.push('"');
    escaped
}

/// Text for a label of a Mermaid diagram, where many signs mean something.
pub(crate) fn mermaid(text: &str) -> String {
    // Mermaid searches whole lines for these words with a colon behind them, and cuts the line.
    let colon_is_safe = !["style", "classDef", "wrap"].iter().any(|word| text.contains(word));
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_whitespace() => escaped.push(' '),
            c if c.is_control() => escaped.push('\u{FFFD}'),
            ':' if colon_is_safe => escaped.push(c),
            c if c.is_alphanumeric() || !c.is_ascii() || " _.,/()-+!?=*".contains(c) => {
                escaped.push(c);
            }
            c => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
        }
    }
    escaped
}

/// The first `width` characters of a text, with an ellipsis if that is not all.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let of = |nanos| human(Duration::from_nanos(nanos));
        assert_eq!(of(0), "0 ns");
        assert_eq!(of(999), "999 ns");
        assert_eq!(of(1_050), "1.05 µs");
        assert_eq!(of(32_560_000), "32.5 ms");
        assert_eq!(of(999_999_999), "999 ms");
        assert_eq!(of(75_000_000_000), "75.0 s");
        assert_eq!(of(7_500_000_000_000), "7500 s");
    }

    #[test]
    fn large_counts_are_grouped() {
        assert_eq!(count(1, "event"), "1 event");
        assert_eq!(count(999, "event"), "999 events");
        assert_eq!(count(1_234_567, "event"), "1,234,567 events");
    }

    #[test]
    fn each_format_is_escaped_in_its_own_way() {
        let name = "<a href=\"x\">&'\u{1b}\n;#:%";
        assert_eq!(xml(name), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\u{FFFD} ;#:%");
        assert_eq!(json(name), "\"<a href=\\\"x\\\">&'\\u001b\\u000a;#:%\"");
        assert_eq!(mermaid(name), "#60;a href=#34;x#34;#62;#38;#39;\u{FFFD} #59;#35;:#37;");
        assert_eq!(mermaid("style: a"), "style#58; a");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shorten("ピザ屋", 3), "ピザ屋");
        assert_eq!(shorten("ピザ屋さん", 3), "ピザ…");
    }
}

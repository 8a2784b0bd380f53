//! Where a link leads, and whether there is anything.

use std::collections::{BTreeMap, BTreeSet};

/// Where a link of a source page leads in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this address.
    To(String),
    /// Nowhere in the book: only the text is shown.
    Text,
}

/// Items of std that the guide links, with the kind that their address needs.
const STD: [(&str, &str); 10] = [
    ("std::future::poll_fn", "fn"),
    ("std::future::Future", "trait"),
    ("std::sync::MutexGuard", "struct"),
    ("std::task::Waker", "struct"),
    ("std::task::Wake", "trait"),
    ("std::task::Context", "struct"),
    ("std::task::Poll", "enum"),
    ("std::pin::Pin", "struct"),
    ("std::thread::park", "fn"),
    ("std::panic::catch_unwind", "fn"),
];

/// The address of an item of std, or of a method of one, in its documentation.
#[must_use]
pub fn std_address(path: &str) -> Option<String> {
    let path = path.trim_end_matches("()");
    let (item, kind) = STD.into_iter().find(|(item, _)| {
        path.strip_prefix(item).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })?;
    let (module, name) = item.rsplit_once("::")?;
    let method = path.strip_prefix(item)?.strip_prefix("::");
    let anchor = method.map_or(String::new(), |method| format!("#method.{method}"));
    let module = module.replace("::", "/");
    Some(format!("https://doc.rust-lang.org/{module}/{kind}.{name}.html{anchor}"))
}

/// A link as it stands in a paragraph: where it begins, its text, its address, and where it ends.
struct Link<'a> {
    begin: usize,
    text: &'a str,
    address: &'a str,
    end: usize,
    /// Whether it is a link to an item without an address, as rustdoc has it: [`std::task::Waker`].
    is_item: bool,
}

/// The next link of a paragraph from `from` on, outside of code. Its text may have brackets, and its address
/// parentheses.
fn next(text: &str, from: usize) -> Option<Link<'_>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'`' => at = text[at + 1..].find('`').map_or(bytes.len(), |end| at + end + 2),
            b'[' => {
                let link = link(text, at);
                if link.is_some() {
                    return link;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    None
}

/// The link that begins at a bracket, if one does.
fn link(text: &str, begin: usize) -> Option<Link<'_>> {
    let bytes = text.as_bytes();
    let close = closing(bytes, begin, b'[', b']')?;
    let inner = &text[begin + 1..close];
    if bytes.get(close + 1) == Some(&b'(') {
        let end = closing(bytes, close + 1, b'(', b')')?;
        let address = &text[close + 2..end];
        return Some(Link { begin, text: inner, address, end: end + 1, is_item: false });
    }
    let address = inner.strip_prefix('`')?.strip_suffix('`').filter(|it| !it.contains('`'))?;
    Some(Link { begin, text: inner, address, end: close + 1, is_item: true })
}

/// Where the bracket that opens at `open` is closed.
fn closing(bytes: &[u8], open: usize, opening: u8, closing: u8) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        if *byte == opening {
            depth += 1;
        } else if *byte == closing {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Turns the links of a paragraph.
#[must_use]
pub fn turn(paragraph: &str, resolve: &dyn Fn(&str) -> Target) -> String {
    let (mut turned, mut at) = (String::new(), 0);
    while let Some(link) = next(paragraph, at) {
        turned.push_str(&paragraph[at..link.begin]);
        let text = turn(link.text, resolve);
        // The API has no address that stays, so of a link to one of its items the text is left.
        let target = if link.is_item {
            std_address(link.address).map_or(Target::Text, Target::To)
        } else {
            resolve(link.address)
        };
        match target {
            Target::To(address) => turned.extend(["[", &text, "](", &address, ")"]),
            // A picture that the book does not have is left out with its mark.
            Target::Text if turned.ends_with('!') => {
                turned.pop();
                turned.push_str(&text);
            }
            Target::Text => turned.push_str(&text),
        }
        at = link.end;
    }
    turned.push_str(&paragraph[at..]);
    turned
}

/// Writes out the links whose address stands elsewhere on the page (`[name]: address`). Of two
/// definitions of a link, the first holds.
#[must_use]
pub fn inline_definitions(text: &str) -> String {
    let mut definitions = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, address)) = definition(line) {
            definitions.entry(format!("[{name}]")).or_insert(address);
        }
    }
    let mut inlined = String::new();
    for line in text.lines().filter(|line| definition(line).is_none()) {
        let mut line = line.to_owned();
        for (name, address) in &definitions {
            line = line.replace(name, &format!("{name}({address})"));
        }
        inlined.push_str(&line);
        inlined.push('\n');
    }
    inlined
}

/// `[name]: address`
fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, address) = line.strip_prefix('[')?.split_once("]: ")?;
    (!address.contains(' ')).then_some((name, address))
}

/// The addresses of a page of the book: of its links, pictures and frames.
#[must_use]
pub fn addresses(page: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    let prose = prose(page).collect::<Vec<_>>().join("\n");
    for paragraph in prose.split("\n\n") {
        let mut at = 0;
        while let Some(link) = next(paragraph, at) {
            addresses.push(link.address.to_owned());
            // There may be another one in its text: a picture that is a link.
            at = if link.text.contains("](") { link.begin + 1 } else { link.end };
        }
        for attribute in ["src=\"", "href=\"", "data=\""] {
            let values =
                paragraph.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
            addresses.extend(values.map(str::to_owned));
        }
    }
    addresses
}

/// The anchors of a page: of its headings, as mdBook makes them.
#[must_use]
pub fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let chars = heading.chars().filter_map(|char| match char {
        ' ' => Some('-'),
        '-' | '_' => Some(char),
        _ if char.is_alphanumeric() => Some(char.to_ascii_lowercase()),
        _ => None,
    });
    chars.collect()
}

/// The lines that are no code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

//! The replays that `docs/teaching.md` lists as slides, and the steps at which to stop.

#[path = "../../../tests/support/example.rs"]
mod example;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Where the page says that its links lead.
const ADDRESS: &str = "](http://127.0.0.1:8000/";

/// A line of the tables: a replay, a step of it or one of its marks, and what is shown there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Slide {
    replay: String,
    at: At,
    shown: String,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum At {
    Step(usize),
    Mark(String),
}

/// The slides that a page lists.
fn slides(page: &str) -> Vec<Slide> {
    let slide = |line: &str| {
        let (link, rest) = line.split_once(ADDRESS)?.1.split_once(')')?;
        let shown = rest.split('|').nth(1)?.trim().to_owned();
        let (file, step) = match link.split_once("#step=") {
            Some((file, step)) => (file, Some(step.parse().expect("a number"))),
            None => (link, None),
        };
        let mark = || Some(rest.split_once('“')?.1.split_once('”')?.0.to_owned());
        let at = step.map_or_else(|| At::Mark(mark().expect("a mark")), At::Step);
        Some(Slide { replay: file.trim_end_matches(".html").to_owned(), at, shown })
    };
    page.lines().filter(|line| line.starts_with('|')).filter_map(slide).collect()
}

/// What a replay recorded, in the words of the tables.
struct Run {
    events: Vec<String>,
    marks: Vec<String>,
}

impl Run {
    fn read(file: &Path) -> Run {
        let page = fs::read_to_string(file).expect("the replay");
        let run = page.split_once("id=\"run\">").expect("the run").1;
        let run: Value = serde_json::from_str(run.split_once("</script>").unwrap().0).unwrap();
        let mut names = BTreeMap::new();
        let mut clients = ["serve(A)", "serve(B)"].into_iter();
        for task in run["tasks"].as_array().unwrap() {
            let name = task["name"].as_str().or(task["id"].as_str()).expect("a name");
            // The port of a client differs from run to run.
            let is_client = name.starts_with("serve 127.");
            let name = if is_client { clients.next().expect("two") } else { name };
            names.insert(task["n"].as_i64().unwrap(), name.to_owned());
        }
        let events = run["events"].as_array().unwrap().iter().map(|event| in_words(event, &names));
        let marks = run["marks"].as_array().unwrap().iter();
        let marks = marks.map(|mark| mark[1].as_str().unwrap().to_owned()).collect();
        Run { events: events.collect(), marks }
    }

    fn has(&self, slide: &Slide) -> bool {
        match &slide.at {
            At::Step(step) => {
                let event = self.events.get(step - 1);
                event.is_some_and(|event| !event.is_empty() && slide.shown.starts_with(event))
            }
            At::Mark(mark) => self.marks.contains(mark),
        }
    }
}

/// How the tables begin to say what is shown at an event.
fn in_words(event: &Value, names: &BTreeMap<i64, String>) -> String {
    let name = event[2].as_i64().and_then(|task| names.get(&task)).map_or("", String::as_str);
    match event[1].as_str().unwrap() {
        "parked" => "the thread sleeps".to_owned(),
        "os" => "an event of a socket".to_owned(),
        "poll" => format!("`{name}` is polled"),
        "pending" => format!("`{name}` returns Pending"),
        "ready" => format!("`{name}` returns Ready"),
        "woken" => format!("`{name}` is woken"),
        "warned" => format!("a warning about `{name}`"),
        _ => String::new(),
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).expect(file)
}

fn make_replays() -> PathBuf {
    let folder = env::temp_dir().join(format!("pizzaiolo-slides-{}", std::process::id()));
    let output = Command::new(example::binary("replays")).arg(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    folder
}

/// The replays are real runs with clients, so on a busy machine one may have a step more. Then another run
/// has to be the one that the page describes.
#[test]
fn each_slide_of_the_teachers_page_shows_what_the_page_says() {
    let mut open = slides(&read("docs/teaching.md"));
    assert!(open.len() > 40, "only {} slides", open.len());
    for _ in 0..20 {
        let folder = make_replays();
        open.retain(|slide| !Run::read(&folder.join(format!("{}.html", slide.replay))).has(slide));
        fs::remove_dir_all(folder).unwrap();
        if open.is_empty() {
            return;
        }
    }
    panic!("no run had this: {open:#?}");
}

/// A translation shows the same steps.
#[test]
fn the_japanese_page_lists_the_same_slides() {
    let places = |file: &str| {
        let slides = slides(&read(file)).into_iter();
        slides.map(|slide| (slide.replay, slide.at)).collect::<Vec<_>>()
    };
    assert_eq!(places("docs/teaching.md"), places("docs/ja/teaching.md"));
}

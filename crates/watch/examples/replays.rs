//! Writes the replays that the documentation speaks of into a folder, with a page that lists them:
//!
//! ```text
//! cargo run -p pizzaiolo-watch --example replays -- target/replays
//! ```
//!
//! They are the table T1 to T7, a wake of each kind (`who_wakes`), steps 5, 7, 8, 10 and 11 of the ladder, and
//! every program of the gallery of hangs, wrong and cured. Open `index.html` in the folder.

#[path = "../../../examples/pizza-server/connections.rs"]
mod connections;

#[path = "../../../examples/gallery/main.rs"]
#[expect(dead_code, reason = "its command line")]
mod gallery;

#[path = "../../../examples/pizza-server/server.rs"]
#[expect(dead_code, reason = "the server uses more of it")]
mod server;

#[path = "../../../examples/pizza-server/sockets.rs"]
mod sockets;

#[path = "../../../tests/programs/table.rs"]
mod table;

#[path = "../../../examples/who_wakes.rs"]
#[expect(dead_code, reason = "its command line")]
mod who_wakes;

use std::{
    cell::Cell,
    env,
    fmt::Write,
    fs, io, panic,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Mutex,
    time::Duration,
};

use pizzaiolo::{
    Executor,
    trace::{Event, Observer},
};
use pizzaiolo_watch::Timeline;

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("usage: replays FOLDER"));
    };
    fs::create_dir_all(&folder)?;
    let mut links = String::new();
    let mut link = |file: &str, text: &str| {
        let _ = writeln!(links, "<li><a href=\"{file}\">{text}</a></li>");
    };

    let (timeline, names) = table::run(Duration::from_millis(40));
    table::mark(&timeline, &names);
    fs::write(folder.join("table.html"), timeline.to_html())?;
    link("table.html", "T1 to T7: the pizza server and two clients");

    let timeline = Rc::new(Timeline::new());
    who_wakes::run(Rc::clone(&timeline))?;
    fs::write(folder.join("who_wakes.html"), timeline.to_html())?;
    link("who_wakes.html", "A wake of each kind");

    gallery::also(|| Box::new(Scribe::default()));
    // Some of them panic on purpose.
    panic::set_hook(Box::new(|_| {}));
    for exhibit in &gallery::EXHIBITS {
        for (kind, run) in [("wrong", exhibit.wrong), ("cured", exhibit.cured)] {
            let file = format!("{}-{kind}.html", exhibit.name);
            let path = folder.join(&file);
            set_page(Some(&path));
            run();
            set_page(None);
            if path.exists() {
                link(&file, &format!("{}, {kind}", exhibit.name));
            }
        }
    }
    for (step, run) in ladder_recorded::STEPS {
        let file = format!("ladder-{step}.html");
        fs::write(folder.join(&file), pizzaiolo_watch::page_of_json(&run()?))?;
        link(&file, &format!("Step {step} of the ladder"));
    }
    let timeline = Rc::new(Timeline::new());
    let executor = Executor::builder().observer(Rc::clone(&timeline)).build()?;
    for (when, text) in ladder_recorded::step11(&executor)? {
        timeline.mark(when, text);
    }
    let (read, stands) = ladder_recorded::STEP11;
    let page = timeline.to_html().replace(read, stands);
    fs::write(folder.join("ladder-11.html"), page)?;
    link("ladder-11.html", "Step 11 of the ladder");

    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Replays</title>\n\
         <h1>Replays of real runs</h1>\n<ul>\n{links}</ul>\n</html>\n"
    );
    fs::write(folder.join("index.html"), page)?;
    println!("Open {}", folder.join("index.html").display());
    Ok(())
}

/// Where the run of the current program is written.
static PAGE: Mutex<Option<PathBuf>> = Mutex::new(None);

fn set_page(path: Option<&Path>) {
    *PAGE.lock().expect("no writer panics") = path.map(Path::to_owned);
}

/// Writes the page again at each event that may be the last one: a program that hangs never ends.
#[derive(Default)]
struct Scribe {
    timeline: Timeline,
    /// How many events there were.
    events: Cell<usize>,
}

/// The page is written again for so many events. A program that runs for longer does not hang in one of
/// its first polls.
const FIRST: usize = 200;

impl Observer for Scribe {
    fn on_event(&self, event: &Event) {
        self.timeline.on_event(event);
        self.events.set(self.events.get() + 1);
        if self.events.get() <= FIRST {
            self.write();
        }
    }
}

impl Scribe {
    fn write(&self) {
        if self.events.get() == 0 {
            // A program without an executor.
            return;
        }
        if let Some(path) = &*PAGE.lock().expect("no writer panics") {
            if let Err(error) = fs::write(path, self.timeline.to_html()) {
                eprintln!("{}: {error}", path.display());
            }
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.write();
    }
}

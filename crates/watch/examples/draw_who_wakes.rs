//! Draws the run of the example `who_wakes`, which the guide shows:
//! `cargo run -p pizzaiolo-watch --example draw_who_wakes -- who_wakes.svg`.

#[path = "../../../examples/who_wakes.rs"]
#[expect(dead_code, reason = "its command line")]
mod who_wakes;

use std::{env, fs, io, rc::Rc};

use pizzaiolo_watch::Timeline;

fn main() -> io::Result<()> {
    let Some(path) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: draw_who_wakes FILE.svg"));
    };
    let timeline = Rc::new(Timeline::new());
    who_wakes::run(Rc::clone(&timeline))?;
    fs::write(path, timeline.to_svg())
}

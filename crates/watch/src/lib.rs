//! Watch a pizzaiolo executor: record a run, and draw it.
//!
//! Everything here stands on the public [`Observer`](pizzaiolo::trace::Observer) alone. So it is
//! also an example of what such an observer can do.
//!
//! [`Timeline`] records. It draws what it has recorded as an SVG, as a Mermaid diagram, as a trace for
//! Perfetto, and as a page that steps through the run.
//!
//! [`serve`] shows the same page of a program while it runs.
//!
//! ```
//! use std::rc::Rc;
//! use pizzaiolo::Executor;
//! use pizzaiolo_watch::Timeline;
//!
//! let timeline = Rc::new(Timeline::new());
//! let executor = Executor::builder().observer(Rc::clone(&timeline)).build()?;
//! executor.block_on(async { pizzaiolo::yield_now().await });
//! assert!(timeline.to_svg().starts_with("<svg"));
//! # Ok::<(), std::io::Error>(())
//! ```

mod live;
mod replay;
mod timeline;

pub use self::{
    live::{Live, serve},
    replay::{Replay, page_of_json},
    timeline::Timeline,
};

//! Where there are no signals, the server runs until the process is ended.
#![expect(clippy::unnecessary_wraps, clippy::unused_async, reason = "with signals, it can fail")]

use std::{future::pending, io};

use pizzaiolo::Executor;

pub(crate) struct Watch;

impl Watch {
    pub(crate) fn new() -> io::Result<Watch> {
        Ok(Watch)
    }

    pub(crate) async fn stop(self, _: &Executor) -> io::Result<()> {
        pending().await
    }
}

pub(crate) fn end_at_the_second() -> io::Result<()> {
    Ok(())
}

pub(crate) fn raise() {}

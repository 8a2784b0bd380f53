//! A task: its future, and what is known of it.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use conformance::{BoxFuture, LocalFuture};

use crate::header::Header;

/// A future that is a task, and its header.
pub(crate) struct Task {
    pub(crate) future: Option<Future>,
    pub(crate) header: Arc<Header>,
    pub(crate) polled: bool,
    pub(crate) aborted: bool,
}

/// Both kinds: what must be `Send`, and what need not be.
pub(crate) enum Future {
    Send(BoxFuture),
    Local(LocalFuture<'static>),
}

impl Future {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Future::Send(future) => future.as_mut().poll(cx),
            Future::Local(future) => future.as_mut().poll(cx),
        }
    }
}

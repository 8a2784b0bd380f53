//! One connection, and its two ends.

use std::{
    cell::{Cell, RefCell},
    io,
    net::{Shutdown, SocketAddr},
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use pizzaiolo::time::Sleep;

use super::{network::Shared, pipe::Pipe};

/// One end of a connection. Dropping it closes that end.
pub(super) struct End {
    network: Rc<Shared>,
    /// What this end writes, and what it reads.
    out: Rc<Pipe>,
    into: Rc<Pipe>,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    /// It has sent a reset.
    is_reset: Cell<bool>,
    /// Reads come to the end at once.
    is_read_shut: Cell<bool>,
    /// The timers of the poll functions, one a direction.
    pub(super) read_timer: RefCell<Option<Sleep>>,
    pub(super) write_timer: RefCell<Option<Sleep>>,
}

/// Makes both ends of a connection: the client's, and the server's.
pub(super) fn connection(network: &Rc<Shared>, client: SocketAddr, server: SocketAddr) -> [End; 2] {
    let there = Rc::new(Pipe::new(client.ip(), server.ip()));
    let back = Rc::new(Pipe::new(server.ip(), client.ip()));
    network.add_pipes([&there, &back]);
    let end = |out: &Rc<Pipe>, into: &Rc<Pipe>, local, peer| End {
        network: Rc::clone(network),
        out: Rc::clone(out),
        into: Rc::clone(into),
        local,
        peer,
        is_reset: Cell::new(false),
        is_read_shut: Cell::new(false),
        read_timer: RefCell::default(),
        write_timer: RefCell::default(),
    };
    [end(&there, &back, client, server), end(&back, &there, server, client)]
}

impl End {
    pub(super) fn poll_read(
        &self,
        buf: &mut [u8],
        timer: &mut Option<Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.is_read_shut.get() {
            return Poll::Ready(Ok(0));
        }
        self.into.poll_read(&self.network, buf, timer, cx)
    }

    pub(super) fn poll_write(
        &self,
        buf: &[u8],
        timer: &mut Option<Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.out.poll_write(&self.network, &self.into, buf, timer, cx)
    }

    pub(super) fn shutdown(&self, how: Shutdown) {
        if how != Shutdown::Write {
            self.is_read_shut.set(true);
            self.into.wake_all();
        }
        if how != Shutdown::Read {
            self.out.end(&self.network);
        }
    }

    /// Breaks the connection.
    pub(super) fn reset(&self) {
        if !self.is_reset.replace(true) {
            self.out.send_reset(&self.network, Duration::ZERO);
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // It wakes the peer's writers that wait for room: they have to see when a reset arrives.
        match self.into.abandon() {
            Some(Duration::ZERO) => self.reset(),
            _ if self.is_reset.get() => {}
            on_the_way => {
                self.out.end(&self.network);
                // What arrives after the end is answered by a reset.
                if let Some(pause) = on_the_way {
                    self.out.send_reset(&self.network, pause);
                }
            }
        }
    }
}

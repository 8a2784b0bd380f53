//! One direction of a connection: packets that are on the way, or wait to be read.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use pizzaiolo::time::{self, Sleep};

use super::{network::Shared, waiters::Waiters};

pub(super) struct Pipe {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    state: RefCell<State>,
    readers: Waiters,
    writers: Waiters,
}

#[derive(Default)]
struct State {
    packets: VecDeque<Packet>,
    /// The bytes that are on the way, or wait to be read.
    len: usize,
    /// Until then the wire is busy with what was written before.
    busy_until: Option<Instant>,
    /// The writer has said that nothing follows.
    is_ended: bool,
    /// Nothing is read any more.
    is_unread: bool,
}

struct Packet {
    /// `None`: it is held back, because of a partition.
    arrives: Option<Instant>,
    content: Content,
}

enum Content {
    /// Bytes, and how many of them were read.
    Data(Vec<u8>, usize),
    End,
    Reset,
}

impl Packet {
    fn has_arrived(&self, now: Instant) -> bool {
        self.arrives.is_some_and(|arrives| arrives <= now)
    }

    fn is_reset(&self) -> bool {
        matches!(self.content, Content::Reset)
    }
}

/// Polls a timer that is made when it is needed.
fn poll_at(at: Instant, timer: &mut Option<Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    if timer.as_ref().is_none_or(|timer| timer.deadline() != Some(at)) {
        *timer = Some(time::sleep_until(at));
    }
    match timer {
        Some(sleep) => Pin::new(sleep).poll(cx),
        None => Poll::Pending,
    }
}

impl Pipe {
    pub(super) fn new(from: IpAddr, to: IpAddr) -> Pipe {
        Pipe {
            from,
            to,
            state: RefCell::default(),
            readers: Waiters::default(),
            writers: Waiters::default(),
        }
    }

    /// Reads what has arrived.
    pub(super) fn poll_read(
        &self,
        network: &Shared,
        buf: &mut [u8],
        timer: &mut Option<Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if buf.is_empty() || self.state.borrow().is_unread {
                return Poll::Ready(Ok(0));
            }
            let now = time::now();
            let arrives = match self.state.borrow().packets.front() {
                Some(packet) if packet.has_arrived(now) => break,
                Some(packet) => packet.arrives,
                None => None,
            };
            // An earlier packet never comes behind a later one, but a reset may take the place of all.
            self.readers.add(cx.waker());
            let Some(at) = arrives else { return Poll::Pending };
            if poll_at(at, timer, cx).is_pending() {
                return Poll::Pending;
            }
        }
        let result = self.take(network, buf);
        self.writers.wake_all();
        Poll::Ready(result)
    }

    fn take(&self, network: &Shared, buf: &mut [u8]) -> io::Result<usize> {
        let (mut state, now) = (self.state.borrow_mut(), time::now());
        let there = |packet: &&Packet| packet.has_arrived(now);
        let data =
            state.packets.iter().take_while(there).map_while(|packet| match &packet.content {
                Content::Data(bytes, read) => Some(bytes.len() - read),
                _ => None,
            });
        let available: usize = data.sum();
        if available == 0 {
            let is_reset = state.packets.front().is_some_and(Packet::is_reset);
            return if is_reset { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(0) };
        }
        let len = network.cut(available.min(buf.len()));
        let mut filled = 0;
        while filled < len {
            let Some(Packet { content: Content::Data(bytes, read), .. }) =
                state.packets.front_mut()
            else {
                break;
            };
            let part = (bytes.len() - *read).min(len - filled);
            buf[filled..filled + part].copy_from_slice(&bytes[*read..*read + part]);
            (*read, filled) = (*read + part, filled + part);
            if *read == bytes.len() {
                state.packets.pop_front();
            }
        }
        state.len -= len;
        Ok(len)
    }

    /// Writes as much as there is room for. The peer's own pipe is `back`: a reset comes that way.
    pub(super) fn poll_write(
        &self,
        network: &Shared,
        back: &Pipe,
        buf: &[u8],
        timer: &mut Option<Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let reset_arrives = back.reset_arrives();
            let is_reset = reset_arrives.is_some_and(|at| at <= time::now());
            if self.state.borrow().is_ended || is_reset {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let room = network.capacity().saturating_sub(self.state.borrow().len);
            if room > 0 || buf.is_empty() {
                return Poll::Ready(Ok(self.write(network, back, &buf[..room.min(buf.len())])));
            }
            self.writers.add(cx.waker());
            let Some(at) = reset_arrives else { return Poll::Pending };
            if poll_at(at, timer, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Writes what there is room for, or a part of it.
    fn write(&self, network: &Shared, back: &Pipe, buf: &[u8]) -> usize {
        if !self.state.borrow().is_unread {
            let len = network.cut(buf.len());
            self.send(network, Content::Data(buf[..len].to_vec(), 0), len, Duration::ZERO);
            return len;
        }
        // It comes to an end that is gone, which answers with a reset.
        if !back.has_reset() {
            back.send_reset(network, network.delay());
        }
        buf.len()
    }

    /// Says whether a reset has been sent.
    fn has_reset(&self) -> bool {
        self.state.borrow().packets.back().is_some_and(Packet::is_reset)
    }

    /// Returns when the reset arrives, if one was sent and is not held back.
    fn reset_arrives(&self) -> Option<Instant> {
        let state = self.state.borrow();
        state.packets.back().filter(|packet| packet.is_reset())?.arrives
    }

    /// Sends a packet that leaves after `pause`.
    fn send(&self, network: &Shared, content: Content, len: usize, pause: Duration) {
        if matches!(&content, Content::Data(bytes, _) if bytes.is_empty()) {
            return;
        }
        let mut state = self.state.borrow_mut();
        let begins = state.busy_until.unwrap_or_else(time::now).max(time::now() + pause);
        let leaves = begins + network.time_for(len);
        state.busy_until = Some(leaves);
        let is_partitioned = network.is_partitioned(self.from, self.to);
        let arrives = (!is_partitioned).then(|| leaves + network.delay());
        state.packets.push_back(Packet { arrives, content });
        state.len += len;
        drop(state);
        self.readers.wake_all();
    }

    /// Says that nothing follows. Writes fail from now on.
    pub(super) fn end(&self, network: &Shared) {
        if !std::mem::replace(&mut self.state.borrow_mut().is_ended, true) {
            self.send(network, Content::End, 0, Duration::ZERO);
            self.writers.wake_all();
        }
    }

    /// Breaks the connection, from this pipe's writer to its reader, after `pause`.
    pub(super) fn send_reset(&self, network: &Shared, pause: Duration) {
        self.state.borrow_mut().is_ended = true;
        self.send(network, Content::Reset, 0, pause);
    }

    /// Notes that nothing is read from it any more. Returns in how long the last bytes arrive that
    /// nothing reads: zero if they are there. `None` if there are no such bytes.
    pub(super) fn abandon(&self) -> Option<Duration> {
        let (mut state, now) = (self.state.borrow_mut(), time::now());
        let data = |packet: &&Packet| matches!(packet.content, Content::Data(..));
        let last = state.packets.iter().rev().find(data).map(|packet| packet.arrives);
        state.is_unread = true;
        drop(state);
        self.wake_all();
        // What a partition holds back arrives when it is over. So does the reset.
        last.map(|arrives| arrives.map_or(Duration::ZERO, |at| at.saturating_duration_since(now)))
    }

    /// Wakes all that wait for it, on both sides.
    pub(super) fn wake_all(&self) {
        self.readers.wake_all();
        self.writers.wake_all();
    }

    /// Holds back what is on the way.
    pub(super) fn hold(&self) {
        let (mut state, now) = (self.state.borrow_mut(), time::now());
        for packet in &mut state.packets {
            if !packet.has_arrived(now) {
                packet.arrives = None;
            }
        }
    }

    /// Sends again what was held back.
    pub(super) fn release(&self, network: &Shared) {
        let at = time::now() + network.delay();
        let mut state = self.state.borrow_mut();
        state.packets.iter_mut().for_each(|packet| _ = packet.arrives.get_or_insert(at));
        drop(state);
        self.wake_all();
    }
}

//! The network: its latency and bandwidth, its listeners, and the hosts that do not reach each other.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    fmt,
    future::poll_fn,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs},
    rc::{Rc, Weak},
    task::Poll,
    time::Duration,
};

use pizzaiolo::time;

use super::{
    TcpListener, TcpStream, conn::connection, listener::Queue, pipe::Pipe, waiters::Waiters,
};
use crate::{choose, random::Random};

/// The bytes that may be on the way or wait to be read, in each direction of a connection.
const CAPACITY: usize = 64 * 1024;

/// The first port that is given for port 0.
const FIRST_PORT: u16 = 49_152;

/// A network in memory. A clone is the same network again. See the [module](super).
#[derive(Clone)]
pub struct Network {
    shared: Rc<Shared>,
}

pub(super) struct Shared {
    latency: Cell<Duration>,
    /// Bytes a second; `None` if a wire takes any number at once.
    bandwidth: Cell<Option<u64>>,
    capacity: Cell<usize>,
    pieces: RefCell<Pieces>,
    listeners: RefCell<HashMap<SocketAddr, Rc<Queue>>>,
    next_port: Cell<u16>,
    /// The pairs of hosts that do not reach each other, each with the lower one first.
    partitions: RefCell<HashSet<(IpAddr, IpAddr)>>,
    /// The tasks that connect, and wait until they reach the host.
    connecting: Waiters,
    pipes: RefCell<Vec<Weak<Pipe>>>,
}

/// Into which pieces reads and writes are cut.
enum Pieces {
    Whole,
    Random(Random),
    /// As the explorer says.
    Explored,
}

impl Default for Network {
    fn default() -> Network {
        Network::new()
    }
}

impl Network {
    /// Creates a network without latency, with wires of any bandwidth.
    #[must_use]
    pub fn new() -> Network {
        let shared = Shared {
            latency: Cell::default(),
            bandwidth: Cell::default(),
            capacity: Cell::new(CAPACITY),
            pieces: RefCell::new(Pieces::Whole),
            listeners: RefCell::default(),
            next_port: Cell::new(FIRST_PORT),
            partitions: RefCell::default(),
            connecting: Waiters::default(),
            pipes: RefCell::default(),
        };
        Network { shared: Rc::new(shared) }
    }

    /// Sets how long each byte is on the way. To connect takes twice as long.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Network {
        self.shared.latency.set(latency);
        self
    }

    /// Sets how many bytes a second each direction of each connection takes.
    ///
    /// # Panics
    ///
    /// If it is 0: that is a [partition](Network::partition).
    #[must_use]
    pub fn bandwidth(self, bytes_per_second: u64) -> Network {
        assert!(bytes_per_second > 0, "a network of no bandwidth is a partition");
        self.shared.bandwidth.set(Some(bytes_per_second));
        self
    }

    /// Sets how many bytes may be on the way or wait to be read, in each direction of a connection; 64
    /// KiB unless this is called, and at least 1. Then writes wait.
    #[must_use]
    pub fn capacity(self, bytes: usize) -> Network {
        self.shared.capacity.set(bytes.max(1));
        self
    }

    /// Cuts each read and each write to a random length, the same each time for the same seed.
    #[must_use]
    pub fn pieces(self, seed: u64) -> Network {
        *self.shared.pieces.borrow_mut() = Pieces::Random(Random::new(seed));
        self
    }

    /// Cuts each read and each write as the explorer says: it takes all, or one byte, or half. These are
    /// [choices](crate::choose): keep the messages small.
    #[must_use]
    pub fn explored_pieces(self) -> Network {
        *self.shared.pieces.borrow_mut() = Pieces::Explored;
        self
    }

    /// Listens at an address. Port 0 is one that is free.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse). And if the address cannot be read: write it in numbers,
    /// for a name is looked up by the OS.
    pub fn bind(&self, addr: impl ToSocketAddrs) -> io::Result<TcpListener> {
        let mut addr = first(addr)?;
        if addr.port() == 0 {
            addr.set_port(self.shared.free_port());
        }
        let mut listeners = self.shared.listeners.borrow_mut();
        if listeners.contains_key(&addr) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let queue = Rc::new(Queue::default());
        listeners.insert(addr, Rc::clone(&queue));
        Ok(TcpListener::new(Rc::clone(&self.shared), addr, queue))
    }

    /// Connects from the host 127.0.0.1. See [`Host::connect`].
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nothing listens there. And if the
    /// address cannot be read.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, there is no connection; if the listener has accepted it, it is at its end.
    pub async fn connect(&self, addr: impl ToSocketAddrs) -> io::Result<TcpStream> {
        self.host(Ipv4Addr::LOCALHOST).connect(addr).await
    }

    /// Returns a host of the network, to connect from. Any address is one of a host.
    pub fn host(&self, ip: impl Into<IpAddr>) -> Host {
        Host { ip: ip.into(), network: self.clone() }
    }

    /// Begins a partition between two hosts: what is on the way between them is held back, and so is what
    /// they send from now on. No operation fails because of that, but a timeout of the program may.
    pub fn partition(&self, a: impl Into<IpAddr>, b: impl Into<IpAddr>) {
        let pair = ordered(a.into(), b.into());
        self.shared.partitions.borrow_mut().insert(pair);
        self.shared.for_pipes(pair, Pipe::hold);
    }

    /// Ends a partition. What was held back arrives after the latency.
    pub fn heal(&self, a: impl Into<IpAddr>, b: impl Into<IpAddr>) {
        let pair = ordered(a.into(), b.into());
        self.shared.partitions.borrow_mut().remove(&pair);
        self.shared.for_pipes(pair, |pipe| pipe.release(&self.shared));
        self.shared.connecting.wake_all();
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("latency", &self.shared.latency.get())
            .field("bandwidth", &self.shared.bandwidth.get())
            .field("listeners", &self.shared.listeners.borrow().len())
            .finish_non_exhaustive()
    }
}

/// A host of a [`Network`].
#[derive(Clone, Debug)]
pub struct Host {
    ip: IpAddr,
    network: Network,
}

impl Host {
    /// Connects to a listener. It takes twice the latency, and waits while the hosts are
    /// [partitioned](Network::partition).
    ///
    /// # Errors
    ///
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nothing listens there. And if the
    /// address cannot be read.
    ///
    /// # Cancel safety
    ///
    /// As for [`Network::connect`].
    pub async fn connect(&self, addr: impl ToSocketAddrs) -> io::Result<TcpStream> {
        let (server, shared) = (first(addr)?, &self.network.shared);
        shared.travel(self.ip, server.ip()).await;
        let queue = shared.listeners.borrow().get(&server).cloned();
        let accepted = queue.map(|queue| {
            let client = SocketAddr::new(self.ip, shared.free_port());
            let [ours, theirs] = connection(shared, client, server);
            queue.push(TcpStream::new(theirs));
            ours
        });
        shared.travel(server.ip(), self.ip).await;
        match accepted {
            Some(end) => Ok(TcpStream::new(end)),
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }
}

impl Shared {
    pub(super) fn capacity(&self) -> usize {
        self.capacity.get()
    }

    pub(super) fn delay(&self) -> Duration {
        self.latency.get()
    }

    /// Returns how long the wire is busy with this number of bytes.
    pub(super) fn time_for(&self, bytes: usize) -> Duration {
        let Some(rate) = self.bandwidth.get() else { return Duration::ZERO };
        let nanos = bytes as u128 * 1_000_000_000 / u128::from(rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Returns how many of `len` bytes one read or write takes: at least one.
    pub(super) fn cut(&self, len: usize) -> usize {
        match &*self.pieces.borrow() {
            _ if len < 2 => len,
            Pieces::Whole => len,
            Pieces::Random(random) => 1 + random.below(len),
            Pieces::Explored if len < 4 => [len, 1][choose(2)],
            Pieces::Explored => [len, 1, len / 2][choose(3)],
        }
    }

    pub(super) fn is_partitioned(&self, a: IpAddr, b: IpAddr) -> bool {
        self.partitions.borrow().contains(&ordered(a, b))
    }

    pub(super) fn remove_listener(&self, addr: SocketAddr) {
        self.listeners.borrow_mut().remove(&addr);
    }

    /// Waits as long as a packet takes from one host to another.
    async fn travel(&self, from: IpAddr, to: IpAddr) {
        poll_fn(|cx| {
            if self.is_partitioned(from, to) {
                self.connecting.add(cx.waker());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        if !self.delay().is_zero() {
            time::sleep(self.delay()).await;
        }
    }

    fn free_port(&self) -> u16 {
        let port = self.next_port.get();
        self.next_port.set(port.checked_add(1).unwrap_or(FIRST_PORT));
        port
    }

    /// Notes the pipes of a connection, for partitions.
    pub(super) fn add_pipes(&self, pair: [&Rc<Pipe>; 2]) {
        let mut pipes = self.pipes.borrow_mut();
        if pipes.len() == pipes.capacity() {
            // Before it grows, the pipes of closed connections are removed.
            pipes.retain(|pipe| pipe.strong_count() > 0);
        }
        pipes.extend(pair.map(Rc::downgrade));
    }

    fn for_pipes(&self, pair: (IpAddr, IpAddr), f: impl Fn(&Pipe)) {
        let pipes: Vec<_> = self.pipes.borrow().iter().filter_map(Weak::upgrade).collect();
        pipes.iter().filter(|pipe| ordered(pipe.from, pipe.to) == pair).for_each(|pipe| f(pipe));
    }
}

fn ordered(a: IpAddr, b: IpAddr) -> (IpAddr, IpAddr) {
    (a.min(b), a.max(b))
}

fn first(addr: impl ToSocketAddrs) -> io::Result<SocketAddr> {
    addr.to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

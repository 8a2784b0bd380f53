//! Options of UDP sockets.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::UdpSocket;

/// Options of the socket.
impl UdpSocket {
    /// Returns how many routers a datagram may pass.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets how many routers a datagram may pass.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }

    /// Says whether the socket may send to a broadcast address (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.io.get_ref().broadcast()
    }

    /// Sets whether the socket may send to a broadcast address (`SO_BROADCAST`). At first it may
    /// not.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.io.get_ref().set_broadcast(broadcast)
    }

    /// Joins the group at `multiaddr` with the interface that has the address `interface`
    /// (`0.0.0.0`: one that the OS chooses), to receive what is sent to it.
    ///
    /// # Errors
    ///
    /// The OS's: there is no such interface, or the address is not one for multicast.
    pub fn join_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.io.get_ref().join_multicast_v4(multiaddr, interface)
    }

    /// Leaves the group that [`join_multicast_v4`](UdpSocket::join_multicast_v4) has joined.
    ///
    /// # Errors
    ///
    /// The OS's: the socket is not in that group.
    pub fn leave_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v4(multiaddr, interface)
    }

    /// Joins the group at `multiaddr` with the interface of the index `interface` (0: one that
    /// the OS chooses), to receive what is sent to it.
    ///
    /// # Errors
    ///
    /// The OS's: there is no such interface, or the address is not one for multicast.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves the group that [`join_multicast_v6`](UdpSocket::join_multicast_v6) has joined.
    ///
    /// # Errors
    ///
    /// The OS's: the socket is not in that group.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v6(multiaddr, interface)
    }

    /// Says whether this machine gets what the socket sends to an IPv4 group, if it is in it.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.io.get_ref().multicast_loop_v4()
    }

    /// Sets whether this machine gets what the socket sends to an IPv4 group, if it is in it.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_multicast_loop_v4(&self, multicast_loop: bool) -> io::Result<()> {
        self.io.get_ref().set_multicast_loop_v4(multicast_loop)
    }

    /// Says whether this machine gets what the socket sends to an IPv6 group, if it is in it.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.io.get_ref().multicast_loop_v6()
    }

    /// Sets whether this machine gets what the socket sends to an IPv6 group, if it is in it.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_multicast_loop_v6(&self, multicast_loop: bool) -> io::Result<()> {
        self.io.get_ref().set_multicast_loop_v6(multicast_loop)
    }

    /// Returns how many routers a datagram to an IPv4 group may pass.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.io.get_ref().multicast_ttl_v4()
    }

    /// Sets how many routers a datagram to an IPv4 group may pass. At first it stays on this
    /// network: 1.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_multicast_ttl_v4(ttl)
    }
}

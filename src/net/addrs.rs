//! Addresses of sockets, and how they are looked up.
//!
//! std's `ToSocketAddrs` calls the OS's resolver, which blocks the thread. So this crate has a trait of its
//! own: an address needs no lookup, and a name is looked up on another thread, or is refused.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    pin::Pin,
    task::{Context, Poll},
    vec,
};

/// What sockets connect to, are bound to, and send to: a [`SocketAddr`], several of them, an
/// [`IpAddr`] and a port, a host and a port, or a text such as `"127.0.0.1:80"` or `"localhost:80"`.
///
/// `localhost` is `127.0.0.1` and `::1`, without a lookup. Any other name needs the feature `dns`, and
/// a function that is awaited: see [`lookup_host`].
///
/// It is sealed: no other type can implement it.
///
/// ```compile_fail,E0277
/// struct Pizzeria;
///
/// impl pizzaiolo::net::ToAddrs for Pizzeria {}
/// ```
pub trait ToAddrs: Sealed {}

impl<T: Sealed + ?Sized> ToAddrs for T {}

/// What [`ToAddrs`] is made of.
pub trait Sealed {
    fn to_addrs(&self) -> io::Result<Addrs>;
}

/// One or several addresses, or the name of some.
#[derive(Debug)]
pub enum Addrs {
    One(SocketAddr),
    Several(Vec<SocketAddr>),
    Name(String, u16),
}

impl Sealed for SocketAddr {
    fn to_addrs(&self) -> io::Result<Addrs> {
        Ok(Addrs::One(*self))
    }
}

/// Implements the trait for what std makes an address of.
macro_rules! one_address {
    ($($type:ty),* $(,)?) => {$(
        impl Sealed for $type {
            fn to_addrs(&self) -> io::Result<Addrs> {
                Ok(Addrs::One(SocketAddr::from(*self)))
            }
        }
    )*};
}
one_address!(SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl Sealed for [SocketAddr] {
    fn to_addrs(&self) -> io::Result<Addrs> {
        Ok(Addrs::Several(self.to_vec()))
    }
}

impl<const N: usize> Sealed for [SocketAddr; N] {
    fn to_addrs(&self) -> io::Result<Addrs> {
        self[..].to_addrs()
    }
}

impl Sealed for Vec<SocketAddr> {
    fn to_addrs(&self) -> io::Result<Addrs> {
        self[..].to_addrs()
    }
}

impl Sealed for (&str, u16) {
    fn to_addrs(&self) -> io::Result<Addrs> {
        Ok(of_host(self.0, self.1))
    }
}

impl Sealed for (String, u16) {
    fn to_addrs(&self) -> io::Result<Addrs> {
        Ok(of_host(&self.0, self.1))
    }
}

impl Sealed for str {
    fn to_addrs(&self) -> io::Result<Addrs> {
        if let Ok(addr) = self.parse() {
            return Ok(Addrs::One(addr));
        }
        let parts = self.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match parts {
            Some((host, port)) => Ok(of_host(host, port)),
            None => Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("{self:?} is no address: it must be of the form `host:port`"),
            )),
        }
    }
}

impl Sealed for String {
    fn to_addrs(&self) -> io::Result<Addrs> {
        self[..].to_addrs()
    }
}

impl<T: Sealed + ?Sized> Sealed for &T {
    fn to_addrs(&self) -> io::Result<Addrs> {
        (**self).to_addrs()
    }
}

fn of_host(host: &str, port: u16) -> Addrs {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Addrs::One((ip, port).into());
    }
    if host.eq_ignore_ascii_case("localhost") {
        let loopbacks: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Addrs::Several(loopbacks.map(|ip| (ip, port).into()).to_vec());
    }
    Addrs::Name(host.to_owned(), port)
}

/// Returns the addresses, for a function that is not awaited.
///
/// # Errors
///
/// If they would have to be looked up.
pub(super) fn without_lookup(addrs: &impl ToAddrs) -> io::Result<Vec<SocketAddr>> {
    match addrs.to_addrs()? {
        Addrs::One(addr) => Ok(vec![addr]),
        Addrs::Several(addrs) => Ok(addrs),
        Addrs::Name(host, _) => Err(io::Error::new(
            ErrorKind::Unsupported,
            format!(
                "{host:?} is a name, and this function looks none up: await \
                 `pizzaiolo::net::lookup_host`, and give it an address"
            ),
        )),
    }
}

/// The address of a socket, as a text for people: ` at 127.0.0.1:80`, say, or nothing if it has no
/// address.
#[inline]
pub(super) fn place_of(addr: io::Result<SocketAddr>, preposition: &str) -> String {
    addr.map(|addr| format!(" {preposition} {addr}")).unwrap_or_default()
}

/// Looks up the addresses of a host: the future yields an iterator of them, in the order in which they
/// are to be tried. Families alternate, as RFC 8305 has it, beginning with the one that the OS put
/// first. An address is its own answer; so is `localhost`.
///
/// With the feature `dns` the OS's resolver is asked on a thread of the crate `blocking`. Without it a
/// name is an error that says so: this crate starts no thread by itself.
///
/// ```
/// use pizzaiolo::net;
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let addrs = net::lookup_host("localhost:80").await?;
///     assert!(addrs.into_iter().all(|addr| addr.ip().is_loopback()));
///     Ok(())
/// })
/// # }
/// ```
///
/// # Errors
///
/// The resolver's: there is no such name, or it cannot be asked. `Unsupported` if a name is to be
/// looked up and the feature `dns` is off. `InvalidInput` if a text is no address and no name with a
/// port.
///
/// # Cancel safety
///
/// Dropping the future loses nothing but the answer.
pub fn lookup_host(host: impl ToAddrs) -> LookupHost {
    LookupHost(Lookup::of(&host))
}

/// The future that [`lookup_host`] returns.
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct LookupHost(Lookup);

impl Future for LookupHost {
    type Output = io::Result<vec::IntoIter<SocketAddr>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx)
    }
}

/// A lookup, or what needs none.
#[derive(Debug)]
pub(super) enum Lookup {
    /// Not polled yet; `None` once it has yielded.
    New(Option<io::Result<Addrs>>),
    #[cfg(feature = "dns")]
    Asked(blocking::Task<io::Result<Vec<SocketAddr>>>),
}

impl Lookup {
    pub(super) fn of(addrs: &impl ToAddrs) -> Lookup {
        Lookup::New(Some(addrs.to_addrs()))
    }

    /// The same, but one address is itself at once: a lookup would put it into a vector, which is too
    /// much for each datagram.
    pub(super) fn unless_one(addrs: &impl ToAddrs) -> Result<SocketAddr, Lookup> {
        match addrs.to_addrs() {
            Ok(Addrs::One(addr)) => Ok(addr),
            addrs => Err(Lookup::New(Some(addrs))),
        }
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<vec::IntoIter<SocketAddr>>> {
        match self {
            Lookup::New(addrs) => match addrs.take() {
                Some(Ok(Addrs::One(addr))) => Poll::Ready(Ok(vec![addr].into_iter())),
                Some(Ok(Addrs::Several(addrs))) => Poll::Ready(Ok(addrs.into_iter())),
                Some(Ok(Addrs::Name(host, port))) => self.ask(cx, host, port),
                Some(Err(error)) => Poll::Ready(Err(error)),
                None => panic!("a lookup was polled after it had yielded"),
            },
            #[cfg(feature = "dns")]
            Lookup::Asked(task) => Pin::new(task).poll(cx).map_ok(Vec::into_iter),
        }
    }

    #[cfg(feature = "dns")]
    fn ask(
        &mut self,
        cx: &mut Context<'_>,
        host: String,
        port: u16,
    ) -> Poll<io::Result<vec::IntoIter<SocketAddr>>> {
        *self = Lookup::asked(move || std::net::ToSocketAddrs::to_socket_addrs(&(host, port)));
        self.poll(cx)
    }

    /// Calls `resolve`, which blocks, on another thread.
    #[cfg(feature = "dns")]
    fn asked<A: Iterator<Item = SocketAddr>>(
        resolve: impl FnOnce() -> io::Result<A> + Send + 'static,
    ) -> Lookup {
        Lookup::Asked(blocking::unblock(move || Ok(alternate(resolve()?.collect()))))
    }

    #[cfg(not(feature = "dns"))]
    #[expect(clippy::unused_self, clippy::needless_pass_by_value, reason = "as with the feature")]
    fn ask(
        &mut self,
        _: &mut Context<'_>,
        host: String,
        _: u16,
    ) -> Poll<io::Result<vec::IntoIter<SocketAddr>>> {
        Poll::Ready(Err(io::Error::new(
            ErrorKind::Unsupported,
            format!(
                "{host:?} is a name that has to be looked up: turn on the feature `dns` of the crate \
                 pizzaiolo, or look it up on another thread and give its addresses"
            ),
        )))
    }
}

/// Puts the addresses of the two families in turns, beginning with that of the first. Within a family
/// the order stays.
#[cfg(any(feature = "dns", all(test, not(loom))))]
fn alternate(addrs: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v4 = addrs.first().is_some_and(SocketAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) =
        addrs.into_iter().partition(|addr| addr.is_ipv4() == first_is_v4);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::with_capacity(first.len() + second.len());
    while first.len() + second.len() > 0 {
        all.extend(first.next());
        all.extend(second.next());
    }
    all
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn addrs(addrs: &[&str]) -> Vec<SocketAddr> {
        addrs.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn families_alternate_beginning_with_the_first() {
        let given = addrs(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let expected = addrs(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(alternate(given), expected);
        let given = addrs(&["1.1.1.1:1", "[::1]:1", "[::2]:1"]);
        assert_eq!(alternate(given.clone()), given);
        assert_eq!(alternate(Vec::new()), []);
    }

    #[cfg(feature = "dns")]
    #[test]
    fn a_resolver_that_blocks_stops_no_timer_and_no_task_and_its_answers_alternate() {
        use std::{sync::mpsc, thread, time::Duration};

        use crate::time::{interval, timeout};

        /// Only a hang takes so long.
        const A_HANG: Duration = Duration::from_secs(60);

        let ((called, calls), (answer, answers)) = (mpsc::channel(), mpsc::channel());
        let resolve = move || {
            called.send(thread::current().id()).expect("the test waits");
            let answers: Vec<_> = answers.recv_timeout(A_HANG).expect("the test answers");
            Ok(answers.into_iter())
        };
        let answers = crate::block_on(async {
            let mut lookup = LookupHost(Lookup::asked(resolve));
            let resolver = calls.recv_timeout(A_HANG).expect("it is called");
            assert_ne!(resolver, thread::current().id());
            let ticks = crate::spawn(async {
                let mut interval = interval(Duration::from_millis(1));
                for _ in 0..5 {
                    interval.tick().await;
                }
            });
            assert!(timeout(Duration::from_millis(50), &mut lookup).await.is_err());
            ticks.await.expect("it ticks");
            answer.send(addrs(&["[::1]:1", "[::2]:1", "1.1.1.1:1"])).expect("it waits");
            timeout(A_HANG, lookup).await.expect("it is woken").expect("there are answers")
        });
        assert_eq!(answers.collect::<Vec<_>>(), addrs(&["[::1]:1", "1.1.1.1:1", "[::2]:1"]));
    }
}

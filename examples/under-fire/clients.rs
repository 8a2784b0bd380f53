//! Clients of the pizza server, the pleasant ones and the others, as tasks of this crate.
//!
//! All of them check each reply that they get.

use std::{
    cell::{Cell, RefCell},
    io::{self, ErrorKind},
    net::{Shutdown, SocketAddr},
    rc::Rc,
    time::{Duration, Instant},
};

use pizzaiolo::{
    net::TcpStream,
    spawn,
    time::{sleep, timeout},
};
use socket2::{Domain, SockRef, Socket, Type};

/// An order that fills a read of the server's. However a stream of them is cut, there is one
/// number at most in each read.
pub(crate) const BIG_ORDER: [u8; 1024] = {
    let mut order = [b' '; 1024];
    order[1023] = b'7';
    order
};

const THANKS: &str = "Thank you for ordering 7 pizzas!\n";
const WRONG: &str = "Wrong number of pizzas, please try again.\n";

/// What the clients have seen together.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) connections: Cell<u64>,
    /// Orders that were sent and answered.
    pub(crate) orders: Cell<u64>,
    /// Replies that were not what they have to be.
    pub(crate) wrong: Cell<u64>,
    /// Orders of clients that waited for their reply, and got none.
    pub(crate) lost: Cell<u64>,
    /// The times between order and reply, of the pleasant clients, if all of them are requested.
    pub(crate) latencies: RefCell<Option<Vec<Duration>>>,
    pub(crate) worst: Cell<Duration>,
    /// The server is stopping: from now on, a closed connection is not a lost reply.
    pub(crate) stopping: Cell<bool>,
}

impl Tally {
    pub(crate) fn add(counter: &Cell<u64>) {
        counter.set(counter.get() + 1);
    }

    /// Counts an order by what became of it.
    fn count(&self, result: io::Result<bool>) -> io::Result<()> {
        match result {
            Ok(right) => {
                Tally::add(&self.orders);
                if !right {
                    Tally::add(&self.wrong);
                }
                Ok(())
            }
            Err(error) => {
                if !self.stopping.get() {
                    Tally::add(&self.lost);
                }
                Err(error)
            }
        }
    }
}

/// One client's end of a connection.
pub(crate) struct Client {
    stream: TcpStream,
    tally: Rc<Tally>,
    /// What was read and is no whole line yet.
    line: RefCell<Vec<u8>>,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr, tally: &Rc<Tally>) -> io::Result<Client> {
        Ok(Client::new(TcpStream::connect(addr).await?, tally))
    }

    fn new(stream: TcpStream, tally: &Rc<Tally>) -> Client {
        Tally::add(&tally.connections);
        Client { stream, tally: Rc::clone(tally), line: RefCell::default() }
    }

    /// With small buffers and packets: if it does not read, the server can soon write no more.
    pub(crate) fn connect_narrow(addr: SocketAddr, tally: &Rc<Tally>) -> io::Result<Client> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        socket.set_recv_buffer_size(4096)?;
        #[cfg(unix)]
        socket.set_tcp_mss(536)?;
        // On the loopback this does not wait for the server, only for the OS.
        socket.connect(&addr.into())?;
        Ok(Client::new(std::net::TcpStream::from(socket).try_into()?, tally))
    }

    /// Orders, and waits for the reply.
    pub(crate) async fn order(&self, number: u64) -> io::Result<()> {
        let order = number.to_string();
        let expected = format!("Thank you for ordering {number} pizzas!\n");
        let start = Instant::now();
        let result = self.exchange(order.as_bytes(), expected.as_bytes()).await;
        let took = start.elapsed();
        self.tally.worst.set(self.tally.worst.get().max(took));
        if let Some(latencies) = &mut *self.tally.latencies.borrow_mut() {
            latencies.push(took);
        }
        self.tally.count(result)
    }

    async fn exchange(&self, order: &[u8], expected: &[u8]) -> io::Result<bool> {
        self.stream.write_all(order).await?;
        let mut reply = vec![0; expected.len()];
        self.stream.read_exact(&mut reply).await?;
        Ok(reply == expected)
    }

    /// Reads some of the replies to [`BIG_ORDER`]s, and returns how many came to their end.
    async fn read_some(&self, buf: &mut [u8]) -> io::Result<u64> {
        let len = self.stream.read(buf).await?;
        if len == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut line = self.line.borrow_mut();
        let mut replies = 0;
        for byte in &buf[..len] {
            line.push(*byte);
            if *byte == b'\n' {
                replies += 1;
                Tally::add(&self.tally.orders);
                if *line != THANKS.as_bytes() && *line != WRONG.as_bytes() {
                    Tally::add(&self.tally.wrong);
                }
                line.clear();
            }
        }
        Ok(replies)
    }

    fn reset_when_dropped(&self) {
        // If the connection is reset already, there is nothing to set.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}

/// Orders without a pause, for as long as `go_on`.
pub(crate) async fn regular(
    addr: SocketAddr,
    tally: Rc<Tally>,
    go_on: impl Fn() -> bool,
) -> io::Result<()> {
    let client = Client::connect(addr, &tally).await?;
    let mut number = 1;
    while go_on() {
        client.order(number).await?;
        number = number * 7 % 1_000_003;
    }
    Ok(())
}

/// Fills the server's buffers with orders and never reads a reply.
pub(crate) async fn deaf(addr: SocketAddr, tally: Rc<Tally>) -> io::Result<()> {
    let client = Client::connect_narrow(addr, &tally)?;
    loop {
        client.stream.write_all(&BIG_ORDER).await?;
    }
}

/// Orders without end, and reads its replies a few bytes at a time.
pub(crate) async fn slow_reader(addr: SocketAddr, tally: Rc<Tally>) -> io::Result<()> {
    let client = Rc::new(Client::connect_narrow(addr, &tally)?);
    let writer = spawn({
        let client = Rc::clone(&client);
        async move { while client.stream.write_all(&BIG_ORDER).await.is_ok() {} }
    });
    let mut buf = [0; 16];
    let error = loop {
        sleep(Duration::from_millis(50)).await;
        if let Err(error) = client.read_some(&mut buf).await {
            break error;
        }
    };
    writer.abort();
    Err(error)
}

/// Orders without a pause what is seldom a number, for as long as `go_on`. The numbers 1 and so on
/// are turned into an order, and the reply that is due, by `order`.
pub(crate) async fn babble(
    addr: SocketAddr,
    tally: Rc<Tally>,
    order: impl Fn(u64) -> (Vec<u8>, String),
    go_on: impl Fn() -> bool,
) -> io::Result<()> {
    let client = Client::connect(addr, &tally).await?;
    for number in 1.. {
        if !go_on() {
            break;
        }
        let (order, reply) = order(number);
        tally.count(client.exchange(&order, reply.as_bytes()).await)?;
    }
    Ok(())
}

/// Sends a byte a second.
pub(crate) async fn trickle(addr: SocketAddr, tally: Rc<Tally>) -> io::Result<()> {
    let client = Client::connect(addr, &tally).await?;
    loop {
        let result = client.exchange(b"7", THANKS.as_bytes()).await;
        tally.count(result)?;
        sleep(Duration::from_secs(1)).await;
    }
}

/// Sends orders without pause or end, and reads all replies.
pub(crate) async fn flood(addr: SocketAddr, tally: Rc<Tally>) -> io::Result<()> {
    flood_of(u64::MAX, addr, tally).await
}

/// Sends 100 MB of orders, and reads all replies.
pub(crate) async fn hundred_megabytes(addr: SocketAddr, tally: Rc<Tally>) -> io::Result<()> {
    flood_of(100_000_000, addr, tally).await
}

async fn flood_of(bytes: u64, addr: SocketAddr, tally: Rc<Tally>) -> io::Result<()> {
    let client = Rc::new(Client::connect(addr, &tally).await?);
    let writer = spawn({
        let client = Rc::clone(&client);
        async move {
            let orders = BIG_ORDER.repeat(64);
            let mut sent = 0;
            while sent < bytes {
                let part = orders.len().min(usize::try_from(bytes - sent).unwrap_or(orders.len()));
                client.stream.write_all(&orders[..part]).await?;
                sent += part as u64;
            }
            client.stream.shutdown(Shutdown::Write)
        }
    });
    let mut buf = vec![0; 1 << 16];
    loop {
        match client.read_some(&mut buf).await {
            Ok(_) => {}
            // All was sent, and all was answered: the server has hung up too.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && writer.is_finished() => {
                return writer.await?;
            }
            Err(error) => {
                writer.abort();
                return Err(error);
            }
        }
    }
}

/// So many clients leave in every way there is: most of the ways are taken often, those that take
/// long once.
pub(crate) const A_ROUND_OF_LEAVERS: u64 = 500;

/// Connects, and leaves in the way that falls to this number.
pub(crate) async fn leave(addr: SocketAddr, tally: &Rc<Tally>, number: u64) -> io::Result<()> {
    match number % A_ROUND_OF_LEAVERS {
        498 => leave_unheard(addr, tally, false).await,
        499 => leave_unheard(addr, tally, true).await,
        _ => leave_quickly(addr, tally, number).await,
    }
}

/// It does not read until the server, which writes a reply, has to wait; and leaves then.
async fn leave_unheard(addr: SocketAddr, tally: &Rc<Tally>, reset: bool) -> io::Result<()> {
    let client = Client::connect_narrow(addr, tally)?;
    while let Ok(sent) =
        timeout(Duration::from_millis(20), client.stream.write_all(&BIG_ORDER)).await
    {
        sent?;
    }
    if reset {
        client.reset_when_dropped();
    }
    Ok(())
}

async fn leave_quickly(addr: SocketAddr, tally: &Rc<Tally>, way: u64) -> io::Result<()> {
    let client = Client::connect(addr, tally).await?;
    let many = BIG_ORDER.repeat(32);
    match way % 10 {
        // Before its first byte: with the end of the stream, and with a reset.
        0 => {}
        1 => client.reset_when_dropped(),
        // When it has its reply.
        2 => client.order(way).await?,
        3 => {
            client.order(way).await?;
            client.reset_when_dropped();
        }
        // It says that it has no more orders, and waits for its reply and the end.
        4 => {
            let expected = format!("Thank you for ordering {way} pizzas!\n");
            client.stream.write_all(way.to_string().as_bytes()).await?;
            client.stream.shutdown(Shutdown::Write)?;
            let mut reply = vec![0; expected.len()];
            let result = client.stream.read_exact(&mut reply).await;
            tally.count(result.map(|()| reply == expected.as_bytes()))?;
            if client.stream.read(&mut reply).await? != 0 {
                Tally::add(&tally.wrong);
            }
        }
        // In the middle of an order.
        5 => client.stream.write_all(b"4").await?,
        6 => {
            client.stream.write_all(b"4").await?;
            client.reset_when_dropped();
        }
        // While the server reads and writes without having to wait.
        7 => drop(client.stream.write(&many).await?),
        8 => {
            client.stream.write_all(&many).await?;
            client.reset_when_dropped();
        }
        // With both halves, and an order on its way.
        _ => {
            client.stream.write_all(b"4").await?;
            client.stream.shutdown(Shutdown::Both)?;
        }
    }
    Ok(())
}

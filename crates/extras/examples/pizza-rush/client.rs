//! One client: order, read the whole reply, order again.

use std::{
    cell::{Cell, RefCell},
    io::{self, ErrorKind, Write},
    rc::Rc,
    time::Instant,
};

use pizzaiolo::net::TcpStream;

use crate::{
    options::{Options, Until},
    tally::Tally,
};

/// Longer than any reply of the protocol.
const REPLY_SIZE: usize = 256;

/// One order in so many is no number.
const WRONG_EVERY: u64 = 16;

/// What neither Rust nor Python takes for a whole number.
const NO_NUMBERS: [&str; 6] = ["margherita", "1.5", "1 2", "+-5", "0x10", "7 pizzas"];

/// What all clients share.
pub(crate) struct Rush {
    until: Until,
    started: Instant,
    /// How many orders were begun.
    ordered: Cell<u64>,
    pub(crate) tally: RefCell<Tally>,
}

impl Rush {
    pub(crate) fn new(options: &Options, tally: Tally) -> Rush {
        Rush {
            until: options.until,
            started: Instant::now(),
            ordered: Cell::new(0),
            tally: RefCell::new(tally),
        }
    }

    /// The number of the next order, unless there is to be none.
    fn next_order(&self) -> Option<u64> {
        let serial = self.ordered.get();
        let over = match self.until {
            Until::Elapsed(duration) => self.started.elapsed() >= duration,
            Until::Ordered(orders) => serial == orders,
        };
        if over {
            return None;
        }
        self.ordered.set(serial + 1);
        Some(serial)
    }
}

/// Orders until the rush is over or the connection is of no more use. What a client cannot order
/// any more, the others do.
pub(crate) async fn client(stream: TcpStream, rush: Rc<Rush>) {
    if let Err(error) = converse(&stream, &rush).await {
        rush.tally.borrow_mut().failed(error.to_string());
    }
}

async fn converse(stream: &TcpStream, rush: &Rush) -> io::Result<()> {
    let (mut order, mut expected) = (Vec::new(), Vec::new());
    let mut reply = [0; REPLY_SIZE];
    while let Some(serial) = rush.next_order() {
        write_order(serial, &mut order, &mut expected)?;
        let ordered = Instant::now();
        stream.write_all(&order).await?;
        let len = read_reply(stream, &mut reply).await?;
        let answered = Instant::now();

        let reply = &reply[..len];
        let mut tally = rush.tally.borrow_mut();
        tally.answer(answered, answered - ordered);
        if reply != expected {
            tally.wrong_reply(&order, reply, &expected);
            if reply.iter().position(|byte| *byte == b'\n') != Some(len - 1) {
                // It is not known which order the next reply answers.
                return Err(io::Error::new(ErrorKind::InvalidData, "a reply is not one line"));
            }
        }
    }
    Ok(())
}

/// Reads up to a newline, or until there is more than any reply has. Returns the length.
async fn read_reply(stream: &TcpStream, reply: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    loop {
        let read = stream.read(&mut reply[len..]).await?;
        if read == 0 {
            let begun = String::from_utf8_lossy(&reply[..len]);
            let message = format!("the server hung up after {begun:?} of a reply");
            return Err(io::Error::new(ErrorKind::UnexpectedEof, message));
        }
        let new = &reply[len..len + read];
        len += read;
        if new.contains(&b'\n') || len == reply.len() {
            return Ok(len);
        }
    }
}

/// Writes an order, and the reply that it must get.
fn write_order(serial: u64, order: &mut Vec<u8>, expected: &mut Vec<u8>) -> io::Result<()> {
    order.clear();
    expected.clear();
    if serial % WRONG_EVERY == WRONG_EVERY - 1 {
        // Each in its turn.
        let turn = serial / WRONG_EVERY % NO_NUMBERS.len() as u64;
        let word = NO_NUMBERS[usize::try_from(turn).expect("it is less than the length")];
        writeln!(order, "{word}")?;
        writeln!(expected, "Wrong number of pizzas, please try again.")
    } else {
        let pizzas = number(serial);
        writeln!(order, "{pizzas}")?;
        writeln!(expected, "Thank you for ordering {pizzas} pizzas!")
    }
}

/// Numbers of both signs and all lengths that 64 bits have.
fn number(serial: u64) -> i64 {
    // The odd number nearest to 2⁶⁴ over the golden ratio: each product is unlike its neighbours.
    let mixed = serial.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    i64::from_ne_bytes(mixed.to_ne_bytes()) >> (serial % 61)
}

//! Properties of what the pizza server makes of a client's bytes, whatever they are.

use std::{
    cell::{Cell, RefCell},
    io,
    net::{Ipv4Addr, Shutdown},
    rc::Rc,
};

use proptest::{collection::vec, prelude::*, sample::select};

#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../../../examples/pizza-server/connections.rs"]
mod connections;
#[path = "../../../tests/pizza_server/meaning.rs"]
mod meaning;
#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../../../examples/pizza-server/server.rs"]
mod server;
#[path = "../../../examples/pizza-server/sockets.rs"]
mod sockets;

use connections::{Connections, Freed};
use meaning::{meaning, reply_to};
use server::{BUFFER_SIZE, parse_order, serve};
use sockets::Stream;

/// Bytes that are an order more often than chance would have it.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let parts = select(vec![
        "0",
        "1",
        "9",
        "42",
        "007",
        "+",
        "-",
        " ",
        "\t",
        "\r\n",
        "\u{a0}",
        "\u{3000}",
        "٣",
        "\0",
        "9223372036854775807",
        "9223372036854775808",
    ]);
    prop_oneof![
        vec(any::<u8>(), 1..=BUFFER_SIZE),
        vec(parts, 1..8).prop_map(|parts| parts.concat().into_bytes()),
        (vec(any::<u8>(), 0..4), any::<i64>(), vec(any::<u8>(), 0..4)).prop_map(
            |(before, number, after)| [before, number.to_string().into_bytes(), after].concat()
        ),
    ]
}

fn white_space() -> impl Strategy<Value = String> {
    vec(select(vec![' ', '\t', '\r', '\n', '\u{b}', '\u{85}', '\u{2003}']), 0..9)
        .prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn an_order_is_what_its_digits_say_or_none(data in bytes()) {
        prop_assert_eq!(parse_order(&data), meaning(&data));
    }

    #[test]
    fn each_number_can_be_ordered(
        number: i64, before in white_space(), after in white_space(), zeros in 0..30_usize,
    ) {
        let sign = if number < 0 { "-" } else { "+" };
        let digits = format!("{:0>zeros$}", number.unsigned_abs());
        let order = format!("{before}{sign}{digits}{after}");
        prop_assert_eq!(parse_order(order.as_bytes()), Some(number));
        prop_assert_eq!(parse_order(number.to_string().as_bytes()), Some(number));
    }

    /// Each read has its reply, and that is made of nothing but the read.
    #[test]
    fn each_order_has_its_reply(orders in vec(bytes(), 0..12)) {
        let memory = Memory { orders: RefCell::new(orders.clone()), ..Memory::default() };
        pizzaiolo::block_on(async {
            let mut place = Rc::new(Connections::new(1, None, Freed::default())).place().await;
            let address = (Ipv4Addr::LOCALHOST, 1).into();
            serve(&mut place, &memory, address).await.expect("no error");
        });
        let replies: String = orders.iter().map(|order| reply_to(order)).collect();
        prop_assert_eq!(String::from_utf8(memory.replies.take()), Ok(replies));
        prop_assert!(!memory.hung_up.get(), "the client hangs up");
    }
}

/// A client in memory: each of its orders comes with a read of its own, and then it hangs up.
#[derive(Default)]
struct Memory {
    orders: RefCell<Vec<Vec<u8>>>,
    replies: RefCell<Vec<u8>>,
    hung_up: Cell<bool>,
}

impl Stream for Memory {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut orders = self.orders.borrow_mut();
        if orders.is_empty() {
            return Ok(0);
        }
        let order = orders.remove(0);
        buf[..order.len()].copy_from_slice(&order);
        Ok(order.len())
    }

    async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        self.replies.borrow_mut().extend_from_slice(buf);
        Ok(())
    }

    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.hung_up.set(true);
        Ok(())
    }
}

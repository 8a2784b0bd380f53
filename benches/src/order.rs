//! The work of one pizza order: trim, parse an integer, format the reply.
//!
//! Every server does this, and one write, so that only the runtime differs.

use std::fmt::{self, Write};

/// The most bytes that one order may have.
pub const ORDER_CAPACITY: usize = 1024;

/// Enough for the longest reply, which names `i64::MIN`.
const REPLY_CAPACITY: usize = 64;

/// A reply in a buffer of its own, so that an order allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    bytes: [u8; REPLY_CAPACITY],
    /// How many of the bytes are the reply.
    length: usize,
}

impl Reply {
    /// The reply to what one read gave.
    #[must_use]
    pub fn to(order: &[u8]) -> Self {
        let text = str::from_utf8(order).ok();
        match text.and_then(|text| text.trim().parse().ok()) {
            Some(pizzas) => Reply::thanks(pizzas),
            None => Reply::format(format_args!("Wrong number of pizzas, please try again.\n")),
        }
    }

    /// The reply to an order of that many pizzas.
    #[must_use]
    pub fn thanks(pizzas: i64) -> Self {
        Reply::format(format_args!("Thank you for ordering {pizzas} pizzas!\n"))
    }

    /// The reply's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn format(text: fmt::Arguments<'_>) -> Self {
        let mut reply = Reply { bytes: [0; REPLY_CAPACITY], length: 0 };
        reply.write_fmt(text).expect("the longest reply fits");
        reply
    }
}

impl Write for Reply {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

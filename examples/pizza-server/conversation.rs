//! One client's conversation: orders in, replies out. It knows no socket, so that it can be tried
//! in memory.

use std::{fmt::Display, io};

use log::info;

use crate::connections::Place;

/// One read of up to this many bytes is one order.
pub(crate) const BUFFER_SIZE: usize = 1024;

/// What a client talks over: a [`TcpStream`](pizzaiolo::net::TcpStream), or a part for it in a
/// test.
pub(crate) trait Line {
    /// Reads what has come. 0 is the end.
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize>;

    async fn write_all(&self, buf: &[u8]) -> io::Result<()>;

    /// Ends the conversation so that the client still gets all that was written. `scrap` is for
    /// what it says meanwhile.
    async fn hang_up(&self, scrap: &mut [u8]) -> io::Result<()>;
}

/// Takes orders until the client hangs up. If it idles too long, or if the server closes, the
/// server hangs up, with no order left without its reply.
pub(crate) async fn converse(
    conn: &impl Line,
    address: impl Display,
    place: &Place,
) -> io::Result<()> {
    let mut data = [0; BUFFER_SIZE];
    loop {
        let len = match place.listen(conn.read(&mut data)).await {
            Some(read) => read?,
            None => return conn.hang_up(&mut data).await,
        };
        if len == 0 {
            return Ok(());
        }
        let response = match parse_order(&data[..len]) {
            Some(order) => format!("Thank you for ordering {order} pizzas!\n"),
            None => "Wrong number of pizzas, please try again.\n".to_owned(),
        };
        info!("Sending message to {address}");
        place.speak(conn.write_all(response.as_bytes())).await?;
    }
}

/// The number in an order. White space around it is allowed, and a sign.
pub(crate) fn parse_order(data: &[u8]) -> Option<i64> {
    std::str::from_utf8(data).ok()?.trim().parse().ok()
}

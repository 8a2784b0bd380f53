//! As much of HTTP as the page needs: a request's head, and three kinds of answers.

use std::{io, net::SocketAddr, time::Duration};

use pizzaiolo::{net::TcpStream, time};

/// A longer head is refused: no browser sends one.
const MOST_BYTES: usize = 8 * 1024;

/// How many header lines a head may have.
const MOST_LINES: usize = 64;

/// A head that takes longer is refused: no browser is so slow.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a request asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Request {
    Page,
    Events,
    /// It gets this answer.
    Refused(Refusal),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    BadRequest,
    OtherHost,
    NotFound,
    NotGet,
    Crowded,
}

impl Refusal {
    fn line(self) -> &'static str {
        match self {
            Refusal::BadRequest => "400 Bad Request",
            Refusal::OtherHost => "403 Forbidden",
            Refusal::NotFound => "404 Not Found",
            Refusal::NotGet => "405 Method Not Allowed\r\nAllow: GET",
            Refusal::Crowded => "503 Service Unavailable",
        }
    }
}

/// Sent with every answer. No other site may read, embed or guess anything.
const HEADERS: &str = "Connection: close\r\n\
    Cache-Control: no-store\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n";

/// Reads a request's head.
///
/// # Errors
///
/// The OS's, or an end before the head's.
pub(crate) async fn receive(stream: &TcpStream) -> io::Result<Request> {
    let here = stream.local_addr()?;
    let receive = async {
        let mut head = vec![0; MOST_BYTES];
        let mut length = 0;
        loop {
            let n = stream.read(&mut head[length..]).await?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            length += n;
            if let Some(request) = parse(&head[..length], here) {
                return Ok(request);
            }
            if length == MOST_BYTES {
                return Ok(Request::Refused(Refusal::BadRequest));
            }
        }
    };
    time::timeout(PATIENCE, receive).await.unwrap_or(Ok(Request::Refused(Refusal::BadRequest)))
}

/// What a request to this address asks for; `None` if its head is not complete yet.
fn parse(head: &[u8], here: SocketAddr) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_LINES];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => return None,
        Ok(httparse::Status::Complete(_)) => {}
        Err(_) => return Some(Request::Refused(Refusal::BadRequest)),
    }
    let is_host = |name: &str| name.eq_ignore_ascii_case("host");
    let mut hosts = request.headers.iter().filter(|header| is_host(header.name));
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Some(Request::Refused(Refusal::BadRequest));
    };
    if !is_here(host.value, here) {
        return Some(Request::Refused(Refusal::OtherHost));
    }
    if request.method != Some("GET") {
        return Some(Request::Refused(Refusal::NotGet));
    }
    Some(match request.path {
        Some("/") => Request::Page,
        Some("/events") => Request::Events,
        _ => Request::Refused(Refusal::NotFound),
    })
}

/// Whether a `Host` is the address of this end of the connection, or `localhost` for a loopback address.
/// A page of another site may make its own name resolve to this address, but its requests still have
/// that name.
fn is_here(host: &[u8], here: SocketAddr) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let host = host.trim().to_ascii_lowercase();
    let ip = here.ip().to_canonical();
    let here = SocketAddr::new(ip, here.port());
    let is = |name: &str| {
        host == format!("{name}:{}", here.port()) || (here.port() == 80 && host == name)
    };
    let literal = match here {
        SocketAddr::V4(here) => here.ip().to_string(),
        SocketAddr::V6(here) => format!("[{}]", here.ip()),
    };
    is(&literal) || (ip.is_loopback() && is("localhost"))
}

/// Sends the page.
pub(crate) async fn send_page(stream: &TcpStream, page: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n{HEADERS}\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await
}

/// Sends the head of a stream of events, which ends with the connection.
pub(crate) async fn begin_events(stream: &TcpStream) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n{HEADERS}\r\nretry: 1000\n\n"
    );
    stream.write_all(head.as_bytes()).await
}

/// An event of the stream. The data is JSON of one line.
pub(crate) fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// Sends a refusal.
pub(crate) async fn refuse(stream: &TcpStream, refusal: Refusal) -> io::Result<()> {
    let line = refusal.line();
    let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n{HEADERS}\r\n");
    stream.write_all(answer.as_bytes()).await
}

/// Ends a connection so that the answer arrives: what the other side still sends is read for a
/// short while, because the OS would else cut the answer off with a reset.
pub(crate) async fn close(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(std::net::Shutdown::Write)?;
    let rest = async {
        let mut left = 64 * MOST_BYTES;
        let mut buffer = [0; 4096];
        while left > 0 {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => left = left.saturating_sub(n),
            }
        }
        Ok(())
    };
    time::timeout(Duration::from_secs(1), rest).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(head: &str) -> Option<Request> {
        parse(head.as_bytes(), "127.0.0.1:8080".parse().unwrap())
    }

    #[test]
    fn the_page_and_its_events_are_all_there_is() {
        let get = |path| asked(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"));
        assert_eq!(get("/"), Some(Request::Page));
        assert_eq!(get("/events"), Some(Request::Events));
        for path in ["/favicon.ico", "/../etc/passwd", "/events/", "http://127.0.0.1:8080/"] {
            assert_eq!(get(path), Some(Request::Refused(Refusal::NotFound)), "{path}");
        }
    }

    #[test]
    fn only_get_is_answered() {
        for method in ["POST", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            let request = asked(&format!("{method} / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"));
            assert_eq!(request, Some(Request::Refused(Refusal::NotGet)), "{method}");
        }
    }

    #[test]
    fn a_request_for_another_host_is_refused() {
        let hosts = [
            "evil.example:8080",
            "evil.example",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:8080.evil.example",
            "localhost",
            "0.0.0.0:8080",
            "192.0.2.1:8080",
            "",
        ];
        for host in hosts {
            let request = asked(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(request, Some(Request::Refused(Refusal::OtherHost)), "{host}");
        }
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"] {
            let request = asked(&format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"));
            assert_eq!(request, Some(Request::Page), "{host}");
        }
    }

    #[test]
    fn the_host_is_the_address_that_the_connection_came_to() {
        let is = |host: &str, here: &str| is_here(host.as_bytes(), here.parse().unwrap());
        assert!(is("[::1]:8080", "[::1]:8080") && is("localhost:8080", "[::1]:8080"));
        assert!(is("127.0.0.1:8080", "[::ffff:127.0.0.1]:8080"));
        assert!(is("192.0.2.1:8080", "192.0.2.1:8080"));
        assert!(!is("localhost:8080", "192.0.2.1:8080"));
        assert!(is("127.0.0.1", "127.0.0.1:80") && is("localhost", "127.0.0.1:80"));
    }

    #[test]
    fn what_is_no_request_is_bad_and_what_is_not_whole_is_waited_for() {
        let bad = Some(Request::Refused(Refusal::BadRequest));
        assert_eq!(asked("\u{0}\u{1}\r\n\r\n"), bad);
        assert_eq!(asked("GET / HTTP/1.1\r\n\r\n"), bad, "no host");
        assert_eq!(asked("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nHost: b\r\n\r\n"), bad);
        assert_eq!(asked(&format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100))), bad);
        assert_eq!(asked("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"), None);
    }
}

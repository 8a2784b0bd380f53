use hyper::rt;

/// Spawns what hyper wants to be spawned: with HTTP/2, each request of a connection.
///
/// hyper does not ask for `Send` here: it asks for a task of the future that it has, and that is
/// as `Send` as the service is. So the service may hold an `Rc`.
///
/// ```
/// use hyper::server::conn::http2;
///
/// let http = http2::Builder::new(pizzaiolo_protocols::Executor);
/// # drop(http);
/// ```
#[derive(Clone, Copy, Default, Debug)]
pub struct Executor;

impl<F> rt::Executor<F> for Executor
where
    F: Future + 'static,
    F::Output: 'static,
{
    /// # Panics
    ///
    /// If no executor runs on this thread.
    fn execute(&self, future: F) {
        pizzaiolo::spawn(future).detach();
    }
}

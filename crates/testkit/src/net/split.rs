//! The halves of a stream.

use std::{fmt, net::Shutdown, rc::Rc};

use super::{
    TcpStream,
    conn::End,
    stream::{reading, writing},
};

/// The half of a [`TcpStream`] that reads. Dropping it alone does nothing.
pub struct OwnedReadHalf {
    pub(super) end: Rc<End>,
}

/// The half of a [`TcpStream`] that writes. Dropping it ends its direction: the peer reads the end.
pub struct OwnedWriteHalf {
    pub(super) end: Rc<End>,
    /// Dropping it does nothing.
    pub(super) is_forgotten: bool,
}

reading!(OwnedReadHalf);
writing!(OwnedWriteHalf);

impl OwnedReadHalf {
    /// Makes the stream again. If the other half is of another stream, both come back.
    ///
    /// # Errors
    ///
    /// Both halves, if they are not of one stream.
    pub fn reunite(self, write: OwnedWriteHalf) -> Result<TcpStream, (Self, OwnedWriteHalf)> {
        if !Rc::ptr_eq(&self.end, &write.end) {
            return Err((self, write));
        }
        write.forget();
        Ok(TcpStream { end: self.end })
    }
}

impl OwnedWriteHalf {
    /// Drops it without ending its direction.
    pub fn forget(mut self) {
        self.is_forgotten = true;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if !self.is_forgotten {
            self.end.shutdown(Shutdown::Write);
        }
    }
}

impl fmt::Debug for OwnedReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedReadHalf").field("peer", &self.end.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedWriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedWriteHalf").field("peer", &self.end.peer).finish_non_exhaustive()
    }
}

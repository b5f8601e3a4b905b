//! Where a file's bytes come from: buffered, with the checksum of what has been handed out.
//!
//! A buffer of its own, because the checksum of one big piece is far cheaper than that of many small ones.

use crate::persistence::rdb::crc64;
use std::io::{self, Cursor, Read};

/// So much is read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// What follows a file in the same source.
pub type Rest<R> = io::Chain<Cursor<Vec<u8>>, R>;

pub(super) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    /// So much of the buffer has been filled.
    end: usize,
    /// What has been handed out of the buffer.
    at: usize,
    /// What is in the checksum of it.
    summed: usize,
    /// The checksum, where one is wanted.
    checksum: Option<u64>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R, checksum: bool) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER_BYTES],
            end: 0,
            at: 0,
            summed: 0,
            checksum: checksum.then_some(0),
        }
    }

    /// The checksum of everything handed out.
    pub(super) fn checksum(&mut self) -> Option<u64> {
        let piece = &self.buffer[self.summed..self.at];
        self.checksum = self.checksum.map(|crc| crc64::update(crc, piece));
        self.summed = self.at;
        self.checksum
    }

    /// What has not been handed out.
    pub(super) fn into_rest(mut self) -> Rest<R> {
        self.buffer.truncate(self.end);
        self.buffer.drain(..self.at);
        Cursor::new(self.buffer).chain(self.inner)
    }

    /// Reads on once everything has been handed out.
    fn fill(&mut self) -> io::Result<()> {
        self.checksum();
        (self.at, self.summed, self.end) = (0, 0, 0);
        self.end = read_some(&mut self.inner, &mut self.buffer)?;
        Ok(())
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            self.fill()?;
        }
        let there = &self.buffer[self.at..self.end];
        let count = there.len().min(room.len());
        room[..count].copy_from_slice(&there[..count]);
        self.at += count;
        Ok(count)
    }

    /// Nearly always everything is in the buffer.
    #[inline]
    fn read_exact(&mut self, room: &mut [u8]) -> io::Result<()> {
        if room.len() <= self.end - self.at {
            room.copy_from_slice(&self.buffer[self.at..self.at + room.len()]);
            self.at += room.len();
            return Ok(());
        }
        self.read_across(room)
    }
}

impl<R: Read> Source<R> {
    #[cold]
    fn read_across(&mut self, mut room: &mut [u8]) -> io::Result<()> {
        while !room.is_empty() {
            match self.read(room)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => room = &mut room[count..],
            }
        }
        Ok(())
    }
}

fn read_some(inner: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

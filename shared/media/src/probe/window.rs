//! A file seen through a small window, with a limit on how often it may be moved.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use super::ProbeError;

const STEPS: u32 = 4_000_000;
const BUFFER_BYTES: usize = 64 * 1024;

/// Reads small pieces at any place of a file of which the beginning, or all, is at hand.
pub(super) struct Window {
    file: File,
    held: u64,
    total: u64,
    steps: u32,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl Window {
    pub(super) fn new(file: File, held: u64, total: u64) -> Self {
        Self {
            file,
            held,
            total,
            steps: STEPS,
            buffer: Vec::new(),
            buffer_start: 0,
        }
    }

    /// Size of the whole file, in bytes.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Whether the place lies in the part at hand.
    pub(super) const fn holds(&self, place: u64) -> bool {
        place < self.held
    }

    /// Whether only the beginning is at hand.
    pub(super) const fn is_prefix(&self) -> bool {
        self.held < self.total
    }

    /// Up to `length` first bytes.
    pub(super) fn head(&mut self, length: usize) -> Result<Vec<u8>, ProbeError> {
        let length = usize::try_from(self.held).map_or(length, |held| held.min(length));
        Ok(self.take(0, length)?.to_vec())
    }

    /// All of it, if it is no larger than `limit` and at hand.
    pub(super) fn whole(&mut self, limit: u64) -> Result<Vec<u8>, ProbeError> {
        if self.total > limit {
            return Err(ProbeError::TooHeavy { bytes: self.total });
        }
        if self.is_prefix() {
            return Err(ProbeError::Incomplete);
        }
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&mut self.file).take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// `N` bytes at a place.
    pub(super) fn array<const N: usize>(&mut self, place: u64) -> Result<[u8; N], ProbeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(place, N)?);
        Ok(array)
    }

    /// Up to `length` bytes (at most 64 KiB) at a place, fewer at the end of the file.
    pub(super) fn some(&mut self, place: u64, length: u64) -> Result<&[u8], ProbeError> {
        let room = self.held.saturating_sub(place).min(length);
        let room = usize::try_from(room).map_or(BUFFER_BYTES, |room| room.min(BUFFER_BYTES));
        self.take(place, room)
    }

    pub(super) fn u32(&mut self, place: u64) -> Result<u32, ProbeError> {
        Ok(u32::from_be_bytes(self.array(place)?))
    }

    pub(super) fn u64(&mut self, place: u64) -> Result<u64, ProbeError> {
        Ok(u64::from_be_bytes(self.array(place)?))
    }

    fn take(&mut self, place: u64, length: usize) -> Result<&[u8], ProbeError> {
        self.steps = self
            .steps
            .checked_sub(1)
            .ok_or(ProbeError::Damaged("it is nested or split beyond reason"))?;
        let end = place
            .checked_add(length as u64)
            .ok_or(ProbeError::Damaged("a size in it overflows"))?;
        if end > self.held {
            return Err(if self.is_prefix() {
                ProbeError::Incomplete
            } else {
                ProbeError::Damaged("it ends too early")
            });
        }
        let buffered = self.buffer_start..self.buffer_start + self.buffer.len() as u64;
        if place < buffered.start || end > buffered.end {
            self.file.seek(SeekFrom::Start(place))?;
            self.buffer.clear();
            (&mut self.file)
                .take(BUFFER_BYTES.max(length) as u64)
                .read_to_end(&mut self.buffer)?;
            self.buffer_start = place;
        }
        usize::try_from(place - self.buffer_start)
            .ok()
            .and_then(|start| self.buffer.get(start..start + length))
            .ok_or(ProbeError::Damaged("it ends too early"))
    }
}

//! How a video is cut for the upload (media transfer guide, read 2026-11-23).

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The largest file that goes in one piece, and the largest chunk, under the decimal as well as the binary reading of "64 MB".
const ONE_PIECE: u64 = 64_000_000;
/// The size of a chunk where one piece is not enough.
const CHUNK: u64 = 10_000_000;
/// The smallest chunk that TikTok takes beside a whole file.
const SMALLEST: u64 = 5_000_000;

/// A plan that was told to TikTok; it holds for the whole upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPlan {
    /// The size of the file in bytes.
    pub total: u64,
    /// The size of every chunk but the last, in bytes.
    pub chunk: u64,
}

impl ChunkPlan {
    /// The plan for a file of `total` bytes; `wished` overrides the chunk's size within TikTok's bounds.
    pub fn of(total: u64, wished: Option<u64>) -> Self {
        let whole_up_to = wished.map_or(ONE_PIECE, |bytes| bytes.clamp(SMALLEST, ONE_PIECE));
        let chunk = if total <= whole_up_to {
            total
        } else {
            wished.map_or(CHUNK, |bytes| bytes.clamp(SMALLEST, ONE_PIECE))
        };
        Self { total, chunk }
    }

    /// How many chunks there are; what is left over belongs to the last one.
    pub const fn count(self) -> u64 {
        match self.total.checked_div(self.chunk) {
            Some(0) | None => 1,
            Some(count) => count,
        }
    }

    /// The place of the last chunk.
    pub const fn last(self) -> u64 {
        self.count() - 1
    }

    /// The bytes of the chunk at `place`, from 0.
    pub const fn range(self, place: u64) -> Range<u64> {
        let start = place * self.chunk;
        let end = if place >= self.last() {
            self.total
        } else {
            start + self.chunk
        };
        start..end
    }

    /// `Content-Range` of the chunk at `place`.
    pub fn content_range(self, place: u64) -> String {
        let range = self.range(place);
        format!(
            "bytes {}-{}/{}",
            range.start,
            range.end.saturating_sub(1),
            self.total
        )
    }

    /// The chunk that holds the byte at `offset`; the last one for all beyond.
    pub fn holding(self, offset: u64) -> u64 {
        offset.checked_div(self.chunk).unwrap_or(0).min(self.last())
    }

    /// The chunk to send when `uploaded` bytes have arrived; `None` when they end inside a chunk or all are there.
    pub fn place_after(self, uploaded: u64) -> Option<u64> {
        (0..self.count()).find(|place| self.range(*place).start == uploaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_follow_the_guide_to_the_byte() {
        for (total, wished, chunk, count, last) in [
            (4_194_304, None, 4_194_304, 1, "bytes 0-4194303/4194304"),
            (64_000_000, None, 64_000_000, 1, "bytes 0-63999999/64000000"),
            (
                50_000_123,
                Some(10_000_000),
                10_000_000,
                5,
                "bytes 40000000-50000122/50000123",
            ),
            (
                64_000_001,
                None,
                10_000_000,
                6,
                "bytes 50000000-64000000/64000001",
            ),
            (
                4_294_967_296,
                None,
                10_000_000,
                429,
                "bytes 4280000000-4294967295/4294967296",
            ),
            (1, None, 1, 1, "bytes 0-0/1"),
            (9_999_999, Some(1), 5_000_000, 1, "bytes 0-9999998/9999999"),
        ] {
            let plan = ChunkPlan::of(total, wished);
            assert_eq!(
                (plan.chunk, plan.count(), plan.content_range(plan.last())),
                (chunk, count, last.to_owned()),
                "{total}"
            );
        }
    }

    #[test]
    fn chunks_lie_end_to_end_and_none_is_too_large() {
        for total in [
            1,
            4_999_999,
            64_000_000,
            64_000_001,
            69_999_999,
            70_000_000,
            4_000_000_000,
        ] {
            let plan = ChunkPlan::of(total, None);
            let mut at = 0;
            for place in 0..plan.count() {
                let range = plan.range(place);
                assert_eq!(range.start, at);
                assert!(range.end - range.start <= 128_000_000);
                assert_eq!(plan.place_after(at), Some(place));
                assert_eq!(plan.holding(at), place);
                assert_eq!(plan.holding(range.end - 1), place);
                at = range.end;
            }
            assert_eq!(at, total);
            assert_eq!(plan.place_after(total), None);
            assert_eq!(plan.holding(total), plan.last());
        }
    }
}

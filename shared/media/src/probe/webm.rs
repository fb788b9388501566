//! `WebM`: walks the elements as one flat list, which also reads live recordings, whose segments
//! and clusters do not know their own length.

use domain::{AudioCodec, Container, MediaFacts, VideoCodec};

use super::{ProbeError, unsupported, window::Window};

const BLOCK: u32 = 0xa1;
const BLOCK_GROUP: u32 = 0xa0;
const CLUSTER: u32 = 0x1f43_b675;
const CODEC: u32 = 0x86;
const DEFAULT_DURATION: u32 = 0x23_e383;
const DOC_TYPE: u32 = 0x4282;
const DURATION: u32 = 0x4489;
const EBML: u32 = 0x1a45_dfa3;
const HEIGHT: u32 = 0xba;
const INFO: u32 = 0x1549_a966;
const SEGMENT: u32 = 0x1853_8067;
const SIMPLE_BLOCK: u32 = 0xa3;
const TIMESTAMP: u32 = 0xe7;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const TRACK: u32 = 0xae;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const VIDEO: u32 = 0xe0;
const WIDTH: u32 = 0xb0;

/// Reads a `WebM` video.
pub(super) fn facts(window: &mut Window) -> Result<MediaFacts, ProbeError> {
    let mut walk = Walk {
        scale: 1_000_000,
        ..Walk::default()
    };
    let total = window.total();
    let mut place = 0;
    while place < total && !walk.is_enough() {
        let element = Element::at(window, place)?;
        place = walk.take(window, &element, total)?;
    }
    walk.facts(total)
}

struct Element {
    id: u32,
    body: u64,
    /// Absent where the writer did not know it.
    length: Option<u64>,
}

impl Element {
    fn at(window: &mut Window, place: u64) -> Result<Self, ProbeError> {
        let first = window.array::<1>(place)?[0];
        let id_length = u64::from(first.leading_zeros()) + 1;
        if id_length > 4 {
            return Err(ProbeError::Damaged("its elements do not line up"));
        }
        let id = unsigned(window.some(place, id_length)?);
        let first = window.array::<1>(place + id_length)?[0];
        let size_length = u64::from(first.leading_zeros()) + 1;
        if size_length > 8 {
            return Err(ProbeError::Damaged("its elements do not line up"));
        }
        let mask = (1u64 << (7 * size_length)) - 1;
        let size = unsigned(window.some(place + id_length, size_length)?) & mask;
        Ok(Self {
            id: u32::try_from(id).unwrap_or(0),
            body: place + id_length + size_length,
            length: (size != mask).then_some(size),
        })
    }

    fn number(&self, window: &mut Window) -> Result<u64, ProbeError> {
        Ok(unsigned(self.content(window, 8)?))
    }

    fn float(&self, window: &mut Window) -> Result<f64, ProbeError> {
        let content = self.content(window, 8)?;
        if let Ok(bytes) = content.try_into() {
            return Ok(f64::from_be_bytes(bytes));
        }
        content
            .try_into()
            .map(|bytes| f64::from(f32::from_be_bytes(bytes)))
            .map_err(|_| ProbeError::Damaged("a number in it has a wrong size"))
    }

    fn content<'w>(&self, window: &'w mut Window, most: u64) -> Result<&'w [u8], ProbeError> {
        let length = self.length.filter(|length| *length <= most);
        window.some(
            self.body,
            length.ok_or(ProbeError::Damaged("a value in it is too long"))?,
        )
    }
}

#[derive(Default)]
struct Walk {
    doc_type_seen: bool,
    scale: u64,
    duration: f64,
    tracks: Vec<Track>,
    cluster: u64,
    last: u64,
    clusters: bool,
}

#[derive(Default)]
struct Track {
    number: u64,
    kind: u64,
    codec: Vec<u8>,
    frame_ns: u64,
    width: u64,
    height: u64,
    blocks: u64,
}

impl Walk {
    /// Takes one element in and says where the next begins.
    fn take(
        &mut self,
        window: &mut Window,
        element: &Element,
        total: u64,
    ) -> Result<u64, ProbeError> {
        match element.id {
            EBML | SEGMENT | INFO | TRACKS | VIDEO | BLOCK_GROUP => return Ok(element.body),
            CLUSTER => {
                self.clusters = true;
                return Ok(element.body);
            }
            TRACK => {
                if self.tracks.len() >= 64 {
                    return Err(ProbeError::Damaged("it has more than 64 tracks"));
                }
                self.tracks.push(Track::default());
                return Ok(element.body);
            }
            DOC_TYPE => {
                if element.content(window, 32)? != b"webm" {
                    return Err(unsupported("a Matroska (MKV) video"));
                }
                self.doc_type_seen = true;
            }
            TIMESTAMP_SCALE => self.scale = element.number(window)?,
            DURATION => self.duration = element.float(window)?,
            TIMESTAMP => self.cluster = element.number(window)?,
            SIMPLE_BLOCK | BLOCK => self.count_block(window, element)?,
            id => {
                if let Some(track) = self.tracks.last_mut() {
                    track.take(window, element, id)?;
                }
            }
        }
        let length = element
            .length
            .ok_or(ProbeError::Damaged("an element does not say where it ends"))?;
        let end = element.body.saturating_add(length);
        if end > total {
            return Err(ProbeError::Damaged("it ends too early"));
        }
        Ok(end)
    }

    fn count_block(&mut self, window: &mut Window, element: &Element) -> Result<(), ProbeError> {
        let [track, high, low] = window.array(element.body)?;
        // Tracks above 127 need two bytes; nothing that writes WebM numbers so.
        let number = u64::from(track & 0x7f);
        let offset = i64::from(i16::from_be_bytes([high, low]));
        self.last = self.last.max(self.cluster.saturating_add_signed(offset));
        if let Some(track) = self.tracks.iter_mut().find(|track| track.number == number) {
            track.blocks += 1;
        }
        Ok(())
    }

    /// Whether the header told everything, so that the blocks need not be counted.
    fn is_enough(&self) -> bool {
        self.clusters && self.duration > 0.0 && self.video().is_some_and(|video| video.frame_ns > 0)
    }

    fn video(&self) -> Option<&Track> {
        self.tracks.iter().find(|track| track.kind == 1)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates, and lengths of real videos are far below 2^52"
    )]
    fn facts(self, bytes: u64) -> Result<MediaFacts, ProbeError> {
        if !self.doc_type_seen {
            return Err(ProbeError::Damaged("it does not say what it is"));
        }
        let Some(video) = self.video() else {
            return Err(unsupported("a sound or data file without pictures"));
        };
        let sound = self.tracks.iter().find(|track| track.kind == 2);
        let told = self.duration * self.scale as f64 / 1_000_000.0;
        // The last block's own length is unknown: take one frame's share of what came before it.
        let before = self.last as f64 * self.scale as f64 / 1_000_000.0;
        let counted = before + before / (video.blocks.max(2) - 1) as f64;
        let length = if told.is_finite() && told >= 1.0 {
            told
        } else {
            counted
        };
        let width = u32::try_from(video.width).unwrap_or(0);
        let height = u32::try_from(video.height).unwrap_or(0);
        if length < 1.0 || width == 0 || height == 0 {
            return Err(ProbeError::Damaged("the video has no length or no pixels"));
        }
        let frames_per_second = if video.frame_ns > 0 {
            1e9 / video.frame_ns as f64
        } else {
            video.blocks as f64 * 1000.0 / length
        };
        Ok(MediaFacts::Video {
            container: Container::Webm,
            video_codec: video.video_codec(),
            audio_codec: sound.map(Track::audio_codec),
            width,
            height,
            duration_ms: length.round() as u64,
            frames_per_second,
            bytes,
        })
    }
}

impl Track {
    fn take(&mut self, window: &mut Window, element: &Element, id: u32) -> Result<(), ProbeError> {
        match id {
            CODEC => self.codec = element.content(window, 64)?.to_vec(),
            DEFAULT_DURATION => self.frame_ns = element.number(window)?,
            HEIGHT => self.height = element.number(window)?,
            TRACK_NUMBER => self.number = element.number(window)?,
            TRACK_TYPE => self.kind = element.number(window)?,
            WIDTH => self.width = element.number(window)?,
            _ => {}
        }
        Ok(())
    }

    fn video_codec(&self) -> VideoCodec {
        match self.codec.as_slice() {
            b"V_AV1" => VideoCodec::Av1,
            b"V_MPEG4/ISO/AVC" => VideoCodec::H264,
            b"V_MPEGH/ISO/HEVC" => VideoCodec::H265,
            b"V_VP8" => VideoCodec::Vp8,
            b"V_VP9" => VideoCodec::Vp9,
            _ => VideoCodec::Other,
        }
    }

    fn audio_codec(&self) -> AudioCodec {
        match self.codec.as_slice() {
            b"A_MPEG/L3" => AudioCodec::Mp3,
            b"A_OPUS" => AudioCodec::Opus,
            b"A_VORBIS" => AudioCodec::Vorbis,
            codec if codec.starts_with(b"A_AAC") => AudioCodec::Aac,
            _ => AudioCodec::Other,
        }
    }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

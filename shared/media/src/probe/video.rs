//! Videos.

use std::{fs::File, io::BufReader, panic, path::Path};

use domain::{AudioCodec, Container, MediaFacts, VideoCodec};
use matroska_demuxer::{MatroskaFile, TrackType};
use re_mp4::{Mp4, StsdBoxContent, TrackKind};

use super::ProbeError;

/// How many frames at the start of a WebM file its frame rate is read from.
const FRAMES: usize = 300;

/// What an MP4 or MOV file is.
pub(super) fn mp4(path: &Path) -> Result<MediaFacts, ProbeError> {
    let bytes = std::fs::metadata(path).map_err(ProbeError::Read)?.len();
    let file = File::open(path).map_err(ProbeError::Read)?;
    let read = caught(|| Mp4::read(BufReader::new(file), bytes))?;
    let mp4 = read.map_err(|error| broken(&error))?;
    let container = if mp4.ftyp.major_brand.value == *b"qt  " {
        Container::Mov
    } else {
        Container::Mp4
    };
    let track = mp4
        .tracks()
        .values()
        .find(|track| track.kind == Some(TrackKind::Video))
        .or_else(|| {
            mp4.tracks()
                .values()
                .find(|track| track.width > 0 && track.height > 0)
        })
        .ok_or_else(|| broken(&"it shows nothing"))?;
    let video = track.trak(&mp4);
    let matrix = video.tkhd.matrix.clone();
    // A quarter turn has nothing on the diagonal of its matrix.
    let turned = matrix.a == 0 && matrix.d == 0 && matrix.b != 0 && matrix.c != 0;
    let (width, height) = (u32::from(track.width), u32::from(track.height));
    let (width, height) = if turned {
        (height, width)
    } else {
        (width, height)
    };
    let timescale = track.timescale;
    let ticks: u64 = track
        .samples
        .iter()
        .map(|sample| sample.duration)
        .fold(0, u64::saturating_add)
        .max(track.duration);
    if width == 0 || height == 0 || timescale == 0 || ticks == 0 || track.samples.is_empty() {
        return Err(broken(&"its size or length is missing"));
    }
    let seconds = ratio(ticks, timescale);
    let audio_codec = mp4
        .moov
        .traks
        .iter()
        .find(|trak| trak.mdia.hdlr.handler_type.value == *b"soun")
        .map(|trak| match &trak.mdia.minf.stbl.stsd.contents {
            StsdBoxContent::Mp4a(_) => AudioCodec::Aac,
            StsdBoxContent::Unknown(code) if code.value == *b"Opus" => AudioCodec::Opus,
            StsdBoxContent::Unknown(code) if code.value == *b".mp3" => AudioCodec::Mp3,
            StsdBoxContent::Av01(_)
            | StsdBoxContent::Avc1(_)
            | StsdBoxContent::Hev1(_)
            | StsdBoxContent::Hvc1(_)
            | StsdBoxContent::Tx3g(_)
            | StsdBoxContent::Unknown(_)
            | StsdBoxContent::Vp08(_)
            | StsdBoxContent::Vp09(_) => AudioCodec::Other,
        });
    Ok(MediaFacts::Video {
        container,
        video_codec: match &video.mdia.minf.stbl.stsd.contents {
            StsdBoxContent::Av01(_) => VideoCodec::Av1,
            StsdBoxContent::Avc1(_) => VideoCodec::H264,
            StsdBoxContent::Hev1(_) | StsdBoxContent::Hvc1(_) => VideoCodec::H265,
            StsdBoxContent::Vp08(_) => VideoCodec::Vp8,
            StsdBoxContent::Vp09(_) => VideoCodec::Vp9,
            StsdBoxContent::Mp4a(_) | StsdBoxContent::Tx3g(_) | StsdBoxContent::Unknown(_) => {
                VideoCodec::Other
            }
        },
        audio_codec,
        width,
        height,
        duration_ms: milliseconds(seconds),
        frames_per_second: ratio(track.samples.len() as u64, 1) / seconds,
        bytes,
    })
}

/// What a WebM file is.
pub(super) fn webm(path: &Path) -> Result<MediaFacts, ProbeError> {
    let bytes = std::fs::metadata(path).map_err(ProbeError::Read)?.len();
    let file = File::open(path).map_err(ProbeError::Read)?;
    caught(|| read_webm(file, bytes))?
}

fn read_webm(file: File, bytes: u64) -> Result<MediaFacts, ProbeError> {
    let mut webm = MatroskaFile::open(BufReader::new(file)).map_err(|error| broken(&error))?;
    if webm.ebml_header().doc_type() != "webm" {
        return Err(broken(&"it is Matroska, not WebM"));
    }
    let track = webm
        .tracks()
        .iter()
        .find(|track| track.track_type() == TrackType::Video)
        .ok_or_else(|| broken(&"it shows nothing"))?;
    let video = track
        .video()
        .ok_or_else(|| broken(&"its size is missing"))?;
    let (width, height) = (
        narrow(video.pixel_width().get()),
        narrow(video.pixel_height().get()),
    );
    let number = track.track_number().get();
    let video_codec = match track.codec_id() {
        "V_AV1" => VideoCodec::Av1,
        "V_VP8" => VideoCodec::Vp8,
        "V_VP9" => VideoCodec::Vp9,
        _ => VideoCodec::Other,
    };
    let frame_nanoseconds = track.default_duration().map(std::num::NonZeroU64::get);
    let audio_codec = webm
        .tracks()
        .iter()
        .find(|track| track.track_type() == TrackType::Audio)
        .map(|track| match track.codec_id() {
            "A_OPUS" => AudioCodec::Opus,
            "A_VORBIS" => AudioCodec::Vorbis,
            _ => AudioCodec::Other,
        });
    let scale = ratio(webm.info().timestamp_scale().get(), 1_000_000_000);
    let length = webm
        .info()
        .duration()
        .map(|ticks| ticks * scale)
        .filter(|seconds| *seconds > 0.0);
    let frames_per_second = match frame_nanoseconds {
        Some(nanoseconds) => 1e9 / ratio(nanoseconds, 1),
        None => measured_rate(&mut webm, number, scale)?,
    };
    let seconds = length.ok_or_else(|| broken(&"its length is missing"))?;
    Ok(MediaFacts::Video {
        container: Container::Webm,
        video_codec,
        audio_codec,
        width,
        height,
        duration_ms: milliseconds(seconds),
        frames_per_second,
        bytes,
    })
}

fn measured_rate(
    webm: &mut MatroskaFile<BufReader<File>>,
    track: u64,
    scale: f64,
) -> Result<f64, ProbeError> {
    let mut frame = matroska_demuxer::Frame::default();
    let (mut count, mut first, mut last) = (0_u64, None, 0);
    while count < FRAMES as u64
        && webm
            .next_frame(&mut frame)
            .map_err(|error| broken(&error))?
    {
        if frame.track == track {
            first.get_or_insert(frame.timestamp);
            last = frame.timestamp;
            count += 1;
        }
    }
    let ticks = last.saturating_sub(first.unwrap_or(last));
    if count < 2 || ticks == 0 {
        return Err(broken(&"its frame rate cannot be told"));
    }
    Ok(ratio(count - 1, 1) / (ratio(ticks, 1) * scale))
}

/// Runs a parser that was not made for hostile files; a panic in it is a refusal.
fn caught<T>(parse: impl FnOnce() -> T) -> Result<T, ProbeError> {
    panic::catch_unwind(panic::AssertUnwindSafe(parse))
        .map_err(|_| broken(&"its structure makes no sense"))
}

fn broken(reason: &dyn std::fmt::Display) -> ProbeError {
    ProbeError::Broken(format!("is a video that cannot be read: {reason}"))
}

fn narrow(pixels: u64) -> u32 {
    u32::try_from(pixels).unwrap_or(u32::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lengths and rates need no 53 bits"
)]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round().clamp(0.0, 1e15) as u64
}

//! Reads what a file is from the file itself, never from its name or from what somebody says of it.
//!
//! Everything here blocks the thread.

mod picture;
mod video;

use std::{fs::File, io::Read as _, path::Path};

use domain::MediaFacts;

pub use picture::{decode, image};

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The file could not be read from our own disk.
    #[error("could not be read")]
    Read(#[source] std::io::Error),
    /// It begins as a picture or video, but is broken or hostile; says how.
    #[error("{0}")]
    Broken(String),
    /// It is something else.
    #[error("is neither a picture (JPEG, PNG, GIF, WebP) nor a video (MP4, MOV, WebM)")]
    Unknown,
}

/// What the file at `path` is.
///
/// # Errors
/// [`ProbeError`].
pub fn probe(path: &Path) -> Result<MediaFacts, ProbeError> {
    let mut head = [0; 16];
    let mut file = File::open(path).map_err(ProbeError::Read)?;
    let length = file.read(&mut head).map_err(ProbeError::Read)?;
    match kind_of(head.get(..length).unwrap_or_default()) {
        Some(Family::Mp4) => video::mp4(path),
        Some(Family::Picture) => image(&std::fs::read(path).map_err(ProbeError::Read)?),
        Some(Family::Webm) => video::webm(path),
        None => Err(ProbeError::Unknown),
    }
}

/// Whether these first bytes could begin a picture or video that we take.
pub fn is_known(head: &[u8]) -> bool {
    kind_of(head).is_some()
}

/// The content type of a file that begins like this; `None` for anything we do not take.
pub fn content_type(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'G', b'I', b'F', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', ..] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', ..] => Some("video/quicktime"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video/mp4"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some("video/webm"),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy)]
enum Family {
    Mp4,
    Picture,
    Webm,
}

fn kind_of(head: &[u8]) -> Option<Family> {
    match head {
        [0xff, 0xd8, 0xff, ..]
        | [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..]
        | [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..]
        | [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(Family::Picture),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Family::Mp4),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Family::Webm),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use domain::{AudioCodec, Container, ImageFormat, VideoCodec};

    use super::*;
    use crate::samples;

    fn probed(bytes: &[u8]) -> Result<MediaFacts, ProbeError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        probe(file.path())
    }

    #[test]
    fn the_samples_are_what_they_are_said_to_be() {
        let photo = probed(samples::photo_jpeg()).unwrap();
        let bytes = samples::photo_jpeg().len() as u64;
        let expected = MediaFacts::Image {
            format: ImageFormat::Jpeg,
            width: 1080,
            height: 1080,
            bytes,
            animated: false,
        };
        assert_eq!(photo, expected);
        let clip = probed(samples::clip_mp4()).unwrap();
        let MediaFacts::Video {
            container,
            video_codec,
            audio_codec,
            width,
            height,
            duration_ms,
            frames_per_second,
            ..
        } = clip
        else {
            panic!("no video");
        };
        assert_eq!(
            (container, video_codec, audio_codec),
            (Container::Mp4, VideoCodec::H264, Some(AudioCodec::Aac))
        );
        assert_eq!((width, height, duration_ms), (720, 1280, 6000));
        assert!(
            (frames_per_second - 30.0).abs() < 0.01,
            "{frames_per_second}"
        );
    }

    #[test]
    fn other_files_are_refused_whatever_they_are_called() {
        for bytes in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!doctype html>",
            b"%PDF-1.7",
            b"PK\x03\x04zip",
            b"GIF88a",
            b"BM",
            b"\x1f\x8b\x08gzip",
            b"II*\0tiff",
            b"RIFF\0\0\0\0AVI ",
        ] {
            assert!(
                matches!(probed(bytes), Err(ProbeError::Unknown)),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn a_cut_or_bent_file_never_breaks_the_prober() {
        let mut tried = 0;
        for sample in [samples::photo_jpeg(), samples::clip_mp4()] {
            for part in 1..40 {
                drop(probed(&sample[..sample.len() * part / 40]));
                tried += 1;
            }
            for place in (0..2_000).step_by(61) {
                let mut bent = sample.to_vec();
                bent[place] ^= 0xff;
                drop(probed(&bent));
                tried += 1;
            }
        }
        assert!(tried >= 100, "only {tried} files");
    }

    #[test]
    fn a_picture_that_would_unfold_to_gigabytes_is_refused_by_its_header() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(60_000_u32.to_be_bytes());
        png.extend(60_000_u32.to_be_bytes());
        png.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        assert!(matches!(probed(&png), Err(ProbeError::Broken(_))));
    }
}

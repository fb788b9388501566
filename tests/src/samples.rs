//! Files that look like what they claim to be as far as networks look: magic bytes, dimensions, size.

use domain::{AudioCodec, Container, DocumentFormat, ImageFormat, MediaFacts, VideoCodec};

/// A file and what is true of it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What `media` would read from it.
    pub facts: MediaFacts,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A JPEG of that many pixels and bytes.
pub fn jpeg(width: u16, height: u16, bytes: usize) -> Sample {
    let mut head = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    head.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    head.extend([0xFF, 0xC0, 0, 17, 8]);
    head.extend(height.to_be_bytes());
    head.extend(width.to_be_bytes());
    head.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    Sample {
        facts: MediaFacts::Image {
            format: ImageFormat::Jpeg,
            width: width.into(),
            height: height.into(),
            bytes: bytes as u64,
            animated: false,
        },
        bytes: filled(head, bytes),
    }
}

/// A PNG of that many pixels and bytes.
pub fn png(width: u16, height: u16, bytes: usize) -> Sample {
    let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    head.extend(u32::from(width).to_be_bytes());
    head.extend(u32::from(height).to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    Sample {
        facts: MediaFacts::Image {
            format: ImageFormat::Png,
            width: width.into(),
            height: height.into(),
            bytes: bytes as u64,
            animated: false,
        },
        bytes: filled(head, bytes),
    }
}

/// An upright MP4 of 12 seconds, with H.264 and AAC inside, of that many bytes.
pub fn mp4(bytes: usize) -> Sample {
    let head = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42".to_vec();
    Sample {
        facts: MediaFacts::Video {
            container: Container::Mp4,
            video_codec: VideoCodec::H264,
            audio_codec: Some(AudioCodec::Aac),
            width: 720,
            height: 1280,
            duration_ms: 12_000,
            frames_per_second: 30.0,
            bytes: bytes as u64,
        },
        bytes: filled(head, bytes),
    }
}

/// A PDF of one page and of that many bytes.
pub fn pdf(bytes: usize) -> Sample {
    let end = b"\n%%EOF\n";
    let mut file = filled(b"%PDF-1.7\n<< /Type /Page >>\n".to_vec(), bytes - end.len());
    file.extend(end);
    Sample {
        facts: MediaFacts::Document {
            format: DocumentFormat::Pdf,
            pages: Some(1),
            bytes: bytes as u64,
        },
        bytes: file,
    }
}

/// Every byte depends on its place, so that a chunk sent twice or out of order changes the digest.
fn filled(mut head: Vec<u8>, bytes: usize) -> Vec<u8> {
    assert!(head.len() <= bytes, "the sample must hold its own head");
    let mut noise: u32 = 1;
    head.resize_with(bytes, || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    });
    head
}

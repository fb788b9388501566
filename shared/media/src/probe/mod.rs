//! Reads what a file is from its own bytes; its name and what anybody claimed of it do not count.
//!
//! The walkers for MP4 and `WebM` are ours because the files are strangers': the kept parsers trust
//! sizes and counts they read, so that a small file can make them loop or reserve without end.
//! Ours read a few bytes at a time, from a reader that gives out after a fixed number of steps.

mod document;
mod mp4;
mod picture;
mod webm;
mod window;

use std::{fs::File, io, path::Path};

use domain::{ImageFormat, MediaFacts, MediaKind};

use image::DynamicImage;
use window::Window;

/// The most pixels a picture may have.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The longest side of a picture, in pixels.
pub const MAX_SIDE: u32 = 12_000;
/// The largest picture file, in bytes; pictures are held in memory.
pub const MAX_PICTURE_BYTES: u64 = 64 * 1024 * 1024;
/// The most memory a decoded picture may take, in bytes.
pub const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// Why a file is not media we take.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It claims a known type but does not hold together.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// What is needed lies beyond the part at hand; the whole file may tell.
    #[error("what describes the file lies beyond the part that was read")]
    Incomplete,
    /// Reading it failed, on our side.
    #[error("reading the file failed")]
    Io(#[from] io::Error),
    /// The picture is larger than we decode.
    #[error(
        "the picture is {width} x {height} pixels; at most {MAX_SIDE} a side and 50 megapixels are taken"
    )]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The picture's file, or what it unpacks to, is larger than we hold.
    #[error(
        "the picture takes {bytes} bytes; at most 64 MiB as a file and 256 MiB decoded are taken"
    )]
    TooHeavy {
        /// The bytes it takes.
        bytes: u64,
    },
    /// It is something else.
    #[error(
        "the file is {found}; send a JPEG, PNG, GIF or WebP picture, an MP4, MOV or WebM video or a PDF, DOCX, PPTX, DOC or PPT document"
    )]
    Unsupported {
        /// What it is, for people.
        found: &'static str,
    },
}

/// Reads what the file is. Works on the calling thread; from async code call it through `spawn_blocking`.
pub fn probe(path: &Path) -> Result<MediaFacts, ProbeError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    probe_window(Window::new(file, length, length))
}

/// Reads what a picture is, without decoding it.
///
/// # Errors
/// [`ProbeError`].
pub fn image(bytes: &[u8]) -> Result<MediaFacts, ProbeError> {
    picture::facts(bytes, picture_format(bytes)?)
}

/// The pixels of a picture, upright and in sRGB.
///
/// # Errors
/// [`ProbeError`].
pub fn decode(bytes: &[u8]) -> Result<DynamicImage, ProbeError> {
    picture::decode(bytes, picture_format(bytes)?)
}

fn picture_format(bytes: &[u8]) -> Result<ImageFormat, ProbeError> {
    match sniff(bytes.get(..HEAD_BYTES.min(bytes.len())).unwrap_or_default())? {
        Kind::Picture(format) => Ok(format),
        Kind::IsoMedia | Kind::Matroska => Err(unsupported("a video")),
        Kind::Compound | Kind::Package | Kind::Pdf => Err(unsupported("a document")),
    }
}

/// The content type of a file that begins like this; `None` for anything we do not take, and for documents of which
/// the beginning does not tell what they are.
pub fn content_type(head: &[u8]) -> Option<&'static str> {
    match sniff(head).ok()? {
        Kind::IsoMedia if head.get(8..10) == Some(b"qt") => Some("video/quicktime"),
        Kind::IsoMedia => Some("video/mp4"),
        Kind::Matroska => Some("video/webm"),
        Kind::Pdf => Some("application/pdf"),
        Kind::Compound | Kind::Package => None,
        Kind::Picture(format) => Some(format.content_type()),
    }
}

/// What a file is to people, by its beginning alone; the rest may belie it.
///
/// # Errors
/// [`ProbeError`].
pub fn kind(path: &Path) -> Result<MediaKind, ProbeError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok(
        match sniff(&Window::new(file, length, length).head(HEAD_BYTES)?)? {
            Kind::Compound | Kind::Package | Kind::Pdf => MediaKind::Document,
            Kind::IsoMedia | Kind::Matroska => MediaKind::Video,
            Kind::Picture(_) => MediaKind::Image,
        },
    )
}

/// Reads what a file of `total_bytes` is, of which `path` holds only the beginning.
///
/// [`ProbeError::Incomplete`] says that the whole file is needed: always so for pictures.
pub fn probe_prefix(path: &Path, total_bytes: u64) -> Result<MediaFacts, ProbeError> {
    let file = File::open(path)?;
    let held = file.metadata()?.len();
    probe_window(Window::new(file, held, total_bytes.max(held)))
}

fn probe_window(mut window: Window) -> Result<MediaFacts, ProbeError> {
    let head = window.head(HEAD_BYTES)?;
    match sniff(&head)? {
        Kind::Compound => document::compound::facts(&mut window),
        Kind::IsoMedia => mp4::facts(&mut window),
        Kind::Matroska => webm::facts(&mut window),
        Kind::Package => document::package::facts(&mut window),
        Kind::Pdf => document::pdf::facts(&mut window),
        Kind::Picture(format) => picture::facts(&window.whole(MAX_PICTURE_BYTES)?, format),
    }
}

const HEAD_BYTES: usize = 1024;

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Compound,
    IsoMedia,
    Matroska,
    Package,
    Pdf,
    Picture(ImageFormat),
}

const OTHERS: [(&[u8], &str); 16] = [
    (b"\x1f\x8b", "gzip-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"PK", "a ZIP archive"),
    (b"{\\rtf", "an RTF document"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF or raw picture"),
    (b"MM\0*", "a TIFF or raw picture"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"FLV", "a Flash video"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 sound"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x7fELF", "a program"),
];

fn sniff(head: &[u8]) -> Result<Kind, ProbeError> {
    let at = |range: std::ops::Range<usize>| head.get(range).unwrap_or_default();
    if head.starts_with(b"\xff\xd8\xff") {
        return Ok(Kind::Picture(ImageFormat::Jpeg));
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Kind::Picture(ImageFormat::Png));
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Ok(Kind::Picture(ImageFormat::Gif));
    }
    if head.starts_with(b"RIFF") {
        return match at(8..12) {
            b"WEBP" => Ok(Kind::Picture(ImageFormat::Webp)),
            b"AVI " => Err(unsupported("an AVI video")),
            _ => Err(unsupported("a RIFF file that is not WebP")),
        };
    }
    if head.starts_with(b"\x1a\x45\xdf\xa3") {
        return Ok(Kind::Matroska);
    }
    if head.starts_with(b"%PDF-") {
        return Ok(Kind::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Package);
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Ok(Kind::Compound);
    }
    match at(4..8) {
        b"ftyp" => return iso_brand(at(8..12)),
        // Old QuickTime files carry no brand.
        b"moov" | b"mdat" | b"wide" | b"free" | b"skip" => return Ok(Kind::IsoMedia),
        _ => {}
    }
    if let Some((_, found)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(unsupported(found));
    }
    Err(unsupported(text_kind(head)))
}

fn iso_brand(brand: &[u8]) -> Result<Kind, ProbeError> {
    match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
            Err(unsupported("a HEIC picture"))
        }
        b"avif" | b"avis" => Err(unsupported("an AVIF picture")),
        b"crx " => Err(unsupported("a raw picture")),
        _ => Ok(Kind::IsoMedia),
    }
}

fn text_kind(head: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let text = text.trim_start_matches(['\u{feff}', '\0']).trim_start();
    if head.is_empty() {
        "empty"
    } else if text.starts_with('<') && text.contains("<svg") {
        "an SVG drawing"
    } else if text.starts_with("<!doctype html") || text.contains("<html") {
        "an HTML page"
    } else if text.starts_with('<') {
        "an XML document"
    } else if text.starts_with("data:") {
        "a data: URL"
    } else if text.starts_with('{') || text.starts_with('[') {
        "a JSON document"
    } else {
        "of no type we know"
    }
}

const fn unsupported(found: &'static str) -> ProbeError {
    ProbeError::Unsupported { found }
}

#[cfg(test)]
mod tests;

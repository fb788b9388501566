//! DOCX and PPTX: a ZIP archive whose part `[Content_Types].xml` says what the whole is (ECMA-376-2, 10.1.2).

use std::io::Read as _;

use domain::{DocumentFormat, MediaFacts};
use flate2::read::DeflateDecoder;

use super::{
    super::{ProbeError, unsupported, window::Window},
    facts as document,
};

const END: u32 = 0x0605_4b50;
const END_BYTES: usize = 22;
const ENTRY: u32 = 0x0201_4b50;
const ENTRY_BYTES: usize = 46;
const LOCAL: u32 = 0x0403_4b50;
const LOCAL_BYTES: usize = 30;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;

const TYPES: &[u8] = b"[Content_Types].xml";
/// Of a thousand slides it takes some 10 kB packed and 200 kB unpacked.
const MAX_PACKED: u64 = 64 * 1024;
const MAX_UNPACKED: u64 = 2 * 1024 * 1024;

/// What the main part of a package can be, and whether that is taken.
const MAIN: [(&str, Result<DocumentFormat, &str>); 8] = [
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        Ok(DocumentFormat::Docx),
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
        Ok(DocumentFormat::Pptx),
    ),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
        Err("a Word template"),
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.template.main+xml",
        Err("a PowerPoint template"),
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
        Err("a PowerPoint show"),
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        Err("an Excel workbook"),
    ),
    ("macroEnabled.main+xml", Err("a document with macros")),
    (
        "macroEnabledTemplate.main+xml",
        Err("a template with macros"),
    ),
];

/// Reads a package.
pub(in super::super) fn facts(window: &mut Window) -> Result<MediaFacts, ProbeError> {
    let types = content_types(window)?.ok_or(unsupported("a ZIP archive"))?;
    let types = String::from_utf8(types)
        .map_err(|_| ProbeError::Damaged("its list of parts is no text"))?;
    let mut said = MAIN.iter().filter(|(name, _)| types.contains(name));
    match (said.next(), said.next()) {
        (Some((_, Ok(format))), None) => Ok(document(window, *format, None)),
        (Some((_, Err(found))), None) => Err(unsupported(found)),
        (None, _) => Err(unsupported("an Office file that is neither DOCX nor PPTX")),
        (Some(_), Some(_)) => Err(ProbeError::Damaged("it claims to be two things at once")),
    }
}

/// The part that names the types of all others, unpacked; `None` where there is none.
fn content_types(window: &mut Window) -> Result<Option<Vec<u8>>, ProbeError> {
    let (mut place, end, count) = directory(window)?;
    for _ in 0..count {
        let entry: [u8; ENTRY_BYTES] = window.array(place)?;
        if long(&entry, 0) != ENTRY {
            return Err(ProbeError::Damaged("its directory does not line up"));
        }
        let name_length = u64::from(short(&entry, 28));
        let name = window.some(place + ENTRY_BYTES as u64, name_length)?;
        if name == TYPES {
            return unpacked(window, &entry).map(Some);
        }
        place += ENTRY_BYTES as u64
            + name_length
            + u64::from(short(&entry, 30))
            + u64::from(short(&entry, 32));
        if place > end {
            return Err(ProbeError::Damaged("its directory does not line up"));
        }
    }
    Ok(None)
}

/// Where the directory of the archive begins and ends, and how many entries it has.
fn directory(window: &mut Window) -> Result<(u64, u64, u16), ProbeError> {
    if window.is_prefix() {
        return Err(ProbeError::Incomplete);
    }
    let total = window.total();
    let from = total.saturating_sub(MAX_PACKED);
    let tail = window.some(from, MAX_PACKED)?;
    let at = (0..=tail.len().saturating_sub(END_BYTES))
        .rev()
        .find(|at| {
            let rest = &tail[*at..];
            rest.len() >= END_BYTES
                && long(rest, 0) == END
                && usize::from(short(rest, 20)) + END_BYTES == rest.len()
        })
        .ok_or(ProbeError::Damaged("it ends too early"))?;
    let end = &tail[at..];
    let (disks, count) = (short(end, 4) | short(end, 6), short(end, 10));
    let (size, start) = (u64::from(long(end, 12)), u64::from(long(end, 16)));
    if disks != 0 || start + size != from + at as u64 {
        return Err(ProbeError::Damaged("its directory does not line up"));
    }
    Ok((start, start + size, count))
}

fn unpacked(window: &mut Window, entry: &[u8]) -> Result<Vec<u8>, ProbeError> {
    let (flags, method) = (short(entry, 8), short(entry, 10));
    let packed = u64::from(long(entry, 20));
    let place = u64::from(long(entry, 42));
    if flags & ENCRYPTED != 0 {
        return Err(unsupported("a document with a password"));
    }
    if packed > MAX_PACKED {
        return Err(ProbeError::Damaged(
            "its list of parts is long beyond reason",
        ));
    }
    let local: [u8; LOCAL_BYTES] = window.array(place)?;
    if long(&local, 0) != LOCAL {
        return Err(ProbeError::Damaged("its directory does not line up"));
    }
    let names = u64::from(short(&local, 26)) + u64::from(short(&local, 28));
    let start = place + LOCAL_BYTES as u64 + names;
    let body = window.some(start, packed)?;
    if body.len() as u64 != packed {
        return Err(ProbeError::Damaged("it ends too early"));
    }
    let mut types = Vec::new();
    let read = match method {
        STORED => body.take(MAX_UNPACKED + 1).read_to_end(&mut types),
        DEFLATED => DeflateDecoder::new(body)
            .take(MAX_UNPACKED + 1)
            .read_to_end(&mut types),
        _ => return Err(ProbeError::Damaged("its list of parts cannot be unpacked")),
    };
    read.map_err(|_| ProbeError::Damaged("its list of parts cannot be unpacked"))?;
    if types.len() as u64 > MAX_UNPACKED {
        return Err(ProbeError::Damaged(
            "its list of parts is long beyond reason",
        ));
    }
    Ok(types)
}

/// Two bytes at a place that the caller knows to exist; 0 elsewhere.
fn short(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u16::from_le_bytes)
}

/// Four bytes, likewise.
fn long(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

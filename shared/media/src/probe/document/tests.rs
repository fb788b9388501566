use std::io::Write as _;

use domain::DocumentFormat;
use flate2::{Compression, write::DeflateEncoder};

use super::super::{ProbeError, content_type, kind, probe, probe_prefix};
use crate::samples;
use domain::{MediaFacts, MediaKind};

const WORD: &str =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
const SLIDES: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml";

#[test]
fn each_kind_of_document_is_read() {
    let sample = samples::pages_pdf().to_vec();
    for (bytes, format, pages) in [
        (sample, DocumentFormat::Pdf, Some(3)),
        (package(&[WORD], true), DocumentFormat::Docx, None),
        (package(&[WORD], false), DocumentFormat::Docx, None),
        (package(&[SLIDES], true), DocumentFormat::Pptx, None),
        (compound(&["WordDocument"]), DocumentFormat::Doc, None),
        (
            compound(&["Pictures", "PowerPoint Document"]),
            DocumentFormat::Ppt,
            None,
        ),
    ] {
        let facts = probed(&bytes).unwrap();
        let expected = MediaFacts::Document {
            format,
            pages,
            bytes: bytes.len() as u64,
        };
        assert_eq!(facts, expected);
        assert_eq!(kind(written(&bytes).path()).unwrap(), MediaKind::Document);
    }
    assert_eq!(content_type(samples::pages_pdf()), Some("application/pdf"));
    assert_eq!(content_type(&package(&[WORD], true)), None);
}

#[test]
fn the_pages_of_a_pdf_are_those_of_its_last_change() {
    let first = samples::pages_pdf();
    let start = offset(first, b"xref\n");
    let tree = first.len();
    let mut changed = first.to_vec();
    changed.extend(
        b"2 0 obj\n<</Type/Pages/Kids[4 0 R(\\)>>)6 0 R]/Rotate<</Count 9>>/Count 2>>\nendobj\n",
    );
    let table = changed.len();
    changed.extend(
        format!(
            "xref\n2 1\n{tree:010} 00000 n \ntrailer\n<</Size 10/Root 1 0 R/Prev {start}>>\nstartxref\n{table}\n%%EOF\n"
        )
        .bytes(),
    );
    assert_eq!(pages(&changed), Some(2));
    let many = replaced(first, b"/Count 3", b"/Count 9");
    assert_eq!(pages(&many), Some(9));
}

#[test]
fn what_a_pdf_does_not_tell_for_certain_is_not_said() {
    let pdf = samples::pages_pdf();
    for (old, new) in [
        (&b"xref\n0 10"[..], &b"xxxx\n0 10"[..]),
        (b"/Type /Pages", b"/Type /Other"),
        (b"/Count 3", b"/Count x"),
        (b"/Count 3", b"/Count -"),
        (b"/Root 1 0 R", b"/Root 7 0 R"),
        (b"/Root 1 0 R", b"/Root 1 0 S"),
        (b"/Pages 2 0 R", b"/Pages 2 1 X"),
        (b"2 0 obj", b"3 0 obj"),
        (b"xref\n0 10", b"xref\n1 10"),
        (b"xref\n0 10", b"xref\n0 99"),
        (b"trailer\n<<", b"trailer\n[["),
    ] {
        assert_eq!(
            pages(&replaced(pdf, old, new)),
            None,
            "{}",
            String::from_utf8_lossy(new)
        );
    }
    let loops = String::from_utf8_lossy(pdf).replace(
        "/Root 1 0 R",
        &format!("/Root 7 0 R /Prev {}", offset(pdf, b"xref\n")),
    );
    assert_eq!(pages(loops.as_bytes()), None);
    for start in ["999999999999", "0", "5", "x", "99999999999999999999"] {
        let text = b"startxref\n".as_slice();
        let at = offset(pdf, text) + text.len();
        let strange = [&pdf[..at], start.as_bytes(), b"\n%%EOF\n"].concat();
        assert_eq!(pages(&strange), None, "{start}");
    }
}

#[test]
fn what_looks_like_a_document_is_named() {
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    let macros = "application/vnd.ms-word.document.macroEnabled.main+xml";
    let show = "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml";
    let plain_zip = zip(&[("a.txt", b"text".to_vec(), false)]);
    for (bytes, name) in [
        (package(&[sheet], true), "Excel"),
        (package(&[macros], true), "macros"),
        (package(&[show], true), "PowerPoint show"),
        (package(&["application/xml"], true), "neither DOCX nor PPTX"),
        (plain_zip, "ZIP"),
        (zip(&[]), "ZIP"),
        (compound(&["Workbook"]), "Excel"),
        (compound(&["EncryptedPackage"]), "password"),
        (compound(&["Other"]), "neither DOC nor PPT"),
        (compound(&[]), "neither DOC nor PPT"),
        (b"{\\rtf1\\ansi text}".to_vec(), "RTF"),
    ] {
        match probed(&bytes) {
            Err(ProbeError::Unsupported { found }) => {
                assert!(found.contains(name), "{found} is not {name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn documents_that_do_not_hold_together_are_refused() {
    let word = package(&[WORD], true);
    let doc = compound(&["WordDocument"]);
    let bomb = zip(&[("[Content_Types].xml", vec![b' '; 3 << 20], true)]);
    let noise: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let long = zip(&[("[Content_Types].xml", noise, false)]);
    let mut files = vec![
        b"%PDF-1.7".to_vec(),
        b"%PDF-x.y\n%%EOF".to_vec(),
        b"%PDF-1.7\nno end".to_vec(),
        b"PK\x03\x04".to_vec(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
        package(&[WORD, SLIDES], true),
        compound(&["WordDocument", "PowerPoint Document"]),
        bomb,
        long,
        zip(&[("[Content_Types].xml", vec![0xff, 0xfe, 0xfd], false)]),
        [word.as_slice(), b"more"].concat(),
        patched(&doc, 30, &[3]),
        patched(&doc, 48, &[9, 0, 0, 0]),
        // The directory's sectors lead back to themselves.
        patched(&doc, 512 + 4, &[1, 0, 0, 0]),
        // An entry that is its own neighbour.
        patched(&doc, 1024 + 128 + 68, &[1, 0, 0, 0]),
        patched(&doc, 1024 + 76, &[200, 0, 0, 0]),
        // The list of tables leads to itself, beyond the end, to nothing.
        patched(&patched(&doc, 48, &[0xff, 0xff, 0, 0]), 68, &[0, 0, 0, 0]),
        patched(&doc, 76, &[0xff, 0xff, 0xff, 0x7f]),
    ];
    let types = offset(&word, b"PK\x01\x02") + 46 + "_rels/.rels".len();
    // Another kind of packing, a place beyond the end, a size beyond it, no entry where one should be.
    files.extend([
        patched(&word, types + 10, &[99, 0]),
        patched(&word, types + 42, &[0xff, 0xff, 0xff, 0x7f]),
        patched(&word, types + 20, &[0xff, 0xff, 0, 0]),
        patched(&word, types, b"XX"),
        patched(&word, word.len() - 6, &[0xff, 0xff, 0xff, 0xff]),
        patched(&word, word.len() - 18, &[1, 0]),
    ]);
    for (index, file) in files.iter().enumerate() {
        let answer = probed(file);
        assert!(
            matches!(answer, Err(ProbeError::Damaged(_))),
            "file {index}: {answer:?}"
        );
    }
    let locked = patched(&word, types + 8, &[1, 0]);
    assert!(matches!(
        probed(&locked),
        Err(ProbeError::Unsupported { found }) if found.contains("password")
    ));
}

#[test]
fn cut_documents_are_refused() {
    let pdf = samples::pages_pdf().to_vec();
    for whole in [
        pdf,
        package(&[WORD], true),
        package(&[SLIDES], false),
        compound(&["WordDocument"]),
    ] {
        // The last sector of an old file may be cut short.
        let sector = if whole.starts_with(b"\xd0\xcf") {
            512
        } else {
            0
        };
        for twentieth in 0..20 {
            let cut = &whole[..(whole.len() - sector) * twentieth / 20];
            let answer = probed(cut);
            assert!(answer.is_err(), "{twentieth}/20 passed as {answer:?}");
        }
    }
}

#[test]
fn the_beginning_of_a_document_leaves_the_rest_to_be_read() {
    for whole in [samples::pages_pdf().to_vec(), package(&[WORD], true)] {
        let begun = written(&whole[..whole.len() - 10]);
        let answer = probe_prefix(begun.path(), whole.len() as u64);
        assert!(matches!(answer, Err(ProbeError::Incomplete)), "{answer:?}");
        assert_eq!(kind(begun.path()).unwrap(), MediaKind::Document);
    }
}

/// Bit flips and splices: any answer will do, but one must come, soon, without a panic.
#[test]
fn no_hostile_document_panics_or_hangs() {
    let originals = [
        samples::pages_pdf().to_vec(),
        package(&[WORD], true),
        package(&[SLIDES], false),
        compound(&["WordDocument"]),
        compound(&["Pictures", "PowerPoint Document"]),
    ];
    let mut files = vec![endless_pdf(), scattered_pdf()];
    let mut noise: u32 = 7;
    let mut random = |limit: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 8) as usize % limit
    };
    for original in &originals {
        for _ in 0..400 {
            let mut file = original.clone();
            for _ in 0..=random(8) {
                let place = random(file.len());
                file[place] = match random(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => file[place] ^ (1 << random(8)),
                    _ => u8::try_from(random(256)).unwrap(),
                };
            }
            files.push(file);
        }
        for other in &originals {
            let (head, tail) = (random(original.len()), random(other.len()));
            files.push([&original[..head], &other[tail..]].concat());
        }
    }
    assert!(files.len() >= 2_000);
    for (index, file) in files.iter().enumerate() {
        let started = std::time::Instant::now();
        let answer = std::panic::catch_unwind(|| probed(file));
        assert!(answer.is_ok(), "file {index} panicked");
        let took = started.elapsed();
        assert!(took.as_secs() < 10, "file {index} took {took:?}");
    }
}

/// A table of which each stretch lies far from the last, so that each costs a read.
fn scattered_pdf() -> Vec<u8> {
    let stretch = [b"0 4000\n".as_slice(), &vec![b'0'; 80_000]].concat();
    let mut file = b"%PDF-1.4\nxref\n".to_vec();
    for _ in 0..300 {
        file.extend(&stretch);
    }
    let again = "trailer\n<< /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n";
    [file, again.as_bytes().to_vec()].concat()
}

/// Brackets that are opened and never closed.
fn endless_pdf() -> Vec<u8> {
    let mut file = b"%PDF-1.4\nxref\n0 0\ntrailer\n<< /A ".to_vec();
    file.extend(b"[<<(".repeat(100_000));
    file.extend(b"\nstartxref\n9\n%%EOF\n");
    file
}

fn pages(bytes: &[u8]) -> Option<u32> {
    match probed(bytes).unwrap() {
        MediaFacts::Document {
            format: DocumentFormat::Pdf,
            pages,
            ..
        } => pages,
        other @ (MediaFacts::Document { .. }
        | MediaFacts::Image { .. }
        | MediaFacts::Video { .. }) => {
            panic!("{other:?}")
        }
    }
}

fn probed(bytes: &[u8]) -> Result<MediaFacts, ProbeError> {
    probe(written(bytes).path())
}

fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn offset(bytes: &[u8], what: &[u8]) -> usize {
    bytes
        .windows(what.len())
        .position(|part| part == what)
        .unwrap()
}

/// The same file with other words of the same length in the place of the first such ones.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    patched(bytes, offset(bytes, old), new)
}

fn patched(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

/// An Office file whose parts are of these types.
fn package(types: &[&str], is_packed: bool) -> Vec<u8> {
    let parts = types.iter().fold(String::new(), |parts, kind| {
        parts + "<Override PartName=\"/main.xml\" ContentType=\"" + kind + "\"/>"
    });
    let list = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">{parts}</Types>"
    );
    zip(&[
        ("_rels/.rels", b"<Relationships/>".to_vec(), false),
        ("[Content_Types].xml", list.into_bytes(), is_packed),
        ("main.xml", b"<document/>".to_vec(), is_packed),
    ])
}

/// An archive of these files, packed or not.
fn zip(files: &[(&str, Vec<u8>, bool)]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut directory = Vec::new();
    for (name, content, is_packed) in files {
        let packed = if *is_packed {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.clone()
        };
        let method: u16 = if *is_packed { 8 } else { 0 };
        let mut about = vec![20, 0, 0, 0];
        about.extend(method.to_le_bytes());
        about.extend([0; 8]);
        about.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        about.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        about.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        about.extend([0; 2]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        directory.extend(name.bytes());
        body.extend(b"PK\x03\x04");
        body.extend(&about);
        body.extend(name.bytes());
        body.extend(packed);
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let start = u32::try_from(body.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    body.extend(directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend([count, count].concat());
    body.extend([size, start].concat());
    body.extend([0; 2]);
    body
}

/// A compound file whose root holds these streams: a header, the table of sectors, the directory, a sector for them all.
fn compound(streams: &[&str]) -> Vec<u8> {
    const NONE: u32 = 0xffff_ffff;
    const END: u32 = 0xffff_fffe;
    let sectors = (streams.len() + 1).div_ceil(4);
    let mut header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    header.resize(24, 0);
    header.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    header.resize(44, 0);
    for word in [1, 1, 0, 4096, NONE, 0, END, 0, 0] {
        header.extend(word.to_le_bytes());
    }
    header.resize_with(512, || 0xff);
    let mut table: Vec<u32> = vec![0xffff_fffd];
    for place in 1..=sectors {
        table.push(if place == sectors {
            END
        } else {
            u32::try_from(place).unwrap() + 1
        });
    }
    table.push(END);
    table.resize(128, NONE);
    let mut directory = Vec::new();
    let mut entry = |name: &str, kind: u8, right: u32, child: u32| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(entry.len() + 2).unwrap();
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([kind, 1]);
        entry.extend([NONE, right, child].map(u32::to_le_bytes).concat());
        entry.resize(128, 0);
        directory.extend(entry);
    };
    let count = u32::try_from(streams.len()).unwrap();
    entry("Root Entry", 5, NONE, if count > 0 { 1 } else { NONE });
    for (stream, place) in streams.iter().zip(1_u32..) {
        entry(
            stream,
            2,
            if place < count { place + 1 } else { NONE },
            NONE,
        );
    }
    directory.resize(sectors * 512, 0);
    let table: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
    [header, table, directory, vec![7; 512]].concat()
}

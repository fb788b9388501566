//! PDF (ISO 32000-1, 7.5): known by its first and last line; its pages are counted where a plain table says where the
//! objects are, as most programs write it. Where that is packed, nothing is said of the pages.

use domain::{DocumentFormat, MediaFacts};

use super::{
    super::{ProbeError, window::Window},
    facts as document,
};

/// Where the last line may stand.
const TAIL: u64 = 1024;
/// The largest dictionary that is read.
const DICTIONARY: u64 = 16 * 1024;
/// So often a file may have been changed since it was made.
const SECTIONS: usize = 64;
/// So many stretches of numbers all tables together may have.
const STRETCHES: usize = 10_000;
const ENTRY_BYTES: usize = 20;

/// Reads a PDF.
pub(in super::super) fn facts(window: &mut Window) -> Result<MediaFacts, ProbeError> {
    let head: [u8; 8] = window.array(0)?;
    if !matches!(head, [_, _, _, _, b'-', b'1' | b'2', b'.', b'0'..=b'9']) {
        return Err(ProbeError::Damaged("its first line makes no sense"));
    }
    if window.is_prefix() {
        return Err(ProbeError::Incomplete);
    }
    let from = window.total().saturating_sub(TAIL);
    let tail = window.some(from, TAIL)?;
    let end = last(tail, b"%%EOF").ok_or(ProbeError::Damaged("it ends too early"))?;
    let start = last(&tail[..end], b"startxref")
        .map(|at| Words(&tail[at + b"startxref".len()..end]))
        .and_then(|mut words| number(words.next()?));
    let pages = match start.map(|start| pages(window, start)) {
        // What does not hold together is not counted; the network reads it by its own lights.
        None | Some(Err(ProbeError::Damaged(_))) => None,
        Some(pages) => pages?,
    };
    Ok(document(window, DocumentFormat::Pdf, pages))
}

fn last(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).rposition(|part| part == word)
}

/// How many pages the root of their tree says there are.
fn pages(window: &mut Window, start: u64) -> Result<Option<u32>, ProbeError> {
    let Some(tables) = tables(window, start)? else {
        return Ok(None);
    };
    let root = tables.first().and_then(|table| table.root);
    let Some(catalog) = root.map(|root| object(window, &tables, root)).transpose()? else {
        return Ok(None);
    };
    let tree = catalog.and_then(|catalog| match entry(&catalog, b"/Pages") {
        Some(Value::Reference(tree)) => Some(tree),
        Some(Value::Number(_) | Value::Other(_)) | None => None,
    });
    let Some(tree) = tree.map(|tree| object(window, &tables, tree)).transpose()? else {
        return Ok(None);
    };
    Ok(tree.and_then(|tree| {
        let is_tree = matches!(entry(&tree, b"/Type"), Some(Value::Other(b"/Pages")));
        match entry(&tree, b"/Count") {
            Some(Value::Number(count)) if is_tree => u32::try_from(count).ok(),
            Some(Value::Number(_) | Value::Other(_) | Value::Reference(_)) | None => None,
        }
    }))
}

/// One table of where the objects are.
struct Table {
    /// The first number of a stretch, how many there are, and where their entries begin.
    stretches: Vec<(u64, u64, u64)>,
    root: Option<u64>,
}

/// The tables of the file, newest first; `None` where one of them is packed or makes no sense.
fn tables(window: &mut Window, start: u64) -> Result<Option<Vec<Table>>, ProbeError> {
    let mut tables: Vec<Table> = Vec::new();
    let mut room = STRETCHES;
    let mut next = Some(start);
    while let Some(place) = next {
        if tables.len() >= SECTIONS {
            return Ok(None);
        }
        let Some((table, previous)) = table(window, place, room)? else {
            return Ok(None);
        };
        room -= table.stretches.len();
        tables.push(table);
        next = previous;
    }
    Ok(Some(tables))
}

/// The table at a place, of so many stretches at most, and where the one before it is.
fn table(
    window: &mut Window,
    start: u64,
    room: usize,
) -> Result<Option<(Table, Option<u64>)>, ProbeError> {
    let mut place = start;
    if word(window, &mut place)? != b"xref" {
        return Ok(None);
    }
    let mut stretches = Vec::new();
    loop {
        let first = word(window, &mut place)?;
        if first == b"trailer" {
            break;
        }
        let count = word(window, &mut place)?;
        let (Some(first), Some(count)) = (number(&first), number(&count)) else {
            return Ok(None);
        };
        // The numbers end their line; the entries follow, each of the same length.
        let line = window.some(place, 3)?;
        place += line.iter().take_while(|byte| is_space(**byte)).count() as u64;
        stretches.push((first, count, place));
        place = count
            .checked_mul(ENTRY_BYTES as u64)
            .and_then(|bytes| place.checked_add(bytes))
            .ok_or(ProbeError::Damaged("a size in it overflows"))?;
        if stretches.len() > room {
            return Ok(None);
        }
    }
    let trailer = window.some(place, DICTIONARY)?;
    let catalog = match entry(trailer, b"/Root") {
        Some(Value::Reference(object)) => Some(object),
        Some(Value::Number(_) | Value::Other(_)) | None => None,
    };
    let previous = match entry(trailer, b"/Prev") {
        Some(Value::Number(previous)) => Some(previous),
        Some(Value::Other(_) | Value::Reference(_)) => return Ok(None),
        None => None,
    };
    Ok(Some((
        Table {
            stretches,
            root: catalog,
        },
        previous,
    )))
}

/// The beginning of an object, behind its number; `None` where it is packed, deleted or something else.
fn object(
    window: &mut Window,
    tables: &[Table],
    wanted: u64,
) -> Result<Option<Vec<u8>>, ProbeError> {
    let place = tables.iter().find_map(|table| {
        table.stretches.iter().find_map(|(first, count, start)| {
            let nth = wanted.checked_sub(*first).filter(|nth| nth < count)?;
            start.checked_add(nth * ENTRY_BYTES as u64)
        })
    });
    let Some(place) = place else {
        return Ok(None);
    };
    let line: [u8; ENTRY_BYTES] = window.array(place)?;
    let Some(mut place) = number(&line[..10]).filter(|_| line[17] == b'n') else {
        return Ok(None);
    };
    let named = word(window, &mut place)?;
    let generation = word(window, &mut place)?;
    if number(&named) != Some(wanted)
        || number(&generation).is_none()
        || word(window, &mut place)? != b"obj"
    {
        return Ok(None);
    }
    Ok(Some(window.some(place, DICTIONARY)?.to_vec()))
}

/// The next word of the file.
fn word(window: &mut Window, place: &mut u64) -> Result<Vec<u8>, ProbeError> {
    let bytes = window.some(*place, 256)?;
    let mut words = Words(bytes);
    let word = words.next().unwrap_or_default().to_vec();
    *place += (bytes.len() - words.0.len()) as u64;
    Ok(word)
}

fn number(word: &[u8]) -> Option<u64> {
    let is_number = !word.is_empty() && word.len() <= 12 && word.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        word.iter()
            .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    })
}

/// What stands behind a key.
#[derive(Debug, PartialEq, Eq)]
enum Value<'a> {
    Number(u64),
    Other(&'a [u8]),
    Reference(u64),
}

/// The value of a key at the top of a dictionary; `None` where there is none, or no dictionary.
fn entry<'a>(dictionary: &'a [u8], key: &[u8]) -> Option<Value<'a>> {
    let mut words = Words(dictionary);
    if words.next()? != b"<<" {
        return None;
    }
    loop {
        let name = words.next()?;
        if !name.starts_with(b"/") {
            return None;
        }
        let value = value(&mut words)?;
        if name == key {
            return Some(value);
        }
    }
}

fn value<'a>(words: &mut Words<'a>) -> Option<Value<'a>> {
    let first = words.next()?;
    if matches!(first, b"<<" | b"[") {
        let mut depth = 1;
        while depth > 0 {
            match words.next()? {
                b"<<" | b"[" => depth += 1,
                b">>" | b"]" => depth -= 1,
                _ => {}
            }
        }
        return Some(Value::Other(first));
    }
    let Some(number_of) = number(first) else {
        return (first != b">>").then_some(Value::Other(first));
    };
    let mut ahead = Words(words.0);
    if ahead.next().is_some_and(|it| number(it).is_some()) && ahead.next() == Some(b"R") {
        *words = ahead;
        return Some(Value::Reference(number_of));
    }
    Some(Value::Number(number_of))
}

/// The words of a PDF: names, numbers, strings and brackets.
struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let start = self.0.iter().position(|byte| !is_space(*byte))?;
            self.0 = &self.0[start..];
            if self.0[0] != b'%' {
                break;
            }
            let end = self
                .0
                .iter()
                .position(|byte| matches!(byte, b'\r' | b'\n'))?;
            self.0 = &self.0[end..];
        }
        let length = match self.0 {
            [b'<', b'<', ..] | [b'>', b'>', ..] => 2,
            [b'(', ..] => string(self.0)?,
            [b'<', ..] => 1 + self.0.iter().position(|byte| *byte == b'>')?,
            [b'[' | b']' | b'{' | b'}' | b'>' | b')', ..] => 1,
            [_, rest @ ..] => {
                let ends = |byte: &u8| is_space(*byte) || b"()<>[]{}/%".contains(byte);
                1 + rest.iter().position(ends).unwrap_or(rest.len())
            }
            [] => return None,
        };
        let (word, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(word)
    }
}

/// How long the text in parentheses is; those inside are in pairs or escaped.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut is_escaped = false;
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(place + 1);
        }
    }
    None
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

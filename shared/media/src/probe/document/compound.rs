//! DOC and PPT: a compound file, a small file system of its own, told apart by the streams in its root ([MS-CFB]).

use domain::{DocumentFormat, MediaFacts};

use super::{
    super::{ProbeError, unsupported, window::Window},
    facts as document,
};

/// Sectors of the table of sectors that the header names itself.
const NAMED: u64 = 109;
/// Above it a number means something else than a sector.
const LAST_SECTOR: u32 = 0xffff_fffa;
const FREE: u32 = 0xffff_ffff;
const NOTHING: u32 = 0xffff_ffff;
const ENTRY_BYTES: u64 = 128;
const STREAM: u8 = 2;
/// Real documents have some hundreds; each may cost the reading of a piece far away.
const MAX_ENTRIES: usize = 4_096;

const STREAMS: [(&str, Result<DocumentFormat, &str>); 5] = [
    ("WordDocument", Ok(DocumentFormat::Doc)),
    ("PowerPoint Document", Ok(DocumentFormat::Ppt)),
    ("Workbook", Err("an Excel workbook")),
    ("Book", Err("an Excel workbook")),
    ("EncryptedPackage", Err("a document with a password")),
];

/// Reads a compound file.
pub(in super::super) fn facts(window: &mut Window) -> Result<MediaFacts, ProbeError> {
    let file = Compound::open(window)?;
    let directory = file.chain(window, file.first_directory)?;
    let mut found = None;
    let root = file.entry(window, &directory, 0)?;
    let mut open = vec![root.child];
    // Each has two neighbours, which may be nothing.
    for _ in 0..=2 * MAX_ENTRIES {
        let Some(number) = open.pop() else {
            file.check_end(window)?;
            return match found {
                Some(Ok(format)) => Ok(document(window, format, None)),
                Some(Err(other)) => Err(unsupported(other)),
                None => Err(unsupported(
                    "an old Office file that is neither DOC nor PPT",
                )),
            };
        };
        if number == NOTHING {
            continue;
        }
        let entry = file.entry(window, &directory, number)?;
        let known = STREAMS.iter().find(|(name, _)| *name == entry.name);
        if let Some((_, kind)) = known.filter(|_| entry.kind == STREAM) {
            if found.is_some() {
                return Err(ProbeError::Damaged("it claims to be two things at once"));
            }
            found = Some(*kind);
        }
        open.extend([entry.left, entry.right]);
    }
    Err(ProbeError::Damaged("it is nested or split beyond reason"))
}

struct Compound {
    /// How often a sector is two bytes doubled.
    shift: u32,
    first_directory: u32,
    /// How many sectors the table of sectors has.
    tables: u32,
    first_list: u32,
}

struct Entry {
    name: String,
    kind: u8,
    left: u32,
    right: u32,
    child: u32,
}

impl Compound {
    fn open(window: &mut Window) -> Result<Self, ProbeError> {
        let header: [u8; 76] = window.array(0)?;
        let shift = u32::from(header[30]);
        if !matches!(shift, 9 | 12) || header[28..30] != [0xfe, 0xff] {
            return Err(ProbeError::Damaged("its header makes no sense"));
        }
        Ok(Self {
            shift,
            first_directory: number(&header, 48),
            tables: number(&header, 44),
            first_list: number(&header, 68),
        })
    }

    /// How many numbers a sector holds.
    const fn numbers(&self) -> u64 {
        1 << (self.shift - 2)
    }

    /// Where this sector of the table of sectors begins.
    fn table(&self, window: &mut Window, place: u64) -> Result<u64, ProbeError> {
        if place < NAMED {
            let sector = read(window, 76 + 4 * place)?;
            return self.at(window, sector);
        }
        let per_list = self.numbers() - 1;
        let mut list = self.first_list;
        for _ in 0..(place - NAMED) / per_list {
            let start = self.at(window, list)?;
            list = read(window, start + 4 * per_list)?;
        }
        let within = (place - NAMED) % per_list;
        let start = self.at(window, list)?;
        let sector = read(window, start + 4 * within)?;
        self.at(window, sector)
    }

    /// Where a sector begins; one beyond the end of the file is none.
    fn at(&self, window: &Window, number: u32) -> Result<u64, ProbeError> {
        let start = (u64::from(number) + 1) << self.shift;
        if number > LAST_SECTOR || start >= window.total() {
            return Err(ProbeError::Damaged("its sectors do not line up"));
        }
        Ok(start)
    }

    /// The sectors of a stream that begins with this one.
    fn chain(&self, window: &mut Window, first: u32) -> Result<Vec<u32>, ProbeError> {
        let most = (MAX_ENTRIES * 128) >> self.shift;
        let mut chain = Vec::new();
        let mut next = first;
        while next <= LAST_SECTOR {
            if chain.len() >= most {
                return Err(ProbeError::Damaged("it is nested or split beyond reason"));
            }
            self.at(window, next)?;
            chain.push(next);
            let table = self.table(window, u64::from(next) / self.numbers())?;
            next = read(window, table + 4 * (u64::from(next) % self.numbers()))?;
        }
        Ok(chain)
    }

    fn entry(
        &self,
        window: &mut Window,
        directory: &[u32],
        number_of: u32,
    ) -> Result<Entry, ProbeError> {
        let place = u64::from(number_of) * ENTRY_BYTES;
        let sector = usize::try_from(place >> self.shift)
            .ok()
            .and_then(|nth| directory.get(nth))
            .ok_or(ProbeError::Damaged("its directory does not line up"))?;
        let within = place & ((1 << self.shift) - 1);
        let start = self.at(window, *sector)?;
        let entry: [u8; 80] = window.array(start + within)?;
        let length = usize::from(u16::from_le_bytes([entry[64], entry[65]]));
        // The length counts the zero at the end.
        let name: Vec<u16> = entry[..length.saturating_sub(2).min(64)]
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        Ok(Entry {
            name: String::from_utf16_lossy(&name),
            kind: entry[66],
            left: number(&entry, 68),
            right: number(&entry, 72),
            child: number(&entry, 76),
        })
    }

    /// Whether the file reaches as far as its table of sectors says: the first sector beyond its end is not in use.
    fn check_end(&self, window: &mut Window) -> Result<(), ProbeError> {
        let sectors = window.total().div_ceil(1 << self.shift);
        let beyond = sectors.saturating_sub(1);
        let table = beyond / self.numbers();
        if table >= u64::from(self.tables) {
            return Ok(());
        }
        let start = self.table(window, table)?;
        if read(window, start + 4 * (beyond % self.numbers()))? == FREE {
            Ok(())
        } else {
            Err(ProbeError::Damaged("it ends too early"))
        }
    }
}

fn read(window: &mut Window, place: u64) -> Result<u32, ProbeError> {
    Ok(u32::from_le_bytes(window.array(place)?))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(NOTHING, u32::from_le_bytes)
}

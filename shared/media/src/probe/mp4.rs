//! MP4 and MOV, whole or fragmented: walks the boxes, reads the few that say what the streams are.

use domain::{AudioCodec, Container, MediaFacts, VideoCodec};

use super::{ProbeError, unsupported, window::Window};

/// Reads a video of the ISO base media family.
pub(super) fn facts(window: &mut Window) -> Result<MediaFacts, ProbeError> {
    let mut movie = Movie::default();
    let mut container = Container::Mov;
    let total = window.total();
    let mut place = 0;
    while place < total {
        if !window.holds(place) {
            // A prefix holds all that matters once the tracks are known and nothing is said to follow.
            if movie.is_described() {
                break;
            }
            return Err(ProbeError::Incomplete);
        }
        let part = Part::at(window, place, total)?;
        match &part.kind {
            b"ftyp" => {
                container = match &window.array::<4>(part.body)? {
                    b"qt  " => Container::Mov,
                    _ => Container::Mp4,
                }
            }
            b"moov" => movie.read(window, &part)?,
            b"moof" => movie.add_fragment(window, &part)?,
            _ => {}
        }
        place = part.end;
    }
    movie.facts(container, total)
}

/// One box: its kind, and where its body lies.
struct Part {
    kind: [u8; 4],
    body: u64,
    end: u64,
}

impl Part {
    fn at(window: &mut Window, place: u64, limit: u64) -> Result<Self, ProbeError> {
        let size = u64::from(window.u32(place)?);
        let kind = window.array(place + 4)?;
        let (size, header) = match size {
            0 => (limit - place, 8),
            1 => (window.u64(place + 8)?, 16),
            _ => (size, 8),
        };
        if size < header {
            return Err(ProbeError::Damaged("a box is smaller than its own header"));
        }
        let end = place
            .checked_add(size)
            .filter(|end| *end <= limit)
            .ok_or(ProbeError::Damaged("a box is larger than what holds it"))?;
        Ok(Self {
            kind,
            body: place + header,
            end,
        })
    }

    /// The boxes in this one, from `skipping` bytes into its body.
    fn children(&self, window: &mut Window, skipping: u64) -> Result<Vec<Self>, ProbeError> {
        let mut children = Vec::new();
        let mut place = self.body.saturating_add(skipping);
        // QuickTime may end a list with four zero bytes.
        while place + 8 <= self.end {
            let child = Self::at(window, place, self.end)?;
            place = child.end;
            children.push(child);
        }
        Ok(children)
    }
}

#[derive(Default)]
struct Movie {
    seen: bool,
    fragmented: bool,
    duration_ms: u64,
    tracks: Vec<Track>,
    default_durations: Vec<(u32, u32)>,
}

#[derive(Default)]
struct Track {
    id: u32,
    handler: [u8; 4],
    timescale: u32,
    ticks: u64,
    samples: u64,
    codec: [u8; 4],
    sound: Option<AudioCodec>,
    size: (u32, u32),
    coded: (u32, u32),
    turned: bool,
}

impl Movie {
    const fn is_described(&self) -> bool {
        self.seen && !self.fragmented
    }

    fn read(&mut self, window: &mut Window, moov: &Part) -> Result<(), ProbeError> {
        if self.seen {
            return Err(ProbeError::Damaged("it describes itself twice"));
        }
        self.seen = true;
        for part in moov.children(window, 0)? {
            match &part.kind {
                b"mvhd" => self.duration_ms = movie_duration(window, &part)?,
                b"trak" => {
                    if self.tracks.len() >= 64 {
                        return Err(ProbeError::Damaged("it has more than 64 tracks"));
                    }
                    self.tracks.push(Track::read(window, &part)?);
                }
                b"mvex" => {
                    self.fragmented = true;
                    for extends in part.children(window, 0)? {
                        if &extends.kind == b"trex" {
                            let id = window.u32(extends.body + 4)?;
                            self.default_durations
                                .push((id, window.u32(extends.body + 12)?));
                        }
                    }
                }
                b"cmov" => return Err(unsupported("a video with a compressed description")),
                _ => {}
            }
        }
        Ok(())
    }

    fn add_fragment(&mut self, window: &mut Window, moof: &Part) -> Result<(), ProbeError> {
        for traf in moof.children(window, 0)? {
            if &traf.kind != b"traf" {
                continue;
            }
            let mut id = 0;
            let mut default = 0;
            for part in traf.children(window, 0)? {
                match &part.kind {
                    b"tfhd" => {
                        id = window.u32(part.body + 4)?;
                        default = self.fragment_default(window, &part, id)?;
                    }
                    b"trun" => {
                        let (samples, ticks) = run(window, &part, default)?;
                        if let Some(track) = self.tracks.iter_mut().find(|track| track.id == id) {
                            track.samples = track.samples.saturating_add(samples);
                            track.ticks = track.ticks.saturating_add(ticks);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn fragment_default(
        &self,
        window: &mut Window,
        tfhd: &Part,
        id: u32,
    ) -> Result<u32, ProbeError> {
        let flags = window.u32(tfhd.body)?;
        if flags & 0x08 != 0 {
            let before =
                if flags & 0x01 == 0 { 0 } else { 8 } + if flags & 0x02 == 0 { 0 } else { 4 };
            return window.u32(tfhd.body + 8 + before);
        }
        let default = self
            .default_durations
            .iter()
            .find(|(track, _)| *track == id);
        Ok(default.map_or(0, |(_, duration)| *duration))
    }

    fn facts(self, container: Container, bytes: u64) -> Result<MediaFacts, ProbeError> {
        if !self.seen {
            return Err(ProbeError::Damaged(
                "the description of the video is missing",
            ));
        }
        let sound = self.tracks.iter().find(|track| &track.handler == b"soun");
        let Some(video) = self.tracks.iter().find(|track| &track.handler == b"vide") else {
            return Err(unsupported("a sound or data file without pictures"));
        };
        let longest = self
            .tracks
            .iter()
            .filter(|track| track.is_heard_or_seen())
            .map(Track::milliseconds)
            .max();
        let duration_ms = if self.fragmented || self.duration_ms == 0 {
            longest
                .unwrap_or(0)
                .max(if self.fragmented { 0 } else { self.duration_ms })
        } else {
            self.duration_ms
        };
        let (width, height) = video.shown_size()?;
        if duration_ms == 0 || video.samples == 0 {
            return Err(ProbeError::Damaged("the video has no length"));
        }
        Ok(MediaFacts::Video {
            container,
            video_codec: video_codec(video.codec),
            audio_codec: sound.map(|sound| sound.sound.unwrap_or(AudioCodec::Other)),
            width,
            height,
            duration_ms,
            frames_per_second: video.frames_per_second(),
            bytes,
        })
    }
}

impl Track {
    fn read(window: &mut Window, described: &Part) -> Result<Self, ProbeError> {
        let mut track = Self::default();
        for part in described.children(window, 0)? {
            match &part.kind {
                b"tkhd" => track.read_header(window, &part)?,
                b"mdia" => {
                    for part in part.children(window, 0)? {
                        track.read_media(window, &part)?;
                    }
                }
                _ => {}
            }
        }
        Ok(track)
    }

    fn read_header(&mut self, window: &mut Window, tkhd: &Part) -> Result<(), ProbeError> {
        let long = window.array::<1>(tkhd.body)? == [1];
        self.id = window.u32(tkhd.body + if long { 20 } else { 12 })?;
        let matrix = tkhd.body + if long { 52 } else { 40 };
        let straight = window.u32(matrix)?;
        let across = window.u32(matrix + 4)?;
        self.turned = straight == 0 && across != 0;
        self.size = (
            window.u32(matrix + 36)? >> 16,
            window.u32(matrix + 40)? >> 16,
        );
        Ok(())
    }

    fn read_media(&mut self, window: &mut Window, part: &Part) -> Result<(), ProbeError> {
        match &part.kind {
            b"mdhd" => {
                let long = window.array::<1>(part.body)? == [1];
                self.timescale = window.u32(part.body + if long { 20 } else { 12 })?;
            }
            b"hdlr" => self.handler = window.array(part.body + 8)?,
            b"minf" => {
                for stbl in part.children(window, 0)? {
                    if &stbl.kind != b"stbl" {
                        continue;
                    }
                    for table in stbl.children(window, 0)? {
                        match &table.kind {
                            b"stsd" => self.read_description(window, &table)?,
                            b"stts" => self.read_times(window, &table)?,
                            _ => {}
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_description(&mut self, window: &mut Window, stsd: &Part) -> Result<(), ProbeError> {
        if window.u32(stsd.body + 4)? == 0 {
            return Ok(());
        }
        let entry = Part::at(window, stsd.body + 8, stsd.end)?;
        self.codec = entry.kind;
        match &self.handler {
            b"vide" => {
                let [a, b, c, d] = window.array::<4>(entry.body + 24)?;
                self.coded = (
                    u32::from(u16::from_be_bytes([a, b])),
                    u32::from(u16::from_be_bytes([c, d])),
                );
            }
            b"soun" => {
                let description = window.some(entry.body, (entry.end - entry.body).min(4096))?;
                self.sound = Some(audio_codec(entry.kind, description));
            }
            _ => {}
        }
        Ok(())
    }

    fn read_times(&mut self, window: &mut Window, stts: &Part) -> Result<(), ProbeError> {
        let count = u64::from(window.u32(stts.body + 4)?);
        if count > (stts.end - stts.body).saturating_sub(8) / 8 {
            return Err(ProbeError::Damaged("a table is larger than its box"));
        }
        for index in 0..count {
            let entry = window.u64(stts.body + 8 + index * 8)?;
            let (samples, delta) = (entry >> 32, entry & 0xffff_ffff);
            self.samples = self.samples.saturating_add(samples);
            self.ticks = self.ticks.saturating_add(samples.saturating_mul(delta));
        }
        Ok(())
    }

    fn is_heard_or_seen(&self) -> bool {
        matches!(&self.handler, b"vide" | b"soun")
    }

    fn milliseconds(&self) -> u64 {
        milliseconds(self.ticks, self.timescale)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of frames and ticks, far below 2^52 in any real video"
    )]
    fn frames_per_second(&self) -> f64 {
        if self.ticks == 0 {
            return 0.0;
        }
        self.samples as f64 * f64::from(self.timescale) / self.ticks as f64
    }

    fn shown_size(&self) -> Result<(u32, u32), ProbeError> {
        let (width, height) = if self.size.0 == 0 || self.size.1 == 0 {
            self.coded
        } else {
            self.size
        };
        if width == 0 || height == 0 {
            return Err(ProbeError::Damaged("the video has no pixels"));
        }
        Ok(if self.turned {
            (height, width)
        } else {
            (width, height)
        })
    }
}

fn movie_duration(window: &mut Window, mvhd: &Part) -> Result<u64, ProbeError> {
    if window.array::<1>(mvhd.body)? == [1] {
        let timescale = window.u32(mvhd.body + 20)?;
        let ticks = window.u64(mvhd.body + 24)?;
        return Ok(if ticks == u64::MAX {
            0
        } else {
            milliseconds(ticks, timescale)
        });
    }
    let timescale = window.u32(mvhd.body + 12)?;
    let ticks = window.u32(mvhd.body + 16)?;
    Ok(if ticks == u32::MAX {
        0
    } else {
        milliseconds(u64::from(ticks), timescale)
    })
}

/// Samples and ticks of one run of a fragment.
fn run(window: &mut Window, trun: &Part, default: u32) -> Result<(u64, u64), ProbeError> {
    let flags = window.u32(trun.body)?;
    let samples = u64::from(window.u32(trun.body + 4)?);
    let before = 8 + if flags & 0x01 == 0 { 0 } else { 4 } + if flags & 0x04 == 0 { 0 } else { 4 };
    let each = u64::from((flags & 0xf00).count_ones()) * 4;
    if samples.saturating_mul(each) > (trun.end - trun.body).saturating_sub(before) {
        return Err(ProbeError::Damaged("a table is larger than its box"));
    }
    if flags & 0x100 == 0 {
        return Ok((samples, samples.saturating_mul(u64::from(default))));
    }
    let mut ticks: u64 = 0;
    for index in 0..samples {
        ticks = ticks.saturating_add(u64::from(window.u32(trun.body + before + index * each)?));
    }
    Ok((samples, ticks))
}

fn milliseconds(ticks: u64, timescale: u32) -> u64 {
    if timescale == 0 {
        return 0;
    }
    let exact = u128::from(ticks) * 1000 / u128::from(timescale);
    u64::try_from(exact).unwrap_or(u64::MAX)
}

const fn video_codec(kind: [u8; 4]) -> VideoCodec {
    match &kind {
        b"av01" => VideoCodec::Av1,
        b"avc1" | b"avc2" | b"avc3" | b"avc4" => VideoCodec::H264,
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => VideoCodec::H265,
        b"vp08" => VideoCodec::Vp8,
        b"vp09" => VideoCodec::Vp9,
        _ => VideoCodec::Other,
    }
}

fn audio_codec(kind: [u8; 4], description: &[u8]) -> AudioCodec {
    match &kind {
        b".mp3" => AudioCodec::Mp3,
        b"Opus" => AudioCodec::Opus,
        b"mp4a" => match object_type(description) {
            Some(0x69 | 0x6b) => AudioCodec::Mp3,
            // Without a description, or with one of MPEG-4 or MPEG-2 sound, `mp4a` means AAC.
            None | Some(0x40 | 0x66..=0x68) => AudioCodec::Aac,
            Some(0xad) => AudioCodec::Opus,
            Some(0xdd) => AudioCodec::Vorbis,
            Some(_) => AudioCodec::Other,
        },
        _ => AudioCodec::Other,
    }
}

/// The object type in an `esds` box, wherever `QuickTime` or MP4 nest it in the sample entry.
fn object_type(description: &[u8]) -> Option<u8> {
    let place = description.windows(4).position(|word| word == b"esds")?;
    let rest = descriptor(description.get(place + 8..)?, 0x03)?;
    let flags = *rest.get(2)?;
    let mut skipped = 3;
    if flags & 0x80 != 0 {
        skipped += 2;
    }
    if flags & 0x40 != 0 {
        skipped += 1 + usize::from(*rest.get(skipped)?);
    }
    if flags & 0x20 != 0 {
        skipped += 2;
    }
    descriptor(rest.get(skipped..)?, 0x04)?.first().copied()
}

/// The body of a descriptor with this tag; its length takes one to four bytes.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    if *bytes.first()? != tag {
        return None;
    }
    let length = bytes.get(1..5)?.iter().position(|byte| byte & 0x80 == 0)? + 1;
    bytes.get(1 + length..)
}

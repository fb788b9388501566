use std::{
    io::{Cursor, Write},
    panic::catch_unwind,
    time::Instant,
};

use domain::{AudioCodec, Container, ImageFormat, MediaFacts, VideoCodec};
use image::{
    Delay, DynamicImage, ExtendedColorType, Frame, ImageEncoder as _, ImageFormat as Codec, Rgba,
    RgbaImage,
    codecs::{gif::GifEncoder, png::PngEncoder},
};
use moxcms::ColorProfile;

use super::{MAX_SIDE, ProbeError, decode, probe, probe_prefix};
use crate::samples;

const AV1: &[u8] = include_bytes!("../../fixtures/av1.mp4");
const FRAGMENTED: &[u8] = include_bytes!("../../fixtures/fragmented.mp4");
const HEVC: &[u8] = include_bytes!("../../fixtures/hevc.mp4");
const LIVE: &[u8] = include_bytes!("../../fixtures/live.webm");
const MKV: &[u8] = include_bytes!("../../fixtures/other.mkv");
const ROTATED: &[u8] = include_bytes!("../../fixtures/rotated.mov");
const VP9: &[u8] = include_bytes!("../../fixtures/vp9.webm");

#[test]
fn the_samples_are_what_they_promise() {
    assert_eq!(
        probed(samples::photo_jpeg()).unwrap(),
        picture(
            ImageFormat::Jpeg,
            1080,
            1080,
            samples::photo_jpeg().len(),
            false
        )
    );
    assert_eq!(
        probed(samples::clip_mp4()).unwrap(),
        MediaFacts::Video {
            container: Container::Mp4,
            video_codec: VideoCodec::H264,
            audio_codec: Some(AudioCodec::Aac),
            width: 720,
            height: 1280,
            duration_ms: 6_000,
            frames_per_second: 30.0,
            bytes: samples::clip_mp4().len() as u64,
        }
    );
    assert!(samples::photo_jpeg().len() <= 200_000);
    assert!(samples::clip_mp4().len() < 700_000);
}

#[test]
fn each_kind_of_video_is_read() {
    use AudioCodec::{Aac, Opus, Vorbis};
    use Container::{Mov, Mp4, Webm};
    for (bytes, expected, size) in [
        (AV1, (Mp4, VideoCodec::Av1, Some(Opus)), (128, 72)),
        (FRAGMENTED, (Mp4, VideoCodec::H264, Some(Aac)), (128, 72)),
        (HEVC, (Mp4, VideoCodec::H265, None), (128, 72)),
        (LIVE, (Webm, VideoCodec::Vp8, Some(Vorbis)), (128, 72)),
        (ROTATED, (Mov, VideoCodec::H264, Some(Aac)), (72, 128)),
        (VP9, (Webm, VideoCodec::Vp9, Some(Opus)), (128, 72)),
    ] {
        let MediaFacts::Video {
            container,
            video_codec,
            audio_codec,
            width,
            height,
            duration_ms,
            frames_per_second,
            bytes: length,
        } = probed(bytes).unwrap()
        else {
            panic!("not a video");
        };
        assert_eq!((container, video_codec, audio_codec), expected);
        assert_eq!((width, height), size, "{expected:?}");
        assert!(
            (1_980..=2_100).contains(&duration_ms),
            "{expected:?}: {duration_ms} ms"
        );
        assert!(
            (frames_per_second - 25.0).abs() < 0.3,
            "{expected:?}: {frames_per_second}"
        );
        assert_eq!(length, bytes.len() as u64);
    }
}

#[test]
fn each_kind_of_picture_is_read() {
    for (format, codec) in [
        (ImageFormat::Gif, Codec::Gif),
        (ImageFormat::Jpeg, Codec::Jpeg),
        (ImageFormat::Png, Codec::Png),
        (ImageFormat::Webp, Codec::WebP),
    ] {
        let bytes = still(40, 30, codec);
        assert_eq!(
            probed(&bytes).unwrap(),
            picture(format, 40, 30, bytes.len(), false)
        );
    }
    let gif = animated_gif(3);
    assert_eq!(
        probed(&gif).unwrap(),
        picture(ImageFormat::Gif, 16, 16, gif.len(), true)
    );
    let webp = animated_webp();
    assert!(matches!(
        probed(&webp).unwrap(),
        MediaFacts::Image { animated: true, .. }
    ));
    let apng = png_with_chunk(*b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(matches!(
        probed(&apng).unwrap(),
        MediaFacts::Image { animated: true, .. }
    ));
}

#[test]
fn exif_rotation_turns_the_sides() {
    let wide = still(40, 30, Codec::Jpeg);
    for orientation in 1..=8 {
        let sample = samples::photo_jpeg_oriented(orientation);
        let mut bytes = wide[..2].to_vec();
        bytes.extend_from_slice(&sample[2..38]);
        bytes.extend_from_slice(&wide[2..]);
        let (width, height) = if orientation < 5 { (40, 30) } else { (30, 40) };
        assert_eq!(
            probed(&bytes).unwrap(),
            picture(ImageFormat::Jpeg, width, height, bytes.len(), false),
            "orientation {orientation}"
        );
    }
}

#[test]
fn every_orientation_comes_out_upright() {
    let mut scene = RgbaImage::from_pixel(40, 30, Rgba([0, 0, 255, 255]));
    for (_, _, pixel) in scene
        .enumerate_pixels_mut()
        .filter(|(x, y, _)| *x < 20 && *y < 15)
    {
        *pixel = Rgba([255, 0, 0, 255]);
    }
    let mut plain = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(DynamicImage::from(scene).into_rgb8())
        .write_to(&mut plain, Codec::Jpeg)
        .unwrap();
    let plain = plain.into_inner();
    // Where the corner that is stored first is seen: whether on the right, whether below.
    let seen = [
        (false, false),
        (true, false),
        (true, true),
        (false, true),
        (false, false),
        (true, false),
        (true, true),
        (false, true),
    ];
    for (orientation, (right, below)) in (1..=8).zip(seen) {
        let note = &samples::photo_jpeg_oriented(orientation)[2..38];
        let picture = decode(&[&plain[..2], note, &plain[2..]].concat()).unwrap();
        let (width, height) = (picture.width(), picture.height());
        assert_eq!(width > height, orientation < 5, "orientation {orientation}");
        let x = if right { width - 3 } else { 3 };
        let y = if below { height - 3 } else { 3 };
        let [red, _, blue] = picture.into_rgb8().get_pixel(x, y).0;
        assert!(red > 200 && blue < 60, "orientation {orientation}");
    }
}

#[test]
fn colours_of_another_profile_are_brought_to_srgb() {
    let shown = |profile: Option<Vec<u8>>| {
        let mut bytes = Vec::new();
        let mut encoder = PngEncoder::new(&mut bytes);
        if let Some(profile) = profile {
            encoder.set_icc_profile(profile).unwrap();
        }
        let pixels = [200, 100, 50].repeat(64 * 64);
        encoder
            .write_image(&pixels, 64, 64, ExtendedColorType::Rgb8)
            .unwrap();
        decode(&bytes).unwrap().into_rgb8().get_pixel(5, 5).0
    };
    assert_eq!(shown(None), [200, 100, 50]);
    assert_eq!(shown(Some(b"not a profile".to_vec())), [200, 100, 50]);
    let srgb = shown(Some(ColorProfile::new_srgb().encode().unwrap()));
    let same = srgb.iter().zip([200_u8, 100, 50]);
    assert!(
        same.into_iter().all(|(a, b)| a.abs_diff(b) <= 1),
        "{srgb:?}"
    );
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let [red, green, blue] = shown(Some(p3.clone()));
    assert!(
        red > 205 && green < 100 && blue < 45,
        "{red} {green} {blue}"
    );
    for place in (0..p3.len()).step_by(7) {
        let mut broken = p3.clone();
        broken[place] ^= 0xff;
        shown(Some(broken));
    }
}

#[test]
fn a_prefix_tells_what_it_can() {
    let clip = samples::clip_mp4();
    let total = 4_000_000_000;
    let mut long = clip[..20_000].to_vec();
    let mdat = clip.windows(4).position(|word| word == b"mdat").unwrap();
    let size = u32::try_from(total - (mdat as u64 - 4)).unwrap();
    long[mdat - 4..mdat].copy_from_slice(&size.to_be_bytes());
    let file = written(&long);
    assert_eq!(probe_prefix(file.path(), total).unwrap().bytes(), total);

    let short = written(&clip[..3_000]);
    assert!(matches!(
        probe_prefix(short.path(), clip.len() as u64),
        Err(ProbeError::Incomplete)
    ));
    let photo = written(&samples::photo_jpeg()[..3_000]);
    assert!(matches!(
        probe_prefix(photo.path(), 90_000),
        Err(ProbeError::Incomplete)
    ));
    let moov_last = written(
        &[
            b"\0\0\0\x10ftypisom\0\0\0\0\x10\0\0\0mdat".as_slice(),
            &[0; 64],
        ]
        .concat(),
    );
    assert!(matches!(
        probe_prefix(moov_last.path(), 1 << 30),
        Err(ProbeError::Incomplete)
    ));
}

#[test]
fn what_is_not_media_is_named() {
    for (bytes, name) in [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(),
            "SVG",
        ),
        (b"\xef\xbb\xbf <?xml version='1.0'?><!-- x --><SVG/>", "SVG"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"\n\n<html><svg/></html>", "SVG"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"{\"error\":1}", "JSON"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PK\x05\x06", "ZIP"),
        (b"BM6\0", "BMP"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"RIFF\0\0\0\0WAVEfmt ", "RIFF"),
        (b"data:image/png;base64,AAAA", "data:"),
        (b"", "empty"),
        (b"hello", "no type"),
        (MKV, "MKV"),
    ] {
        match probed(bytes) {
            Err(ProbeError::Unsupported { found }) => {
                assert!(found.contains(name), "{found} is not {name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_name_means_nothing() {
    let mut file = tempfile::Builder::new().suffix(".mp4").tempfile().unwrap();
    file.write_all(samples::photo_jpeg()).unwrap();
    assert!(matches!(
        probe(file.path()).unwrap(),
        MediaFacts::Image { .. }
    ));
}

#[test]
fn bombs_are_refused_by_their_headers() {
    for (width, height) in [
        (65_000, 65_000),
        (MAX_SIDE + 1, 1),
        (1, MAX_SIDE + 1),
        (7_100, 7_100),
        (u32::MAX >> 1, 2),
    ] {
        let answer = probed(&png_claiming(width, height, 8));
        assert!(
            matches!(
                answer,
                Err(ProbeError::TooLarge { .. } | ProbeError::Damaged(_))
            ),
            "{width} x {height}: {answer:?}"
        );
    }
    let deep = probed(&png_claiming(7_000, 7_000, 16));
    assert!(matches!(deep, Err(ProbeError::TooHeavy { .. })), "{deep:?}");
}

#[test]
fn cut_files_are_refused() {
    let gif = animated_gif(3);
    let pictures = [Codec::Jpeg, Codec::Png, Codec::WebP].map(|codec| still(64, 64, codec));
    let files: Vec<&[u8]> = pictures
        .iter()
        .map(Vec::as_slice)
        .chain([
            samples::photo_jpeg(),
            samples::clip_mp4(),
            HEVC,
            AV1,
            FRAGMENTED,
            ROTATED,
            gif.as_slice(),
        ])
        .collect();
    let mut count = 0;
    for bytes in files {
        for twentieth in 0..20 {
            let cut = &bytes[..bytes.len() * twentieth / 20];
            count += 1;
            // A fragmented file cut between fragments, and a GIF cut between frames, are shorter files.
            if let Ok(facts) = probed(cut) {
                assert!(
                    bytes == FRAGMENTED || bytes == gif.as_slice(),
                    "{twentieth}/20 passed as {facts:?}"
                );
            }
        }
    }
    assert!(count >= 200);
}

/// Bit flips, splices, hostile counts and depths: any answer will do, but one must come, soon, without a panic.
#[test]
fn no_hostile_file_panics_or_hangs() {
    let originals: Vec<Vec<u8>> = [Codec::Jpeg, Codec::Png, Codec::Gif, Codec::WebP]
        .map(|codec| still(24, 24, codec))
        .into_iter()
        .chain([
            animated_gif(2),
            animated_webp(),
            samples::photo_jpeg_oriented(6)[..4_000].to_vec(),
        ])
        .chain([AV1, FRAGMENTED, HEVC, LIVE, ROTATED, VP9].map(<[u8]>::to_vec))
        .collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut files = handmade();
    for original in &originals {
        for _ in 0..60 {
            let mut file = original.clone();
            for _ in 0..=random.below(8) {
                let near = if random.below(2) == 0 {
                    file.len().min(1_500)
                } else {
                    file.len()
                };
                let place = random.below(near);
                file[place] = match random.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => file[place] ^ (1 << random.below(8)),
                    _ => u8::try_from(random.below(256)).unwrap(),
                };
            }
            files.push(file);
        }
        for other in &originals {
            let (head, tail) = (random.below(original.len()), random.below(other.len()));
            files.push([&original[..head], &other[tail..]].concat());
            files.push([original.as_slice(), other].concat());
        }
    }
    assert!(files.len() >= 1_000, "only {} hostile files", files.len());

    for (index, file) in files.iter().enumerate() {
        let started = Instant::now();
        let answer = catch_unwind(|| probed(file));
        assert!(answer.is_ok(), "file {index} panicked");
        assert!(
            started.elapsed().as_secs() < 10,
            "file {index} took {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn hostile_counts_and_loops_are_refused() {
    for (index, file) in handmade().iter().enumerate() {
        let answer = probed(file);
        assert!(
            answer.is_err(),
            "handmade file {index} passed as {answer:?}"
        );
    }
}

fn handmade() -> Vec<Vec<u8>> {
    let ftyp = boxed(*b"ftyp", b"isom\0\0\0\0");
    let with = |part: Vec<u8>| [ftyp.clone(), part].concat();
    let mut nested = Vec::new();
    for _ in 0..10_000 {
        nested = boxed(*b"moov", &nested);
    }
    let table = |kind, body: &[u8]| {
        let stbl = boxed(*b"stbl", &boxed(kind, body));
        let mdia = [
            boxed(*b"hdlr", b"\0\0\0\0\0\0\0\0vide"),
            boxed(*b"minf", &stbl),
        ]
        .concat();
        boxed(*b"moov", &boxed(*b"trak", &boxed(*b"mdia", &mdia)))
    };
    vec![
        with(nested),
        with(boxed(*b"moov", &[])),
        with([boxed(*b"moov", &[]), boxed(*b"moov", &[])].concat()),
        with(b"\0\0\0\x04moov".to_vec()),
        with(b"\0\0\0\x00moov".to_vec()),
        with(b"\0\0\0\x01moov\0\0\0\0\0\0\0\x08".to_vec()),
        with(b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        with(b"\xff\xff\xff\xffmoov".to_vec()),
        with(table(*b"stts", b"\0\0\0\0\xff\xff\xff\xff")),
        with(table(
            *b"stts",
            b"\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff",
        )),
        with(table(*b"stsd", b"\0\0\0\0\0\0\0\x01")),
        with(table(*b"stsd", b"\0\0\0\0\xff\xff\xff\xff\0\0\0\x08avc1")),
        with(boxed(*b"moov", &boxed(*b"trak", &[]).repeat(65))),
        with(boxed(
            *b"moof",
            &boxed(*b"traf", &boxed(*b"trun", b"\0\0\0\0\xff\xff\xff\xff")),
        )),
        with(boxed(
            *b"moof",
            &boxed(*b"traf", &boxed(*b"trun", b"\0\0\x01\0\xff\xff\xff\xff")),
        )),
        with(boxed(*b"moov", &boxed(*b"cmov", &[]))),
        b"\x1a\x45\xdf\xa3".to_vec(),
        b"\x1a\x45\xdf\xa3\xff".to_vec(),
        b"\x1a\x45\xdf\xa3\x80".to_vec(),
        b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe".to_vec(),
        b"\x1a\x45\xdf\xa3\xff\x42\x82\x84webm\x00\x00\x00".to_vec(),
        [
            b"\x1a\x45\xdf\xa3\xff\x42\x82\x84webm\x16\x54\xae\x6b\xff".as_slice(),
            &b"\xae\xff".repeat(70),
        ]
        .concat(),
        [
            b"\x1a\x45\xdf\xa3\xff\x42\x82\x84webm".as_slice(),
            &b"\x1f\x43\xb6\x75\xff\xe7\x88\xff\xff\xff\xff\xff\xff\xff\xff\xa3\x84\x81\x7f\xff\0"
                .repeat(100),
        ]
        .concat(),
        [
            b"\x1a\x45\xdf\xa3\xff\x42\x82\x84webm".as_slice(),
            &b"\xec\x80".repeat(5_000_000),
        ]
        .concat(),
        b"\xff\xd8\xff".to_vec(),
        b"\xff\xd8\xff\xd9".to_vec(),
        [b"\xff\xd8".as_slice(), &[0xff; 100_000]].concat(),
        b"\xff\xd8\xff\xe0\0\0\xff\xda\0\0\xff\xd9".to_vec(),
        b"\x89PNG\r\n\x1a\n".to_vec(),
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR".to_vec(),
        b"GIF89a".to_vec(),
        b"GIF89a\xff\xff\xff\xff\0\0\0;".to_vec(),
        b"GIF89a\x01\0\x01\0\0\0\0!\xf9".to_vec(),
        b"RIFF\0\0\0\0WEBP".to_vec(),
        b"RIFF\xff\xff\xff\xffWEBPVP8X".to_vec(),
    ]
}

fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes(), kind.as_slice(), body].concat()
}

fn picture(
    format: ImageFormat,
    width: u32,
    height: u32,
    bytes: usize,
    animated: bool,
) -> MediaFacts {
    MediaFacts::Image {
        format,
        width,
        height,
        bytes: bytes as u64,
        animated,
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

fn still(width: u32, height: u32, codec: Codec) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height)
        .write_to(&mut bytes, codec)
        .unwrap();
    bytes.into_inner()
}

fn animated_gif(frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for _ in 0..frames {
        let delay = Delay::from_numer_denom_ms(100, 1);
        encoder
            .encode_frame(Frame::from_parts(RgbaImage::new(16, 16), 0, 0, delay))
            .unwrap();
    }
    drop(encoder);
    bytes
}

/// A WebP whose one frame is wrapped as an animation's.
fn animated_webp() -> Vec<u8> {
    let still = still(16, 16, Codec::WebP);
    let frame = &still[12..];
    let mut body =
        b"WEBPVP8X\x0a\0\0\0\x02\0\0\0\x0f\0\0\x0f\0\0ANIM\x06\0\0\0\0\0\0\0\0\0ANMF".to_vec();
    body.extend_from_slice(&u32::try_from(frame.len() + 16).unwrap().to_le_bytes());
    body.extend_from_slice(&[0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0, 100, 0, 0, 0]);
    body.extend_from_slice(frame);
    [
        b"RIFF".as_slice(),
        &u32::try_from(body.len()).unwrap().to_le_bytes(),
        &body,
    ]
    .concat()
}

fn png_with_chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let png = still(8, 8, Codec::Png);
    let (head, tail) = png.split_at(33);
    [head, &png_chunk(kind, body), tail].concat()
}

fn png_claiming(width: u32, height: u32, depth: u8) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend_from_slice(&[depth, 6, 0, 0, 0]);
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &png_chunk(*b"IHDR", &header),
        &png_chunk(*b"IDAT", b"\x78\x9c\x03\0\0\0\0\x01"),
        &png_chunk(*b"IEND", b""),
    ]
    .concat()
}

fn png_chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let checked = [kind.as_slice(), body].concat();
    let sum = checked.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
        })
    });
    [
        &u32::try_from(body.len()).unwrap().to_be_bytes(),
        checked.as_slice(),
        &(!sum).to_be_bytes(),
    ]
    .concat()
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

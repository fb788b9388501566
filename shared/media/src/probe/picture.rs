//! Pictures: type, size after EXIF rotation, whether they move; and their pixels.

use std::io::Cursor;

use domain::{ImageFormat, MediaFacts};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, metadata::Orientation};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::{MAX_DECODED_BYTES, MAX_PIXELS, MAX_SIDE, ProbeError};

/// Reads a picture of a known format.
pub(super) fn facts(bytes: &[u8], format: ImageFormat) -> Result<MediaFacts, ProbeError> {
    let animated = match format {
        ImageFormat::Gif => gif_frames(bytes)? > 1,
        ImageFormat::Jpeg => {
            check_jpeg_end(bytes)?;
            false
        }
        ImageFormat::Png => png_is_animated(bytes)?,
        ImageFormat::Webp => webp_is_animated(bytes)?,
    };
    let mut decoder = decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = match decoder.orientation().unwrap_or(Orientation::NoTransforms) {
        Orientation::FlipHorizontal
        | Orientation::FlipVertical
        | Orientation::NoTransforms
        | Orientation::Rotate180 => (width, height),
        Orientation::Rotate270
        | Orientation::Rotate270FlipH
        | Orientation::Rotate90
        | Orientation::Rotate90FlipH => (height, width),
    };
    Ok(MediaFacts::Image {
        format,
        width,
        height,
        bytes: bytes.len() as u64,
        animated,
    })
}

/// The pixels, turned upright and brought to the colours that everybody expects of a picture
/// without a profile.
pub(super) fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, ProbeError> {
    let mut decoder = decoder(bytes, format)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder)
        .map_err(|_| ProbeError::Damaged("its pixels cannot be read"))?;
    image.apply_orientation(orientation);
    Ok(match profile {
        Some(profile) => to_srgb(image, &profile),
        None => image,
    })
}

/// A profile that makes no sense changes nothing.
fn to_srgb(image: DynamicImage, profile: &[u8]) -> DynamicImage {
    let Some(from) = ColorProfile::new_from_slice(profile)
        .ok()
        .filter(|from| from.color_space == DataColorSpace::Rgb)
    else {
        return image;
    };
    if image.color().has_alpha() {
        let mut clear = image.into_rgba8();
        convert(&from, Layout::Rgba, 4, &mut clear);
        clear.into()
    } else {
        let mut solid = image.into_rgb8();
        convert(&from, Layout::Rgb, 3, &mut solid);
        solid.into()
    }
}

fn convert(from: &ColorProfile, layout: Layout, pixel_bytes: usize, pixels: &mut [u8]) {
    let to = ColorProfile::new_srgb();
    let Ok(transform) =
        from.create_transform_8bit(layout, &to, layout, TransformOptions::default())
    else {
        return;
    };
    // In pieces, so that the picture is not held twice.
    for piece in pixels.chunks_mut(pixel_bytes * 16_384) {
        let before = piece.to_vec();
        if transform.transform(&before, piece).is_err() {
            piece.copy_from_slice(&before);
        }
    }
}

/// A decoder that will not exceed our limits.
fn decoder(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_, ProbeError> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), codec(format));
    reader.limits(limits);
    let decoder = reader
        .into_decoder()
        .map_err(|_| ProbeError::Damaged("the picture's header cannot be read"))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(ProbeError::Damaged("the picture has no pixels"));
    }
    if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ProbeError::TooLarge { width, height });
    }
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(ProbeError::TooHeavy {
            bytes: decoder.total_bytes(),
        });
    }
    Ok(decoder)
}

const fn codec(format: ImageFormat) -> image::ImageFormat {
    match format {
        ImageFormat::Gif => image::ImageFormat::Gif,
        ImageFormat::Jpeg => image::ImageFormat::Jpeg,
        ImageFormat::Png => image::ImageFormat::Png,
        ImageFormat::Webp => image::ImageFormat::WebP,
    }
}

const CUT: ProbeError = ProbeError::Damaged("it ends too early");

/// The end marker must follow the picture's own data; one inside a thumbnail does not count.
fn check_jpeg_end(bytes: &[u8]) -> Result<(), ProbeError> {
    let mut place = 2;
    loop {
        let [marker, kind, high, low] = *bytes
            .get(place..)
            .and_then(<[u8]>::first_chunk)
            .ok_or(CUT)?;
        if marker != 0xff {
            return Err(ProbeError::Damaged("its segments do not line up"));
        }
        match kind {
            0xff => place += 1,
            0x01 | 0xd0..=0xd8 => place += 2,
            0xd9 => return Err(CUT),
            0xda => break,
            _ => place += 2 + usize::from(u16::from_be_bytes([high, low])).max(2),
        }
    }
    let data = bytes.get(place..).unwrap_or_default();
    if data.windows(2).any(|pair| pair == b"\xff\xd9") {
        Ok(())
    } else {
        Err(CUT)
    }
}

fn png_is_animated(bytes: &[u8]) -> Result<bool, ProbeError> {
    let mut animated = false;
    let mut place: usize = 8;
    loop {
        let header: [u8; 8] = *bytes
            .get(place..)
            .and_then(<[u8]>::first_chunk)
            .ok_or(CUT)?;
        let [a, b, c, d, kind @ ..] = header;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| CUT)?;
        place = place
            .checked_add(length)
            .and_then(|place| place.checked_add(12))
            .ok_or(CUT)?;
        if place > bytes.len() {
            return Err(CUT);
        }
        match &kind {
            b"acTL" => animated = true,
            b"IEND" => return Ok(animated),
            _ => {}
        }
    }
}

fn webp_is_animated(bytes: &[u8]) -> Result<bool, ProbeError> {
    let length: [u8; 4] = *bytes.get(4..).and_then(<[u8]>::first_chunk).ok_or(CUT)?;
    if u64::from(u32::from_le_bytes(length)) + 8 > bytes.len() as u64 {
        return Err(CUT);
    }
    let extended = bytes.get(12..16) == Some(b"VP8X");
    let flags = bytes.get(20).copied().unwrap_or_default();
    Ok(extended && flags & 0b10 != 0)
}

fn gif_frames(bytes: &[u8]) -> Result<u32, ProbeError> {
    let byte = |place: usize| bytes.get(place).copied().ok_or(CUT);
    let table = |flags: u8| {
        if flags & 0x80 == 0 {
            0
        } else {
            3 << ((flags & 7) + 1)
        }
    };
    let mut place = 13 + table(byte(10)?);
    let mut frames = 0;
    loop {
        match bytes.get(place) {
            // Some writers leave the trailer out.
            None | Some(0x3b) if frames > 0 => return Ok(frames),
            None | Some(0x3b) => return Err(CUT),
            Some(0x21) => place += 2,
            Some(0x2c) => {
                frames += 1;
                place += 11 + table(byte(place + 9)?);
            }
            Some(_) => return Err(ProbeError::Damaged("its blocks do not line up")),
        }
        loop {
            let length = usize::from(byte(place)?);
            place += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

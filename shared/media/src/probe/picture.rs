//! Pictures.

use std::io::Cursor;

use domain::{ImageFormat, MediaFacts};
use image::{
    AnimationDecoder as _, DynamicImage, ImageDecoder as _, ImageReader, Limits,
    codecs::{gif::GifDecoder, webp::WebPDecoder},
};

use super::ProbeError;

/// The longest side, in pixels.
const MAX_SIDE: u32 = 12_000;
/// The most pixels.
const MAX_PIXELS: u64 = 50_000_000;
/// What decoding may use: 50 megapixels at four bytes, and room to turn them.
const MAX_ALLOCATION: u64 = 256 * 1024 * 1024;

/// What a picture is, after turning it as its EXIF orientation says.
///
/// # Errors
/// [`ProbeError`] when it is none, is broken, or is larger than 12,000 pixels a side or 50 megapixels.
pub fn image(bytes: &[u8]) -> Result<MediaFacts, ProbeError> {
    let reader = reader(bytes)?;
    let format = format_of(&reader)?;
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    drop(decoder);
    within_limits(width, height)?;
    let turned = orientation(bytes) >= 5;
    let (width, height) = if turned {
        (height, width)
    } else {
        (width, height)
    };
    Ok(MediaFacts::Image {
        format,
        width,
        height,
        bytes: bytes.len() as u64,
        animated: is_animated(bytes, format),
    })
}

/// The pixels of a picture, turned upright.
///
/// # Errors
/// [`ProbeError`] as for [`image()`], and when the pixels are broken.
pub fn decode(bytes: &[u8]) -> Result<DynamicImage, ProbeError> {
    let reader = reader(bytes)?;
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    within_limits(width, height)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    Ok(match orientation(bytes) {
        2 => picture.fliph(),
        3 => picture.rotate180(),
        4 => picture.flipv(),
        5 => picture.rotate90().fliph(),
        6 => picture.rotate90(),
        7 => picture.rotate270().fliph(),
        8 => picture.rotate270(),
        _ => picture,
    })
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, ProbeError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(ProbeError::Read)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    reader.limits(limits);
    Ok(reader)
}

fn format_of(reader: &ImageReader<Cursor<&[u8]>>) -> Result<ImageFormat, ProbeError> {
    match reader.format() {
        Some(image::ImageFormat::Gif) => Ok(ImageFormat::Gif),
        Some(image::ImageFormat::Jpeg) => Ok(ImageFormat::Jpeg),
        Some(image::ImageFormat::Png) => Ok(ImageFormat::Png),
        Some(image::ImageFormat::WebP) => Ok(ImageFormat::Webp),
        _ => Err(ProbeError::Unknown),
    }
}

fn within_limits(width: u32, height: u32) -> Result<(), ProbeError> {
    if width == 0 || height == 0 {
        return Err(ProbeError::Broken("is a picture without pixels".to_owned()));
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ProbeError::Broken(format!(
            "is {width}x{height} pixels large; pictures of up to {MAX_SIDE} pixels a side and {MAX_PIXELS} in all are taken"
        )));
    }
    Ok(())
}

/// The EXIF orientation, 1 to 8; 1 where there is none.
fn orientation(bytes: &[u8]) -> u32 {
    exif::Reader::new()
        .read_from_container(&mut Cursor::new(bytes))
        .ok()
        .and_then(|exif| {
            exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?
                .value
                .get_uint(0)
        })
        .filter(|orientation| (1..=8).contains(orientation))
        .unwrap_or(1)
}

fn is_animated(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Gif => GifDecoder::new(Cursor::new(bytes))
            .is_ok_and(|decoder| decoder.into_frames().take(2).filter(Result::is_ok).count() == 2),
        ImageFormat::Webp => {
            WebPDecoder::new(Cursor::new(bytes)).is_ok_and(|decoder| decoder.has_animation())
        }
        ImageFormat::Jpeg | ImageFormat::Png => false,
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where a function of an owned error is asked for"
)]
fn broken(error: image::ImageError) -> ProbeError {
    ProbeError::Broken(format!("is a picture that cannot be read: {error}"))
}

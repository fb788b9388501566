//! Makes a picture fit a network.

use std::io::Cursor;

use domain::{ImageFormat, ImageRules, MediaFacts, Violation};
use image::{DynamicImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

use crate::{judge::judge, probe};

/// A picture that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it is.
    pub facts: MediaFacts,
}

/// JPEG qualities that are tried, best first; below the last one the picture is made smaller.
const QUALITIES: [u8; 4] = [92, 85, 75, 65];

/// Turns a picture upright, takes all metadata off, and converts and scales it until it fits.
///
/// Stills are always encoded anew, so that no metadata (places, cameras, colour profiles) leaves
/// with them; colours are taken for sRGB, which a picture with another profile shows slightly
/// paler. An animation is sent as it is where the network takes GIF. Blocks the thread.
///
/// # Errors
/// The broken rule, when the picture cannot be made to fit without changing what it shows.
pub fn fit(
    bytes: &[u8],
    facts: &MediaFacts,
    rules: &ImageRules,
    network: &str,
    field: &str,
) -> Result<Fitted, Violation> {
    let media = domain::MediaRules {
        text_alone: false,
        max_images: 1,
        max_mixed: 0,
        document: None,
        image: Some(*rules),
        video: None,
    };
    if let Some(broken) = judge(facts, &media, network, field).into_iter().next() {
        return Err(broken);
    }
    if let MediaFacts::Image {
        animated: true,
        format,
        bytes: size,
        ..
    } = facts
        && rules.formats.contains(format)
        && *size <= rules.max_bytes
    {
        return Ok(Fitted {
            bytes: bytes.to_vec(),
            facts: facts.clone(),
        });
    }
    let picture = probe::decode(bytes).map_err(|error| {
        Violation::new(
            field,
            "image_unreadable",
            error.to_string(),
            "Save the picture anew as JPEG or PNG.",
        )
    })?;
    let picture = scaled(picture, rules.max_width, rules.max_height);
    if rules.formats.contains(&ImageFormat::Png)
        && picture.color().has_alpha()
        && let Some(fitted) =
            as_png(&picture).filter(|fitted| fitted.bytes.len() as u64 <= rules.max_bytes)
    {
        return Ok(fitted);
    }
    as_jpeg(&picture, rules).ok_or_else(|| {
        Violation::new(
            field,
            "image_too_large",
            format!(
                "cannot be made smaller than the {} bytes that {network} takes",
                rules.max_bytes
            ),
            "Use a smaller picture.",
        )
    })
}

fn scaled(picture: DynamicImage, max_width: u32, max_height: u32) -> DynamicImage {
    if picture.width() <= max_width && picture.height() <= max_height {
        return picture;
    }
    picture.resize(max_width, max_height, FilterType::Lanczos3)
}

fn as_png(picture: &DynamicImage) -> Option<Fitted> {
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .ok()?;
    Some(fitted(bytes, ImageFormat::Png, picture))
}

fn as_jpeg(picture: &DynamicImage, rules: &ImageRules) -> Option<Fitted> {
    let mut flat = DynamicImage::ImageRgb8(on_white(picture));
    loop {
        for quality in QUALITIES {
            let mut bytes = Vec::new();
            flat.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
                .ok()?;
            if bytes.len() as u64 <= rules.max_bytes {
                return Some(fitted(bytes, ImageFormat::Jpeg, &flat));
            }
        }
        let (width, height) = (flat.width() * 3 / 4, flat.height() * 3 / 4);
        if width < rules.min_width.max(1) || height == 0 {
            return None;
        }
        flat = flat.resize(width, height, FilterType::Lanczos3);
    }
}

/// JPEG knows no transparency; what shines through is white, as networks show it.
fn on_white(picture: &DynamicImage) -> image::RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let source = picture.to_rgba8();
    image::RgbImage::from_fn(source.width(), source.height(), |x, y| {
        let [red, green, blue, alpha] = source.get_pixel(x, y).0;
        let over = |channel: u8| {
            let mixed = u32::from(channel) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

fn fitted(bytes: Vec<u8>, format: ImageFormat, picture: &DynamicImage) -> Fitted {
    let facts = MediaFacts::Image {
        format,
        width: picture.width(),
        height: picture.height(),
        bytes: bytes.len() as u64,
        animated: false,
    };
    Fitted { bytes, facts }
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    const RULES: ImageRules = ImageRules {
        formats: &[ImageFormat::Jpeg],
        max_bytes: 200_000,
        min_width: 320,
        max_width: 1_440,
        max_height: 1_800,
        aspect: Some((0.8, 1.91)),
    };

    fn png(width: u32, height: u32, color: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let picture = RgbaImage::from_fn(width, height, |x, y| Rgba(color(x, y)));
        let mut bytes = Vec::new();
        picture
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .unwrap();
        bytes
    }

    fn try_fit(bytes: &[u8], rules: &ImageRules) -> Result<Fitted, Violation> {
        let facts = probe::image(bytes).unwrap();
        fit(bytes, &facts, rules, "Somewhere", "media[0]")
    }

    #[test]
    fn a_wide_png_becomes_a_jpeg_of_the_widest_width() {
        let fitted = try_fit(&png(2_880, 2_000, |_, _| [9, 99, 200, 255]), &RULES).unwrap();
        let again = probe::image(&fitted.bytes).unwrap();
        assert_eq!(again, fitted.facts);
        assert!(matches!(
            again,
            MediaFacts::Image {
                format: ImageFormat::Jpeg,
                width: 1_440,
                height: 1_000,
                ..
            }
        ));
    }

    #[test]
    fn transparency_becomes_white() {
        let fitted = try_fit(&png(400, 400, |_, _| [0, 0, 0, 0]), &RULES).unwrap();
        let pixel = probe::decode(&fitted.bytes)
            .unwrap()
            .to_rgb8()
            .get_pixel(200, 200)
            .0;
        assert!(pixel.iter().all(|channel| *channel > 250), "{pixel:?}");
    }

    #[test]
    fn noise_is_squeezed_under_the_limit() {
        let noise = png(1_000, 1_000, |x, y| {
            let value = x
                .wrapping_mul(2_654_435_761)
                .wrapping_add(y.wrapping_mul(40_503))
                .to_le_bytes();
            [value[1], value[2], value[3], 255]
        });
        let fitted = try_fit(&noise, &RULES).unwrap();
        assert!(fitted.bytes.len() <= 200_000);
    }

    #[test]
    fn a_photo_held_upright_is_turned_and_loses_its_metadata() {
        let rotated = crate::samples::turned_photo();
        let MediaFacts::Image { width, height, .. } = probe::image(&rotated).unwrap() else {
            panic!("no picture")
        };
        assert_eq!((width, height), (500, 800));
        let any = ImageRules {
            aspect: None,
            ..RULES
        };
        let fitted = try_fit(&rotated, &any).unwrap();
        assert!(!fitted.bytes.windows(4).any(|window| window == b"Exif"));
        assert!(matches!(fitted.facts, MediaFacts::Image { width, height, .. } if width < height));
    }

    #[test]
    fn what_no_conversion_mends_is_refused_with_its_numbers() {
        assert_eq!(
            try_fit(&png(100, 100, |_, _| [0; 4]), &RULES)
                .unwrap_err()
                .rule,
            "image_too_small"
        );
        let banner = try_fit(&png(1_200, 400, |_, _| [0; 4]), &RULES).unwrap_err();
        assert_eq!(banner.rule, "aspect_ratio");
        assert!(banner.detail.contains("1200x400"), "{}", banner.detail);
    }
}

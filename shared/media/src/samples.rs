//! A real picture, a real video and a real document, small enough to be carried along; every network takes the first two.

/// A JPEG of 1,080 x 1,080 pixels.
pub const fn photo_jpeg() -> &'static [u8] {
    include_bytes!("../samples/photo.jpg")
}

/// An MP4 of six seconds: H.264 and AAC, 720 x 1,280 pixels, 30 frames a second, index first.
pub const fn clip_mp4() -> &'static [u8] {
    include_bytes!("../samples/clip.mp4")
}

/// A PDF of three pages.
pub const fn pages_pdf() -> &'static [u8] {
    include_bytes!("../samples/pages.pdf")
}

/// The photo with an EXIF note (orientation 1 to 8 as in the standard) put before its pixels.
#[cfg(test)]
pub(crate) fn photo_jpeg_oriented(orientation: u8) -> Vec<u8> {
    let (start, rest) = photo_jpeg().split_at(2);
    [start, &exif(orientation), rest].concat()
}

#[cfg(test)]
fn exif(orientation: u8) -> Vec<u8> {
    let mut note =
        b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    note.extend([orientation, 0, 0, 0, 0, 0, 0]);
    note
}

/// A photo whose EXIF says that it was held upright, as phones write them.
#[cfg(test)]
pub(crate) fn turned_photo() -> Vec<u8> {
    let wide = image::load_from_memory(photo_jpeg()).unwrap().resize_exact(
        800,
        500,
        image::imageops::FilterType::Nearest,
    );
    let mut plain = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageRgb8(wide.to_rgb8())
        .write_to(&mut plain, image::ImageFormat::Jpeg)
        .unwrap();
    let plain = plain.into_inner();
    [&plain[..2], exif(6).as_slice(), &plain[2..]].concat()
}

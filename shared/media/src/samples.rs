//! A real picture and a real video, small enough to be carried along; every network takes both.

/// A JPEG of 1,080 x 1,080 pixels.
pub const fn photo_jpeg() -> &'static [u8] {
    include_bytes!("../samples/photo.jpg")
}

/// An MP4 of six seconds: H.264 and AAC, 720 x 1,280 pixels, 30 frames a second, index first.
pub const fn clip_mp4() -> &'static [u8] {
    include_bytes!("../samples/clip.mp4")
}

/// A photo whose EXIF says that it was held upright, as phones write them.
#[cfg(test)]
pub(crate) fn turned_photo() -> Vec<u8> {
    let exif: [u8; 36] = [
        0xff, 0xe1, 0x00, 0x22, b'E', b'x', b'i', b'f', 0, 0, b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1,
        0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ];
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
    [&plain[..2], &exif, &plain[2..]].concat()
}

use std::io::Write as _;

use super::*;
use crate::samples;

#[tokio::test]
async fn a_large_file_must_begin_as_what_its_author_says() {
    let pdf = &samples::pages_pdf()[..900];
    let clip = &samples::clip_mp4()[..200_000];
    let early = &samples::clip_mp4()[..1_000];
    for (bytes, kind, expected) in [
        (pdf, MediaKind::Document, Ok(false)),
        (pdf, MediaKind::Video, Err("media_type_differs")),
        (clip, MediaKind::Video, Ok(true)),
        (early, MediaKind::Video, Ok(false)),
        (clip, MediaKind::Document, Err("media_type_differs")),
        (early, MediaKind::Document, Err("media_type_differs")),
        (b"hello", MediaKind::Document, Err("media_not_taken")),
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let total = 80 * 1024 * 1024;
        let told = begins_well(file.path(), kind, Some(total)).await.unwrap();
        let told = told.map(|facts| facts.is_some());
        let told = told.as_ref().map_err(|broken| broken.rule.as_str());
        assert_eq!(told.copied(), expected, "{kind}");
    }
}

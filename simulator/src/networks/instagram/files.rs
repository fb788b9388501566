//! The files that Instagram fetches, and what it takes.

use axum::body::Bytes;

use super::containers::Shape;
use crate::{
    LiveMedia,
    networks::meta::{Asked, Said},
};

const LARGEST_IMAGE: usize = 8 * 1024 * 1024;
const LARGEST_STORY_VIDEO: usize = 100_000_000;
const LARGEST_VIDEO: usize = 300_000_000;
const VIDEO_FORMAT: i64 = 2_207_026;
/// What a video comes to whose server knows no ranges, where Instagram asks for one.
const NO_RANGES: i64 = 2_207_077;

/// Loads the file of a container; what is wrong with a video shows later.
pub(super) async fn load(
    asked: &Asked,
    shape: Shape,
    is_video: bool,
) -> Result<(LiveMedia, Option<i64>), Said> {
    let url = asked.field(if is_video { "video_url" } else { "image_url" });
    let (bytes, is_part) = fetch(asked, url).await?;
    if !is_video {
        check_image(&bytes)?;
        if shape != Shape::Story {
            check_shape(&bytes)?;
        }
        return Ok((asked.world.keep("image/jpeg", bytes), None));
    }
    let (asks_for_ranges, unfetched) = {
        let state = asked.world.states().instagram();
        (state.asks_for_ranges, state.fails_to_fetch)
    };
    let no_ranges = (asks_for_ranges && !is_part).then_some(NO_RANGES);
    let error = unfetched
        .or(no_ranges)
        .or_else(|| fault_of_video(shape, &bytes));
    Ok((asked.world.keep("video/mp4", bytes), error))
}

/// What is wrong with a video.
pub(super) fn fault_of_video(shape: Shape, bytes: &[u8]) -> Option<i64> {
    let most = if shape == Shape::Story {
        LARGEST_STORY_VIDEO
    } else {
        LARGEST_VIDEO
    };
    let is_readable = bytes.get(4..8) == Some(b"ftyp") && bytes.len() <= most;
    (!is_readable).then_some(VIDEO_FORMAT)
}

/// Loads the cover of a reel, where one is named.
pub(super) async fn cover(asked: &Asked, shape: Shape) -> Result<Option<LiveMedia>, Said> {
    let url = asked.field("cover_url");
    if url.is_empty() {
        return Ok(None);
    }
    if shape != Shape::Reel {
        return Err(Said::invalid("Param cover_url is for reels"));
    }
    let (bytes, _) = fetch(asked, url).await?;
    check_image(&bytes)?;
    Ok(Some(asked.world.keep("image/jpeg", bytes)))
}

pub(super) fn unreachable() -> Said {
    Said::refused(
        9_004,
        2_207_052,
        "The media could not be fetched from this uri",
    )
}

/// A file, and whether its server answered with a range.
async fn fetch(asked: &Asked, url: &str) -> Result<(Bytes, bool), Said> {
    if !url.is_ascii() || !url.starts_with("https://") {
        return Err(unreachable());
    }
    let asks_for_ranges = asked.world.states().instagram().asks_for_ranges;
    let pulled = if asks_for_ranges {
        asked.world.pull_range(url, "bytes=0-").await
    } else {
        asked.world.pull(url).await
    };
    pulled
        .ok()
        .filter(|file| matches!(file.status, 200 | 206))
        .map(|file| (file.bytes, file.status == 206))
        .ok_or_else(unreachable)
}

fn check_image(bytes: &[u8]) -> Result<(), Said> {
    if bytes.len() > LARGEST_IMAGE {
        return Err(Said::refused(
            36_000,
            2_207_004,
            "The image size is too large",
        ));
    }
    if imagesize::image_type(bytes).ok() != Some(imagesize::ImageType::Jpeg) {
        return Err(format());
    }
    Ok(())
}

fn check_shape(bytes: &[u8]) -> Result<(), Said> {
    let size = imagesize::blob_size(bytes).map_err(|_| format())?;
    // In hundredths, so that nothing is rounded.
    let (width, height) = (size.width * 100, size.height);
    if width < height * 80 || width > height * 191 {
        return Err(Said::refused(
            36_003,
            2_207_009,
            "The aspect ratio is not supported",
        ));
    }
    Ok(())
}

fn format() -> Said {
    Said::refused(36_001, 2_207_005, "The image format is not supported")
}

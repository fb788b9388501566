//! Holds a file against a network's rules.

use domain::{DocumentRules, ImageRules, MediaFacts, MediaRules, VideoRules, Violation};

/// The rules that a file breaks and that no conversion of ours mends.
pub fn judge(facts: &MediaFacts, rules: &MediaRules, network: &str, field: &str) -> Vec<Violation> {
    let not_taken = |rule: &str, what: &str, remedy: &str| {
        let detail = format!("is a {what}; {network} takes none");
        vec![Violation::new(field, rule, detail, remedy)]
    };
    match facts {
        MediaFacts::Document { .. } => rules.document.map_or_else(
            || {
                not_taken(
                    "document_not_taken",
                    "document",
                    "Use a picture or a video.",
                )
            },
            |document| judge_document(facts, &document, network, field),
        ),
        MediaFacts::Image { .. } => rules.image.map_or_else(
            || not_taken("image_not_taken", "picture", "Use a video."),
            |image| judge_image(facts, &image, network, field),
        ),
        MediaFacts::Video { .. } => rules.video.map_or_else(
            || not_taken("video_not_taken", "video", "Use a picture."),
            |video| judge_video(facts, &video, network, field),
        ),
    }
}

fn judge_document(
    facts: &MediaFacts,
    rules: &DocumentRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let MediaFacts::Document {
        format,
        pages,
        bytes,
    } = facts
    else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let mut breaks = |rule: &str, detail: String, remedy: String| {
        broken.push(Violation::new(field, rule, detail, remedy));
    };
    if !rules.formats.contains(format) {
        breaks(
            "document_format",
            format!("is a {format:?} file; {network} takes {:?}", rules.formats),
            "Export it as PDF.".to_owned(),
        );
    }
    if *bytes > rules.max_bytes {
        breaks(
            "document_too_large",
            format!(
                "is {bytes} bytes large; {network} takes {}",
                rules.max_bytes
            ),
            "Export it with smaller pictures, or shorten it.".to_owned(),
        );
    }
    if let Some(pages) = pages.filter(|pages| *pages > rules.max_pages) {
        breaks(
            "document_too_long",
            format!("has {pages} pages; {network} takes {}", rules.max_pages),
            format!("Remove {}.", pages - rules.max_pages),
        );
    }
    broken
}

fn judge_image(
    facts: &MediaFacts,
    rules: &ImageRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let MediaFacts::Image { width, height, .. } = facts else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    if *width < rules.min_width {
        broken.push(Violation::new(
            field,
            "image_too_small",
            format!(
                "is {width} pixels wide; {network} takes {} or more",
                rules.min_width
            ),
            "Use a larger picture.",
        ));
    }
    broken.extend(aspect(
        *width,
        *height,
        rules.aspect,
        network,
        field,
        "Crop the picture.",
    ));
    broken
}

fn judge_video(
    facts: &MediaFacts,
    rules: &VideoRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let mut broken = judge_encoding(facts, rules, network, field);
    broken.extend(judge_measures(facts, rules, network, field));
    broken
}

fn judge_encoding(
    facts: &MediaFacts,
    rules: &VideoRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let MediaFacts::Video {
        container,
        video_codec,
        audio_codec,
        ..
    } = facts
    else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let mut breaks = |rule: &str, detail: String, remedy: String| {
        broken.push(Violation::new(field, rule, detail, remedy));
    };
    if !rules.containers.contains(container) {
        breaks(
            "video_container",
            format!(
                "is a {container:?} file; {network} takes {:?}",
                rules.containers
            ),
            "Export it as MP4.".to_owned(),
        );
    }
    if !rules.video_codecs.contains(video_codec) {
        breaks(
            "video_codec",
            format!(
                "is encoded as {video_codec:?}; {network} takes {:?}",
                rules.video_codecs
            ),
            "Export it as H.264.".to_owned(),
        );
    }
    if let Some(codec) = audio_codec.filter(|codec| !rules.audio_codecs.contains(codec)) {
        breaks(
            "audio_codec",
            format!(
                "has sound as {codec:?}; {network} takes {:?}",
                rules.audio_codecs
            ),
            "Export it with AAC sound.".to_owned(),
        );
    }
    broken
}

fn judge_measures(
    facts: &MediaFacts,
    rules: &VideoRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let MediaFacts::Video {
        width,
        height,
        duration_ms,
        frames_per_second,
        bytes,
        ..
    } = facts
    else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let mut breaks = |rule: &str, detail: String, remedy: String| {
        broken.push(Violation::new(field, rule, detail, remedy));
    };
    if *bytes > rules.max_bytes {
        breaks(
            "video_too_large",
            format!(
                "is {bytes} bytes large; {network} takes {}",
                rules.max_bytes
            ),
            "Export it with a lower bit rate, or shorten it.".to_owned(),
        );
    }
    if *duration_ms < rules.min_duration_ms {
        breaks(
            "video_too_short",
            format!(
                "is {} s long; {network} takes {} s or more",
                seconds(*duration_ms),
                seconds(rules.min_duration_ms)
            ),
            "Use a longer video.".to_owned(),
        );
    }
    if *duration_ms > rules.max_duration_ms {
        breaks(
            "video_too_long",
            format!(
                "is {} s long; {network} takes {} s at most",
                seconds(*duration_ms),
                seconds(rules.max_duration_ms)
            ),
            format!(
                "Shorten it by {} s.",
                seconds(*duration_ms - rules.max_duration_ms)
            ),
        );
    }
    let (fewest, most) = rules.frames_per_second;
    // Averages of real files scatter a little around their nominal rate.
    if *frames_per_second < fewest - 0.5 || *frames_per_second > most + 0.5 {
        breaks(
            "video_frame_rate",
            format!(
                "has {frames_per_second:.1} frames a second; {network} takes {fewest} to {most}"
            ),
            "Export it with 30 frames a second.".to_owned(),
        );
    }
    let (smallest, largest) = rules.side;
    if *width.min(height) < smallest || *width.max(height) > largest {
        breaks(
            "video_size",
            format!(
                "is {width}x{height} pixels large; {network} takes sides of {smallest} to {largest}"
            ),
            "Export it in another size.".to_owned(),
        );
    }
    broken.extend(aspect(
        *width,
        *height,
        rules.aspect,
        network,
        field,
        "Crop the video.",
    ));
    broken
}

fn aspect(
    width: u32,
    height: u32,
    allowed: Option<(f64, f64)>,
    network: &str,
    field: &str,
    remedy: &str,
) -> Option<Violation> {
    let (least, most) = allowed?;
    let ratio = f64::from(width) / f64::from(height.max(1));
    // A pixel of rounding is no other shape.
    let slack = 1.0 / f64::from(height.max(1));
    (ratio < least - slack || ratio > most + slack).then(|| {
        Violation::new(
            field,
            "aspect_ratio",
            format!("is {width}x{height}, {ratio:.2} times as wide as high; {network} takes {least:.2} to {most:.2}"),
            remedy,
        )
    })
}

fn seconds(milliseconds: u64) -> String {
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;

//! The Pin itself: the one call that makes it visible.

use serde_json::json;
use time::Duration;

use super::{
    super::{
        fault,
        options::{Options, alt_text},
        profile::{api, sends_pictures},
        wire::{MadePin, MediaSource, NewPin, PictureBytes, PictureUrl},
    },
    Publish, confirm, options_of, pictures,
};
use crate::{Answer, Asset, Auth, Call, Fault, FileRange, PublishContext};

/// So often Pinterest is sent to fetch pictures.
const MAX_FETCHES: u8 = 3;
/// How long to wait before Pinterest is sent to fetch pictures again.
const FETCH_AGAIN: Duration = Duration::seconds(30);

/// Makes a Pin of a video, or of the post's pictures: these are fetched, or `sent` along.
pub(super) fn pin(cx: &PublishContext<'_>, media_id: Option<&str>, sent: bool) -> Call {
    let options = options_of(cx);
    let given = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (title, description, link) = (
        given(options.title.as_deref()),
        given(Some(&cx.content.caption)),
        given(options.link.as_deref()),
    );
    let texts = cx.content.assets.iter().map(|it| it.alt_text.as_deref());
    let alt_text = given(Some(&alt_text(texts)));
    let is_sent = sent || sends_pictures(cx.app);
    let (media_source, files) = source(cx, media_id, &options, is_sent);
    let body = json!(NewPin {
        board_id: options.board_id.as_deref().unwrap_or_default(),
        board_section_id: options.board_section_id.as_deref(),
        title: title.as_deref(),
        description: description.as_deref(),
        link: link.as_deref(),
        alt_text: alt_text.as_deref(),
        dominant_color: options.dominant_color.as_deref(),
        media_source,
    });
    let call = Call::post("create_pin", api(cx.app, "/v5/pins")).auth(Auth::Bearer);
    let call = if files.is_empty() {
        call.json(body)
    } else {
        call.json_with_files(body, files)
    };
    call.once()
}

/// What the Pin shows, and where in it bytes of files stand.
fn source<'a>(
    cx: &PublishContext<'a>,
    media_id: Option<&'a str>,
    options: &Options,
    is_sent: bool,
) -> (MediaSource<'a>, Vec<(String, FileRange)>) {
    let pictures: Vec<(usize, &Asset)> = pictures(cx).collect();
    let place = |pointer: String, asset: usize, of: &Asset| {
        let range = 0..of.bytes();
        (pointer, FileRange { asset, range })
    };
    match (media_id, pictures.as_slice()) {
        (Some(media_id), [(asset, cover), ..]) if options.cover && is_sent => (
            MediaSource::VideoId {
                media_id,
                cover_image_key_frame_time: None,
                cover_image_url: None,
                cover_image_content_type: Some(cover.facts.content_type()),
                cover_image_data: Some(""),
            },
            vec![place(
                "/media_source/cover_image_data".to_owned(),
                *asset,
                cover,
            )],
        ),
        (Some(media_id), [(_, cover), ..]) if options.cover => (
            MediaSource::VideoId {
                media_id,
                cover_image_key_frame_time: None,
                cover_image_url: Some(cover.url.as_str()),
                cover_image_content_type: None,
                cover_image_data: None,
            },
            Vec::new(),
        ),
        (Some(media_id), _) => (
            MediaSource::VideoId {
                media_id,
                cover_image_key_frame_time: Some(options.cover_time_seconds.unwrap_or(0)),
                cover_image_url: None,
                cover_image_content_type: None,
                cover_image_data: None,
            },
            Vec::new(),
        ),
        (None, [(asset, picture)]) if is_sent => (
            MediaSource::ImageBase64(PictureBytes::of(picture)),
            vec![place("/media_source/data".to_owned(), *asset, picture)],
        ),
        (None, [(_, picture)]) => (MediaSource::ImageUrl(PictureUrl::of(picture)), Vec::new()),
        (None, several) if is_sent => {
            let items = several.iter().map(|(_, it)| PictureBytes::of(it)).collect();
            let files = several
                .iter()
                .enumerate()
                .map(|(number, (asset, picture))| {
                    place(
                        format!("/media_source/items/{number}/data"),
                        *asset,
                        picture,
                    )
                });
            (MediaSource::MultipleImageBase64 { items }, files.collect())
        }
        (None, several) => {
            let items = several.iter().map(|(_, it)| PictureUrl::of(it)).collect();
            (MediaSource::MultipleImageUrls { items }, Vec::new())
        }
    }
}

pub(super) fn made(
    cx: &PublishContext<'_>,
    media_id: Option<String>,
    fetches: u8,
    sent: bool,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        let made: Option<MadePin> = answer.json();
        return Ok(made.filter(|pin| !pin.id.is_empty()).map_or_else(
            || confirm::begin(cx),
            |pin| Publish::Published { id: pin.id },
        ));
    }
    let Some(refused) = fault::refused(answer, cx.now, cx.app) else {
        return Ok(confirm::begin(cx));
    };
    let has_pictures = pictures(cx).next().is_some();
    let was_fetched = has_pictures && !sent && !sends_pictures(cx.app);
    if refused.code == fault::IMAGE_UNREACHABLE && was_fetched {
        let fetches = fetches + 1;
        let sent = fetches >= MAX_FETCHES;
        return Ok(Publish::Create {
            media_id,
            fetches,
            sent,
            ask_at: (!sent).then_some(cx.now + FETCH_AGAIN),
        });
    }
    // Not every account can make carousels (reported, September 2026); its words do not say so.
    if refused.code == fault::PIN_REFUSED && media_id.is_none() && pictures(cx).count() > 1 {
        let message = format!(
            "{} Perhaps it takes no Pins of several pictures here; try one picture a Pin.",
            refused.message
        );
        let seen = refused.evidence.unwrap_or_default();
        return Err(Fault::content("carousel_refused", message).seen(seen));
    }
    Err(refused)
}

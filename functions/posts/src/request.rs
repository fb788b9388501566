//! What a request for a post says, and reading it field by field.

use domain::{Caption, ConnectionId, MediaId, MediaKind, Platform, Violation};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// A post that asks to be accepted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PostRequest {
    /// The network.
    #[schema(example = "pinterest")]
    pub(crate) platform: String,
    /// Which of several accounts; may be left out while there is one of the network.
    #[serde(default)]
    pub(crate) connection_id: Option<String>,
    /// The words, kept to the byte.
    #[serde(default)]
    #[schema(example = "Fresh from the oven")]
    pub(crate) caption: String,
    /// One file, a list of files, or nothing where the network takes words alone.
    #[serde(default)]
    #[schema(value_type = Option<OneOrMany>)]
    pub(crate) media: Option<Value>,
    /// The network's own options; unknown ones are refused.
    ///
    /// - facebook: `firstComment` (written under the post once it is live), `link` (an address shown as a card
    ///   under words without media), `reel` (a video as a reel), `story` (one picture or one video as a story,
    ///   without words); of videos and reels `title`; of reels `place` (the id of a Page that has a location);
    ///   of videos `embeddable`, `contentCategory` (as `MUSIC`)
    /// - instagram: `story` (one file without words), `collaborators` (up to 3 names), `userTags`
    ///   (`[{"username", "x", "y", "media"}]`, `media` the place of one of several files), `locationId`,
    ///   `aiGenerated`, `paidPartnership`, `brandedContentSponsorIds` (up to 2), `firstComment`; of reels
    ///   `shareToFeed`, `thumbOffsetMs` or `coverUrl`, `audioName`, `trialReel` (`MANUAL`, `SS_PERFORMANCE`)
    /// - linkedin: `visibility` (of members: `PUBLIC`, `LOGGED_IN`, `CONNECTIONS`), `article` (`{"url", "title",
    ///   "description", "thumbnail"}`), `title` (of a video; required of a document), `disableReshare`
    /// - pinterest: `boardId` (required), `boardSectionId`, `title`, `link`, `dominantColor`; of videos `cover` (the
    ///   picture beside it) or `coverTimeSeconds`
    /// - tiktok: `mode` (`direct`, `inbox`: a draft, of which the person chooses all else in TikTok),
    ///   `privacyLevel` (required of direct posts: `PUBLIC_TO_EVERYONE`, `MUTUAL_FOLLOW_FRIENDS`,
    ///   `FOLLOWER_OF_CREATOR`, `SELF_ONLY`), `disableComment`, `brandContent`, `brandOrganic`, `aiGenerated`; of
    ///   videos `disableDuet`, `disableStitch`, `coverTimestampMs`; of photos `title`, `photoCoverIndex`,
    ///   `autoAddMusic`
    /// - x: `replySettings` (`following`, `mentionedUsers`, `subscribers`, `verified`), `madeWithAi`,
    ///   `paidPartnership`, `replyTo`, `quote`, `community`, `poll` (`{"options", "durationMinutes"}`), `thread`
    ///   (`[{"text", "media"}]`, `media` the places of its files)
    /// - youtube: `title`, `tags`, `categoryId`, `privacy` (`public`, `unlisted`, `private`), `madeForKids`,
    ///   `notifySubscribers`, `publishAt`, `thumbnail` (the picture beside the video), `playlistId`,
    ///   `defaultLanguage`, `license` (`youtube`, `creativeCommon`), `embeddable`, `publicStatsViewable`,
    ///   `containsSyntheticMedia`, `recordingDate`
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) options: Option<Value>,
    /// Your own id of the post: the same body again answers the same post, another body is refused.
    #[serde(default, rename = "client_post_id", alias = "clientPostId")]
    pub(crate) client_post_id: Option<String>,
    /// How many minutes late it may go out at most; 1 to 1,440, default 60.
    #[serde(default)]
    pub(crate) max_lateness_minutes: Option<i64>,
    /// When to publish, with its offset; for `/api/schedule` only.
    #[serde(default, rename = "scheduledAtISO")]
    #[schema(ignore)]
    pub(crate) scheduled_at_iso: Option<String>,
}

/// A post for later: as for now, and when.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; requests are read as PostRequest")]
pub(crate) struct ScheduleRequest {
    #[schema(inline)]
    #[serde(flatten)]
    post: PostRequest,
    /// When to publish, with its offset; up to a year ahead.
    #[serde(rename = "scheduledAtISO")]
    #[schema(example = "2026-12-01T09:30:00+01:00")]
    scheduled_at_iso: String,
}

/// One file or several.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "it describes; requests are read item by item, to name the field at fault"
)]
pub(crate) enum OneOrMany {
    One(MediaItem),
    Many(Vec<MediaItem>),
}

/// One file: where it is, or the id under which it is already kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MediaItem {
    /// `image`, `video` or `document`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "image")]
    pub(crate) kind: MediaKind,
    /// A public https address of the file itself.
    #[serde(default)]
    pub(crate) url: Option<String>,
    /// The id of a file that is already kept.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) media_id: Option<MediaId>,
    /// What it shows, for people who cannot see it.
    #[serde(default)]
    pub(crate) alt_text: Option<String>,
}

/// How far ahead a post may be scheduled.
const FURTHEST: Duration = Duration::days(366);
/// How long a name of the app's own may be.
const NAME: usize = 200;
/// More files than any network takes.
const FILES: usize = 40;

pub(crate) fn platform(name: &str) -> Result<Platform, Violation> {
    name.parse().map_err(|error: domain::UnknownPlatform| {
        Violation::new(
            "platform",
            "unknown_platform",
            error.to_string(),
            "Use one of these names.",
        )
    })
}

pub(crate) fn connection(id: Option<&str>) -> Result<Option<ConnectionId>, Violation> {
    id.map(|id| {
        id.parse().map_err(|error: domain::IdError| {
            Violation::new(
                "connectionId",
                "invalid_id",
                error.to_string(),
                "Use an id of GET /api/connections.",
            )
        })
    })
    .transpose()
}

pub(crate) fn caption(text: String) -> Result<Caption, Violation> {
    Caption::try_from(text).map_err(|error| {
        Violation::new(
            "caption",
            "invalid_caption",
            error.to_string(),
            "Send plain text.",
        )
    })
}

pub(crate) fn options(options: Option<Value>) -> Result<Value, Violation> {
    match options {
        None | Some(Value::Null) => Ok(Value::Object(serde_json::Map::new())),
        Some(object @ Value::Object(_)) => Ok(object),
        Some(_) => Err(Violation::new(
            "options",
            "invalid_field",
            "is not an object",
            "Send an object, or leave it out.",
        )),
    }
}

pub(crate) fn name(client_post_id: Option<&str>) -> Result<(), Violation> {
    match client_post_id {
        Some(id) if id.is_empty() || id.len() > NAME || id.chars().any(char::is_control) => {
            Err(Violation::new(
                "client_post_id",
                "invalid_client_post_id",
                format!("is not 1 to {NAME} bytes of text"),
                "Use a UUID, for one.",
            ))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn lateness(minutes: Option<i64>) -> Result<Duration, Violation> {
    let minutes = minutes.unwrap_or(60);
    if (1..=1_440).contains(&minutes) {
        return Ok(Duration::minutes(minutes));
    }
    Err(Violation::new(
        "maxLatenessMinutes",
        "out_of_range",
        format!("is {minutes}; 1 to 1440 are taken"),
        "Leave it out for 60.",
    ))
}

pub(crate) fn time(text: &str, now: OffsetDateTime) -> Result<OffsetDateTime, Violation> {
    let wrong = |rule: &str, detail: String, remedy: &str| {
        Violation::new("scheduledAtISO", rule, detail, remedy)
    };
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        wrong(
            "invalid_time",
            "is not a time with its offset as RFC 3339 writes it".to_owned(),
            "Write it as 2026-12-01T09:30:00+01:00 or 2026-12-01T08:30:00Z.",
        )
    })?;
    if at <= now {
        return Err(wrong(
            "time_in_past",
            "has passed".to_owned(),
            "Choose a later time, or use POST /api/posts to publish now.",
        ));
    }
    if at - now > FURTHEST {
        return Err(wrong(
            "time_too_far",
            format!("is more than {} days ahead", FURTHEST.whole_days()),
            "Choose an earlier time.",
        ));
    }
    Ok(at)
}

/// The files of a request, one or many, each error with its place.
pub(crate) fn media(media: Option<Value>) -> Result<Vec<MediaItem>, Violation> {
    let items = match media {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(one) => return Ok(vec![item(one, "media")?]),
    };
    if items.len() > FILES {
        return Err(Violation::new(
            "media",
            "too_many_files",
            format!("holds {} files", items.len()),
            format!("Send {FILES} at most."),
        ));
    }
    items
        .into_iter()
        .enumerate()
        .map(|(place, value)| item(value, &format!("media[{place}]")))
        .collect()
}

fn item(value: Value, field: &str) -> Result<MediaItem, Violation> {
    let item: MediaItem = read(value, field)?;
    match (&item.url, &item.media_id) {
        (Some(_), None) | (None, Some(_)) => Ok(item),
        (Some(_), Some(_)) => Err(Violation::new(
            field,
            "invalid_field",
            "holds both url and mediaId",
            "Keep one of them.",
        )),
        (None, None) => Err(Violation::new(
            format!("{field}.url"),
            "missing_field",
            "is missing",
            "Give the address of the file.",
        )),
    }
}

fn read<T: DeserializeOwned>(value: Value, field: &str) -> Result<T, Violation> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." {
            field.to_owned()
        } else {
            format!("{field}.{path}")
        };
        let detail = error.into_inner().to_string();
        let rule = if detail.starts_with("unknown field") {
            "unknown_field"
        } else {
            "invalid_field"
        };
        Violation::new(field, rule, detail, "See the API description at /docs.")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn one_file_a_list_and_nothing_are_all_read() {
        let one = json!({"type": "image", "url": "https://example.com/a.jpg"});
        assert_eq!(media(Some(one.clone())).unwrap().len(), 1);
        assert_eq!(media(Some(json!([one, one]))).unwrap().len(), 2);
        assert!(media(None).unwrap().is_empty());
    }

    #[test]
    fn a_wrong_file_is_named_by_its_place() {
        let broken = media(Some(
            json!([{"type": "image", "url": "x"}, {"type": "sound", "url": "x"}]),
        ))
        .unwrap_err();
        assert_eq!(broken.field, "media[1].type");
        assert_eq!(
            media(Some(json!({"type": "image"}))).unwrap_err().field,
            "media.url"
        );
        assert_eq!(
            media(Some(json!({"type": "image", "url": "x", "size": 1})))
                .unwrap_err()
                .rule,
            "unknown_field"
        );
    }

    #[test]
    fn times_without_offset_past_or_absurd_are_refused() {
        let now = datetime!(2026-01-01 12:00 UTC);
        for (text, rule) in [
            ("2026-01-02T00:00:00", "invalid_time"),
            ("tomorrow", "invalid_time"),
            ("2026-02-30T00:00:00Z", "invalid_time"),
            ("2026-01-01T12:00:00Z", "time_in_past"),
            ("1999-01-01T12:00:00Z", "time_in_past"),
            ("9999-01-01T12:00:00Z", "time_too_far"),
        ] {
            assert_eq!(time(text, now).unwrap_err().rule, rule, "{text}");
        }
        assert_eq!(
            time("2026-01-01T14:00:01+02:00", now).unwrap(),
            now + Duration::seconds(1)
        );
    }
}

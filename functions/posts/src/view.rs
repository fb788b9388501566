//! A post as the app sees it.

use domain::{Post, PostError, PostMedia, Status};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A post as the app sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Post)]
pub(crate) struct PostView {
    /// Its id.
    #[schema(example = "pst_019314b2c4d57c3ea1b2c3d4e5f60718")]
    pub(crate) id: String,
    /// `queued`, `publishing`, `published`, `failed`, `canceled` or `unconfirmed`.
    pub(crate) status: String,
    /// The network.
    pub(crate) platform: String,
    /// The account.
    pub(crate) connection_id: String,
    /// The words.
    pub(crate) caption: String,
    /// What it carries, in order.
    #[schema(value_type = Vec<Object>)]
    pub(crate) media: Vec<PostMedia>,
    /// The network's own options.
    #[schema(value_type = Object)]
    pub(crate) options: Value,
    /// Your own id of it.
    #[serde(rename = "client_post_id")]
    pub(crate) client_post_id: Option<String>,
    /// When its author wants it out; absent for now.
    #[serde(rename = "scheduledAtISO", with = "time::serde::rfc3339::option")]
    pub(crate) scheduled_at_iso: Option<OffsetDateTime>,
    /// When it is due: when its author wants it out, or when it was accepted by us.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) due_at: OffsetDateTime,
    /// Raised by every edit; send it with the next one to be sure that nobody else edited meanwhile.
    pub(crate) revision: i32,
    /// When the one call that makes it visible was begun.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) armed_at: Option<OffsetDateTime>,
    /// When the network accepted it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) accepted_at: Option<OffsetDateTime>,
    /// When it was known to be live.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) published_at: Option<OffsetDateTime>,
    /// How many milliseconds after its due time the network accepted it, never less than none; absent until then. Of a
    /// post that is not scheduled, how long publishing it took.
    pub(crate) late_ms: Option<i64>,
    /// The network's id of it.
    pub(crate) external_id: Option<String>,
    /// Where a person can look at it.
    pub(crate) url: Option<String>,
    /// While it is `published`: `live`; `draft`, when it waits in the account's inbox for its owner to finish it; or
    /// `scheduled`, when the network itself keeps it until a time that its options name.
    pub(crate) standing: Option<String>,
    /// What stands, or stood last, in its way.
    #[schema(value_type = Option<Object>)]
    pub(crate) error: Option<PostError>,
    /// While it is unconfirmed: posts at the network that could be this one.
    #[schema(value_type = Option<Vec<Object>>)]
    pub(crate) candidates: Option<Value>,
    /// What may keep it from going out, told when it is accepted or edited; absent where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<Warning>,
    /// When it was accepted by us.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    /// When it changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

/// What may keep an accepted post from going out, unless somebody acts before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Warning {
    /// A stable name.
    #[schema(example = "access_ends_before")]
    pub(crate) code: String,
    /// What to do, and until when.
    pub(crate) message: String,
}

impl From<Post> for PostView {
    fn from(post: Post) -> Self {
        let late = post
            .accepted_at
            .map(|at| (at - post.due_at).whole_milliseconds().max(0));
        let is_published = post.stage.status() == Status::Published;
        Self {
            id: post.id.to_string(),
            status: post.stage.status().as_str().to_owned(),
            platform: post.platform.to_string(),
            connection_id: post.connection_id.to_string(),
            caption: post.caption.into(),
            media: post.media,
            options: post.options,
            client_post_id: post.client_post_id,
            scheduled_at_iso: post.scheduled_at,
            due_at: post.due_at,
            revision: post.revision,
            armed_at: post.armed_at,
            accepted_at: post.accepted_at,
            published_at: post.published_at,
            late_ms: late.and_then(|late| i64::try_from(late).ok()),
            external_id: post.external_id,
            url: post.external_url,
            standing: is_published.then(|| post.standing.unwrap_or_default().to_string()),
            error: post.error,
            candidates: post.candidates,
            warnings: Vec::new(),
            created_at: post.created_at,
            updated_at: post.updated_at,
        }
    }
}

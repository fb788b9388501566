//! `GET /api/connections/:id/creator-info`.

use axum::extract::State;
use domain::Platform;
use http::StatusCode;
use platforms::{Errand, Terms, tiktok};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use crate::{Env, errand};

/// What the owner of a TikTok account may choose for a post just now. TikTok wants it read whenever the form is
/// shown, and its limits kept there.
#[expect(
    clippy::struct_excessive_bools,
    reason = "TikTok tells that many things apart, each for a switch of its own"
)]
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatorInfo {
    /// The name to show in the form, so that the person knows where the post goes; absent where the account cannot post.
    nickname: Option<String>,
    /// The name with an @; absent where the account cannot post.
    username: Option<String>,
    /// The picture; lives two hours.
    avatar_url: Option<String>,
    /// What `options.privacyLevel` may be. The form must offer exactly these, none chosen beforehand.
    #[serde(default)]
    privacy_level_options: Vec<String>,
    /// Whether the account takes no comments; the form shows the switch greyed out.
    #[serde(default)]
    comment_disabled: bool,
    /// Whether it takes no duets.
    #[serde(default)]
    duet_disabled: bool,
    /// Whether it takes no stitches.
    #[serde(default)]
    stitch_disabled: bool,
    /// How long a video may be, in seconds.
    max_video_post_duration_sec: Option<u64>,
    /// Whether TikTok has audited this app. Until then it takes `SELF_ONLY` alone, and of private accounts; say so
    /// in the form.
    #[serde(default = "yes")]
    app_audited: bool,
    /// Whether it can post now.
    can_post: bool,
    /// Why it cannot.
    reason: Option<Reason>,
}

/// Why an account cannot post now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Reason {
    /// A stable name.
    code: String,
    /// What to tell the person.
    message: String,
}

/// What a TikTok account may post just now.
///
/// It is asked of TikTok through the publisher, so it takes as long as a call there; an answer is good for ten
/// seconds.
#[utoipa::path(
    get, operation_id = "readCreatorInfo", path = "/api/connections/{connectionId}/creator-info", tag = "connections", params(("connectionId" = String, Path)),
    responses(
        (status = 200, body = CreatorInfo),
        (status = 404, description = "No such account, or one of a network without it.", body = ProblemBody),
        (status = 409, description = "The account has to be connected again.", body = ProblemBody),
        (status = 502, description = "The network refused.", body = ProblemBody),
        (status = 503, description = "The network does not answer now; ask again.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn creator_info(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CreatorInfo>, Problem> {
    let connection = errand::askable(&env, caller.user, &id).await?;
    if connection.platform != Platform::Tiktok {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no_creator_info",
            format!(
                "Only TikTok accounts have it; this one is at {}.",
                connection.platform.display_name()
            ),
        ));
    }
    let mut told: CreatorInfo = errand::run(&env, &connection, &Errand::CreatorInfo).await?;
    if let Some(app) = env.apps.of_account(connection.platform, &connection.facts) {
        told.app_audited = tiktok::is_audited(&Terms {
            facts: &connection.facts,
            scopes: &connection.scopes,
            settings: &app.settings,
        });
    }
    Ok(Json(told))
}

const fn yes() -> bool {
    true
}

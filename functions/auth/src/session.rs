//! Opening sessions, and the tokens that go with them.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{SessionId, UserId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{sessions, users::User};
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::{Problem, WebEnv};

/// A user as the app sees them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserView {
    /// Their id.
    pub(crate) id: String,
    /// Their address.
    pub(crate) email: String,
    /// When they signed up.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email,
            created_at: user.created_at,
        }
    }
}

/// What signing in gives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    /// The access token, to be sent as `Authorization: Bearer`.
    token: String,
    /// How many seconds it lives.
    expires_in: i64,
    /// Gives the next pair of tokens, once.
    refresh_token: String,
    /// The user.
    user: UserView,
}

/// A refresh token: the session it belongs to, and a secret that is stored hashed.
pub(crate) struct RefreshToken {
    pub(crate) session: SessionId,
    secret: String,
}

impl RefreshToken {
    pub(crate) fn mint(session: SessionId) -> Result<Self, Problem> {
        let mut bytes = [0; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|error| Problem::internal(&error))?;
        Ok(Self {
            session,
            secret: URL_SAFE_NO_PAD.encode(bytes),
        })
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (session, secret) = text.strip_prefix("rt_")?.split_once('.')?;
        let session = format!("{}_{session}", SessionId::PREFIX).parse().ok()?;
        Some(Self {
            session,
            secret: secret.to_owned(),
        })
    }

    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.secret).to_vec()
    }

    fn text(&self) -> String {
        format!("rt_{}.{}", self.session.uuid().simple(), self.secret)
    }
}

/// Opens a session for a user.
pub(crate) async fn open(env: &WebEnv, user: User) -> Result<SignedIn, Problem> {
    let refresh = RefreshToken::mint(SessionId::mint())?;
    sessions::open(
        &env.pool,
        user.id,
        refresh.session,
        &refresh.hash(),
        env.settings.refresh_life,
    )
    .await?;
    signed_in(env, user, &refresh)
}

/// The answer that carries a session's tokens.
pub(crate) fn signed_in(
    env: &WebEnv,
    user: User,
    refresh: &RefreshToken,
) -> Result<SignedIn, Problem> {
    Ok(SignedIn {
        token: access(env, user.id, refresh.session)?,
        expires_in: env.settings.access_life.whole_seconds(),
        refresh_token: refresh.text(),
        user: user.into(),
    })
}

fn access(env: &WebEnv, user: UserId, session: SessionId) -> Result<String, Problem> {
    web::issue(&env.settings, user, session, env.clock.now())
        .map_err(|error| Problem::internal(&error))
}

//! Pinterest.

use domain::{CaptionRule, MediaRules, Platform, Unit, Violation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::*;

/// What Pinterest is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Pinterest,
    oauth: Oauth {
        authorize_url: |app| app.redirect_uri.clone(),
        scopes: &[],
        scope_separator: " ",
        client_id_parameter: "client_id",
        pkce: Pkce::None,
        parameters: &[],
    },
    grant_family: "pinterest",
    default_version: "",
    caption: CaptionRule {
        max: 0,
        unit: Unit::Characters,
    },
    media: MediaRules {
        text_alone: true,
        max_images: 0,
        image: None,
        video: None,
    },
    refresh: RefreshPolicy::Never,
};
/// Connect.
#[derive(Debug)]
pub struct Connect(pub SecretString);
impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;
    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        Action::WaitUntil(cx.now)
    }
    fn apply(self, _: Event, _: &AppContext<'_>) -> Result<Self, Fault> {
        Ok(self)
    }
}
/// Publish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publish;
impl Publish {
    /// Handle.
    pub fn handle(&self) -> Option<String> {
        None
    }
}
impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;
    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        Action::WaitUntil(cx.now)
    }
    fn apply(self, _: Event, _: &PublishContext<'_>) -> Result<Self, Fault> {
        Ok(self)
    }
}
/// Connect.
pub fn connect(callback: Callback) -> Connect {
    Connect(callback.code)
}
/// Refresh.
pub fn refresh(_: &Credentials, _: &App) -> Option<OneCall<Tokens>> {
    None
}
/// Revoke.
pub fn revoke(_: &Credentials, _: &App) -> Option<OneCall<()>> {
    None
}
/// Check.
pub fn check(_: &Draft<'_>) -> Vec<Violation> {
    Vec::new()
}
/// Start.
pub fn start(_: &Content) -> Publish {
    Publish
}
/// Receive.
pub fn receive(_: &Incoming<'_>) -> Result<Received, WebhookError> {
    Err(WebhookError::Unsupported)
}

//! What Facebook and Instagram keep together: how strict the app is set, sessions that were reset.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::{Comment, Letter, Usage};

/// What both networks keep together.
#[derive(Debug, Default)]
pub struct State {
    allowed: Vec<String>,
    comments: Vec<Comment>,
    grants_all_or_nothing: bool,
    letters: Vec<Letter>,
    requires_proof: bool,
    resets: BTreeMap<String, OffsetDateTime>,
    traces: u64,
    usage: Option<Usage>,
}

impl State {
    /// Every call with a token needs its `appsecret_proof`, as the app's dashboard can demand.
    pub fn require_proof(&mut self) {
        self.requires_proof = true;
    }

    /// Who declines one permission grants none, as Login for Business has it.
    pub fn grant_all_or_nothing(&mut self) {
        self.grants_all_or_nothing = true;
    }

    /// Every grant holds this permission too, as one of Login for Business does that was set up so.
    pub fn allow(&mut self, scope: &str) {
        self.allowed.push(scope.to_owned());
    }

    /// Every comment under every live post, oldest first.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// Somebody else writes a comment under a post.
    pub fn comment_as_a_stranger(&mut self, post: &str, text: &str) {
        let comment = Comment::by_a_stranger(post, text, self.comments.len());
        self.comments.push(comment);
    }

    /// What was to be told to the app since this was last asked.
    pub fn take_letters(&mut self) -> Vec<Letter> {
        std::mem::take(&mut self.letters)
    }

    /// The person changes the password at `now`: every token of `network` until then is refused.
    pub fn change_password(&mut self, network: &str, now: OffsetDateTime) {
        self.resets.insert(network.to_owned(), now);
    }

    /// Tells with every answer that so many percent of the allowed calls are used up. From 100 on
    /// calls are refused, and the answers tell how many minutes that lasts.
    pub fn use_up(&mut self, percent: u32, minutes: u32) {
        self.usage = Some(Usage { percent, minutes });
    }

    /// Takes calls again, and tells nothing about their number.
    pub fn forget_usage(&mut self) {
        self.usage = None;
    }

    /// A name for one refusal, the same whenever the same happens again from the start.
    pub(super) fn next_trace(&mut self) -> String {
        self.traces += 1;
        let digest = Sha256::digest(self.traces.to_be_bytes());
        let text = URL_SAFE_NO_PAD.encode(digest);
        format!("A{}", text.get(..22).unwrap_or(&text))
    }

    pub(super) fn allows(&self, scope: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == scope)
    }

    pub(super) fn tell(&mut self, letter: Letter) {
        self.letters.push(letter);
    }

    pub(super) fn keep_comment(&mut self, comment: Comment) {
        self.comments.push(comment);
    }

    pub(super) const fn grants_none_but_all(&self) -> bool {
        self.grants_all_or_nothing
    }

    pub(super) const fn needs_proof(&self) -> bool {
        self.requires_proof
    }

    pub(super) fn was_reset(&self, network: &str, issued_at: OffsetDateTime) -> bool {
        self.resets.get(network).is_some_and(|at| issued_at <= *at)
    }

    pub(super) const fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

//! What all networks' consent has in common: registered apps, accounts, visits to the consent
//! page, codes and tokens. Each network spells its own requests, answers and refusals.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use crate::World;

/// Our app's registration at one network.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The network's name, as in our URLs.
    pub network: String,
    /// What the network calls us by.
    pub client_id: String,
    /// What proves that it is us.
    pub client_secret: String,
    /// Where a browser may be sent back to.
    pub redirect_uris: Vec<String>,
}

/// An account at a network that a person can choose on the consent page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The network's id.
    pub id: String,
    /// The name with an @.
    pub username: String,
    /// The name a person knows it by.
    pub name: String,
}

/// A visit to the consent page, checked by the network and waiting for the person.
#[derive(Debug, Clone)]
pub struct AuthorizeVisit {
    /// The network's name.
    pub network: String,
    /// Our app.
    pub client_id: String,
    /// Where the browser goes afterwards.
    pub redirect_uri: String,
    /// Echoed.
    pub state: Option<String>,
    /// What was asked for.
    pub scopes: Vec<String>,
    /// The PKCE challenge (S256, base64url), if one was sent.
    pub challenge: Option<String>,
    /// Further parameters of the way back when the person approves, as `scopes` at TikTok; `code`
    /// and `state` come by themselves. A key of `#` makes a fragment of its value.
    pub approved_parameters: Vec<(String, String)>,
    /// The parameters of the way back when the person denies; `state` comes by itself.
    pub denied_parameters: Vec<(String, String)>,
    /// The accounts to choose from.
    pub accounts: Vec<Account>,
    /// Whether several may be chosen at once, as Pages can.
    pub several: bool,
    /// How long a code lives.
    pub code_life: Duration,
    /// Free notes of the network, carried into the grant (`access_type`, for one).
    pub notes: BTreeMap<String, String>,
}

/// What a person consented to.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The same for all tokens that live and die together.
    pub id: u64,
    /// The network's name.
    pub network: String,
    /// Our app.
    pub client_id: String,
    /// The accounts that were chosen.
    pub accounts: Vec<String>,
    /// What was allowed.
    pub scopes: Vec<String>,
    /// See [`AuthorizeVisit::notes`].
    pub notes: BTreeMap<String, String>,
}

/// What a token is good for; networks name the kinds as they like: `access`, `refresh`, `page` …
pub type TokenKind = &'static str;

#[derive(Debug, Clone)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    challenge: Option<String>,
    ends_at: OffsetDateTime,
    used: bool,
}

/// A token that a network gave out.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it is good for.
    pub kind: TokenKind,
    /// What it came from.
    pub grant: Grant,
    /// The account it acts for, where it is for one only.
    pub account: String,
    /// When it ends.
    pub ends_at: Option<OffsetDateTime>,
    /// When it was given out.
    pub issued_at: OffsetDateTime,
    /// Whether it was used up or withdrawn.
    pub dead: bool,
}

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeError {
    /// Nobody gave that code out.
    Unknown,
    /// It was used before, or its time is over.
    Spent,
    /// It was given for another app or another way back.
    NotYours,
    /// The PKCE verifier is missing or is not the challenge's.
    Verifier,
}

/// Registered apps, visits, codes, tokens.
#[derive(Debug, Default)]
pub struct OauthBook {
    registrations: Vec<Registration>,
    visits: HashMap<String, AuthorizeVisit>,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
}

impl OauthBook {
    /// Forgets everybody but who is registered.
    pub(crate) fn forget(&mut self) {
        self.visits.clear();
        self.codes.clear();
        self.tokens.clear();
    }

    pub(crate) fn new(registrations: Vec<Registration>) -> Self {
        Self {
            registrations,
            ..Self::default()
        }
    }

    /// The app of that id at `network`.
    pub fn app(&self, network: &str, client_id: &str) -> Option<Registration> {
        self.registrations
            .iter()
            .find(|app| app.network == network && app.client_id == client_id)
            .cloned()
    }

    /// Whether id and secret belong together at `network`.
    pub fn knows(&self, network: &str, client_id: &str, client_secret: &str) -> bool {
        self.app(network, client_id)
            .is_some_and(|app| app.client_secret == client_secret)
    }

    pub(crate) fn begin(&mut self, id: String, visit: AuthorizeVisit) {
        self.visits.insert(id, visit);
    }

    pub(crate) fn finish(&mut self, id: &str) -> Option<AuthorizeVisit> {
        self.visits.remove(id)
    }

    pub(crate) fn visit(&self, id: &str) -> Option<&AuthorizeVisit> {
        self.visits.get(id)
    }

    pub(crate) fn give_code(
        &mut self,
        code: String,
        grant: Grant,
        visit: &AuthorizeVisit,
        now: OffsetDateTime,
    ) {
        let given = Code {
            grant,
            redirect_uri: visit.redirect_uri.clone(),
            challenge: visit.challenge.clone(),
            ends_at: now + visit.code_life,
            used: false,
        };
        self.codes.insert(code, given);
    }

    /// Takes a code: it works once, for the app, the way back and the verifier it was given for.
    ///
    /// # Errors
    /// [`CodeError`] when it does not fit. A code that is presented wrongly is spent all the same.
    pub fn redeem(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Grant, CodeError> {
        let given = self.codes.get_mut(code).ok_or(CodeError::Unknown)?;
        if std::mem::replace(&mut given.used, true) || now >= given.ends_at {
            return Err(CodeError::Spent);
        }
        if given.grant.client_id != client_id || given.redirect_uri != redirect_uri {
            return Err(CodeError::NotYours);
        }
        let challenge = verifier.map(|text| URL_SAFE_NO_PAD.encode(Sha256::digest(text)));
        if given.challenge.is_some() && given.challenge != challenge {
            return Err(CodeError::Verifier);
        }
        Ok(given.grant.clone())
    }

    /// Gives out a token.
    pub fn give_token(&mut self, text: &str, token: Token) {
        self.tokens.insert(text.to_owned(), token);
    }

    /// A token as it stands, dead or alive.
    pub fn token(&self, text: &str) -> Option<&Token> {
        self.tokens.get(text)
    }

    /// Every token that was ever given out, as it was given: none of them may turn up elsewhere.
    pub fn texts(&self) -> Vec<String> {
        self.tokens.keys().cloned().collect()
    }

    /// A token that is alive at `now`.
    pub fn live_token(&self, text: &str, now: OffsetDateTime) -> Option<&Token> {
        self.tokens
            .get(text)
            .filter(|token| !token.dead && token.ends_at.is_none_or(|end| now < end))
    }

    /// Kills one token.
    pub fn kill(&mut self, text: &str) {
        if let Some(token) = self.tokens.get_mut(text) {
            token.dead = true;
        }
    }

    /// Kills every token that fits: a grant's, an account's, a network's.
    pub fn kill_where(&mut self, fits: impl Fn(&Token) -> bool) {
        for token in self.tokens.values_mut().filter(|token| fits(token)) {
            token.dead = true;
        }
    }
}

impl World {
    /// Shows the consent page for a visit that the network found in order.
    pub fn ask_for_consent(&self, visit: AuthorizeVisit) -> axum::response::Html<String> {
        let id = self.secret("");
        let page = crate::consent::page(&id, &visit, self.base_url());
        self.oauth().begin(id, visit);
        axum::response::Html(page)
    }
}

//! Our registrations at the networks.

use std::collections::BTreeMap;

use domain::Platform;
use platforms::{App, Login};
use serde_json::Value;
use url::Url;

use crate::{Reader, Stage, http};

/// Our registrations at the networks, one for each way in; what has none is simply not offered.
#[derive(Debug, Clone, Default)]
pub struct Apps(BTreeMap<&'static str, App>);

impl Apps {
    /// Reads, for each login `NAME` of a network (its own name, and `INSTAGRAM_LOGIN`): `NAME_CLIENT_ID` and
    /// `NAME_CLIENT_SECRET` (both or neither), `NAME_REDIRECT_URI` (default `PUBLIC_URL` +
    /// `/api/callback/network`), `NAME_VERSION`, `NAME_WEBHOOK_SECRET`, `NAME_WEBHOOK_VERIFY_TOKEN`, and
    /// further facts that the network's own documentation names as `NAME_SETTING_…`.
    pub fn from_vars(reader: &mut Reader<'_>, public_url: &Url) -> Self {
        let mut apps = Self::default();
        for platform in Platform::ALL {
            for login in platforms::profile(platform).logins {
                if let Some(app) = app(reader, platform, login, public_url) {
                    apps.0.insert(login.variables, app);
                }
            }
        }
        apps
    }

    /// These registrations, each for the network's usual login.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (Platform, App)>) -> Self {
        let named = pairs.into_iter().map(|(platform, app)| {
            let login = platforms::profile(platform).usual_login();
            (login.variables, app)
        });
        Self(named.collect())
    }

    /// What is no secret of each registration, by its login's `variables`.
    pub fn settings(&self) -> Vec<(&'static str, &BTreeMap<String, String>)> {
        self.0
            .iter()
            .map(|(login, app)| (*login, &app.settings))
            .collect()
    }

    /// Our registration for a login.
    pub fn find(&self, login: &Login) -> Option<&App> {
        self.0.get(login.variables)
    }

    /// Our registration for the login that an account came by, as its facts tell.
    pub fn of_account(&self, platform: Platform, facts: &Value) -> Option<&App> {
        self.find(platforms::profile(platform).login_of(facts))
    }

    /// Our registrations at a network.
    pub fn at(&self, platform: Platform) -> impl Iterator<Item = (&'static Login, &App)> {
        platforms::profile(platform)
            .logins
            .iter()
            .filter_map(|login| Some((login, self.find(login)?)))
    }
}

fn app(
    reader: &mut Reader<'_>,
    platform: Platform,
    login: &Login,
    public_url: &Url,
) -> Option<App> {
    let name = |field: &str| format!("{}_{field}", login.variables);
    let vars = reader.vars();
    let id = vars.find(&name("CLIENT_ID"));
    let secret = vars.find(&name("CLIENT_SECRET"));
    let (client_id, client_secret) = match (id, secret) {
        (Some(id), Some(secret)) => (id.to_owned(), secret.to_owned().into()),
        (None, None) => return None,
        (Some(_), None) => {
            reader.wrong(
                name("CLIENT_SECRET"),
                format_args!("is missing beside {}", name("CLIENT_ID")),
            );
            return None;
        }
        (None, Some(_)) => {
            reader.wrong(
                name("CLIENT_ID"),
                format_args!("is missing beside {}", name("CLIENT_SECRET")),
            );
            return None;
        }
    };
    let redirect = public_url
        .join(&format!("/api/callback/{platform}"))
        .unwrap_or_else(|_| public_url.clone());
    Some(App {
        client_id,
        client_secret,
        redirect_uri: reader.with_default(&name("REDIRECT_URI"), redirect),
        version: vars
            .find(&name("VERSION"))
            .unwrap_or(platforms::profile(platform).default_version)
            .to_owned(),
        webhook_secret: vars
            .find(&name("WEBHOOK_SECRET"))
            .map(|secret| secret.to_owned().into()),
        webhook_verify_token: vars
            .find(&name("WEBHOOK_VERIFY_TOKEN"))
            .map(|secret| secret.to_owned().into()),
        settings: vars
            .under(&name("SETTING_"))
            .map(|(key, value)| (key.to_lowercase(), value.to_owned()))
            .collect(),
    })
}

/// How the networks are reached, for functions that are not HTTP functions.
#[derive(Debug, Clone)]
pub struct Networks {
    /// See [`crate::HttpSettings::stage`].
    pub stage: Stage,
    /// See [`crate::HttpSettings::public_url`].
    pub public_url: Url,
    /// See [`crate::HttpSettings::networks_base_url`].
    pub base_url: Option<Url>,
    /// Our registrations.
    pub apps: Apps,
}

impl Networks {
    /// Reads them.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        let stage = reader.with_default("APP_ENV", Stage::Production);
        let public_url = http::public_url(reader, stage);
        Self {
            stage,
            base_url: http::networks_base_url(reader, stage),
            apps: Apps::from_vars(reader, &public_url),
            public_url,
        }
    }
}

//! The simulated networks, the time, the files and our app; and how accounts are connected.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::{Body, Bytes};
use domain::Platform;
use http::{Request, header};
use platforms::{
    Account, Action, Answer, App, AppContext, Asset, AuthorizeRequest, Call, Callback, Content,
    Credentials, Event, Fault, Grant, GrantedAccount, Login, Machine, Safety, authorize_url,
};
use secrecy::SecretString;
use serde_json::Value;
use simulator::{Clock, Pulled, Registration, Settings, Simulator};
use time::{Duration, OffsetDateTime, macros::datetime};
use url::Url;

use super::{
    Sample,
    driver::{Driver, Run},
    transcript::Transcript,
    wire::{self, Filling, Reply},
};

/// More calls than any consent takes; whoever needs more is stuck.
const MAX_CALLS: usize = 60;

/// The simulated networks with everything around them.
#[derive(Clone)]
pub struct Stage {
    /// The networks; script faults and read the ledger here.
    pub simulator: Simulator,
    /// The time, for us and for the networks.
    pub clock: Clock,
    /// By the login that each is registered for.
    apps: BTreeMap<&'static str, App>,
    /// How people connect, where not by the network's usual login.
    chosen_logins: BTreeMap<Platform, &'static str>,
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<Vec<(Call, Answer)>>>,
    files: Arc<Mutex<HashMap<String, Sample>>>,
}

/// A connected account, as it is kept.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The network.
    pub platform: Platform,
    /// Where posts go.
    pub account: Account,
    /// The account's tokens, opened.
    pub credentials: Credentials,
    /// Which accounts the person chose; chosen again when the person must connect again.
    pub chosen: Vec<String>,
}

impl Stage {
    /// Seven networks where nothing has happened yet, and a clock that only tests move.
    pub fn new() -> Self {
        let clock = Clock::standing_at(datetime!(2026-03-04 05:06:07 UTC));
        let files: Arc<Mutex<HashMap<String, Sample>>> = Arc::default();
        let logins = || {
            Platform::ALL.into_iter().flat_map(|platform| {
                let logins = &platforms::profile(platform).logins;
                logins.iter().map(move |login| (platform, login))
            })
        };
        let apps = logins()
            .map(|(platform, login)| (login.variables, app(platform, login)))
            .collect();
        let registrations = logins()
            .map(|(platform, login)| registration(platform, login))
            .collect();
        let served = files.clone();
        let pull = move |url: String| -> std::pin::Pin<
            Box<dyn Future<Output = Result<Pulled, String>> + Send>,
        > {
            let file = served
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&url)
                .cloned();
            Box::pin(async move {
                let file = file.ok_or_else(|| format!("nothing is served at {url}"))?;
                Ok(Pulled {
                    status: 200,
                    content_type: file.facts.content_type().to_owned(),
                    bytes: Bytes::from(file.bytes),
                })
            })
        };
        let simulator = Simulator::new(Settings {
            clock: clock.clone(),
            pull: Box::new(pull),
            registrations,
            base_url: "https://simulator.example".to_owned(),
        });
        Self {
            simulator,
            clock,
            apps,
            chosen_logins: BTreeMap::new(),
            calls: Arc::default(),
            answers: Arc::default(),
            files,
        }
    }

    /// The same stage, where people connect to `platform` by this login.
    #[must_use]
    pub fn by_login(mut self, platform: Platform, name: &'static str) -> Self {
        self.chosen_logins.insert(platform, name);
        self
    }

    /// How people connect to `platform`.
    pub fn login(&self, platform: Platform) -> &'static Login {
        let profile = platforms::profile(platform);
        self.chosen_logins
            .get(&platform)
            .map_or(profile.usual_login(), |name| {
                profile.login(name).expect("a login of the network")
            })
    }

    /// Every call that was sent, in order.
    pub fn calls(&self) -> Vec<Call> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clone()
    }

    /// Remembers a call that is sent.
    pub fn note(&self, call: &Call) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call.clone());
    }

    /// Every whole answer with the call that it was given to, in order.
    pub fn answers(&self) -> Vec<(Call, Answer)> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.clone()
    }

    /// Remembers what was answered.
    pub fn heard(&self, call: &Call, reply: &Reply) {
        if let Reply::Answer(answer) = reply {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.push((call.clone(), answer.clone()));
        }
    }

    /// The time.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Our app as a network knows it, for the login that people connect by.
    pub fn app(&self, platform: Platform) -> &App {
        &self.apps[self.login(platform).variables]
    }

    fn app_mut(&mut self, platform: Platform) -> &mut App {
        let name = self.login(platform).variables;
        self.apps.get_mut(name).expect("an app of the login")
    }

    /// The same stage, where our app at `platform` has this setting (see [`App::settings`]).
    #[must_use]
    pub fn with_setting(mut self, platform: Platform, name: &str, value: &str) -> Self {
        let settings = &mut self.app_mut(platform).settings;
        settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A post with these files, each served under an address of its own at `https://media.example/`.
    pub fn content(
        &self,
        caption: &str,
        options: Value,
        samples: Vec<(Sample, Option<&str>)>,
    ) -> Content {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let assets = samples
            .into_iter()
            .map(|(sample, alt_text)| {
                let url = format!("https://media.example/file-{}", files.len() + 1);
                let asset = Asset {
                    facts: sample.facts.clone(),
                    url: url.parse().expect("an address"),
                    alt_text: alt_text.map(str::to_owned),
                };
                files.insert(url, sample);
                asset
            })
            .collect();
        Content {
            caption: caption.to_owned(),
            options,
            assets,
        }
    }

    /// The bytes of a post's files.
    pub fn files_of(&self, content: &Content) -> Vec<Vec<u8>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        content
            .assets
            .iter()
            .map(|asset| files[asset.url.as_str()].bytes.clone())
            .collect()
    }

    /// Connects: the person approves for these accounts at the network's consent page.
    ///
    /// # Panics
    /// When that fails; see [`Stage::try_connect`].
    pub async fn connect(&self, platform: Platform, accounts: &[&str]) -> Grant {
        let (result, transcript) = self.try_connect(platform, accounts).await;
        result.unwrap_or_else(|fault| panic!("{platform} did not connect: {fault}\n{transcript}"))
    }

    /// Connects, and tells what was said on the way.
    pub async fn try_connect(
        &self,
        platform: Platform,
        accounts: &[&str],
    ) -> (Result<Grant, Fault>, Transcript) {
        let mut transcript = Transcript::new(self.now());
        let verifier = SecretString::from("a-verifier-of-at-least-forty-three-characters-in-all");
        let parameters = self.consent(platform, accounts, &verifier).await;
        let code = value_of(&parameters, "code").expect("an approval brings a code");
        let login = self.login(platform);
        let has_pkce = login.oauth.has_challenge(self.app(platform));
        let callback = Callback {
            login: login.name,
            code: SecretString::from(code),
            verifier: has_pkce.then_some(verifier),
            parameters: parameters
                .into_iter()
                .filter(|(key, _)| key != "code" && key != "state")
                .collect(),
        };
        let machine = platforms::connect(platform, callback);
        let result = self.converse(platform, machine, &mut transcript).await;
        (result, transcript)
    }

    /// Connects, and keeps the granted account of the id that was chosen (or the first, where the
    /// network gives accounts other ids than the person chose by).
    pub async fn connection(&self, platform: Platform, chosen: &str) -> Connection {
        let grant = self.connect(platform, &[chosen]).await;
        kept(platform, &grant, chosen, vec![chosen.to_owned()])
    }

    /// The person denies at the consent page; the parameters that the browser comes back with.
    pub async fn deny(&self, platform: Platform) -> Vec<(String, String)> {
        let verifier = SecretString::from("a-verifier-of-at-least-forty-three-characters-in-all");
        self.consent(platform, &[], &verifier).await
    }

    /// Publishes a post by the rules of the real driver.
    pub async fn publish(&self, connection: &mut Connection, content: &Content) -> Run {
        Driver::new(self, connection, content).run().await
    }

    /// Renews the tokens of a connection; `None` where the network has no refresh.
    pub async fn refresh(&self, connection: &mut Connection) -> Option<Result<(), Fault>> {
        let (result, _) = self.try_refresh(connection).await?;
        Some(result)
    }

    /// Renews the tokens of a connection, and tells what was said on the way.
    pub async fn try_refresh(
        &self,
        connection: &mut Connection,
    ) -> Option<(Result<(), Fault>, Transcript)> {
        let app = self.app(connection.platform);
        let machine = platforms::refresh(connection.platform, &connection.credentials, app)?;
        let mut transcript = Transcript::new(self.now());
        let result = self
            .converse(connection.platform, machine, &mut transcript)
            .await;
        let result = result.map(|tokens| connection.credentials.tokens = tokens);
        Some((result, transcript))
    }

    /// Withdraws our access at the network; `None` where the network has no such call.
    pub async fn revoke(&self, connection: &Connection) -> Option<Result<(), Fault>> {
        let app = self.app(connection.platform);
        let machine = platforms::revoke(connection.platform, &connection.credentials, app)?;
        let mut transcript = Transcript::new(self.now());
        Some(
            self.converse(connection.platform, machine, &mut transcript)
                .await,
        )
    }

    /// The person connects again, choosing the same accounts.
    pub async fn reconnect(&self, connection: &mut Connection) -> Result<(), Fault> {
        let chosen: Vec<&str> = connection.chosen.iter().map(String::as_str).collect();
        let (result, _) = self.try_connect(connection.platform, &chosen).await;
        let wanted = connection.account.external_id.clone();
        *connection = kept(
            connection.platform,
            &result?,
            &wanted,
            connection.chosen.clone(),
        );
        Ok(())
    }

    /// Drives a conversation about an account to its end. A lost answer ends it: codes and refresh
    /// tokens work once, so such calls are never repeated by themselves.
    pub async fn converse<O, M>(
        &self,
        platform: Platform,
        mut machine: M,
        transcript: &mut Transcript,
    ) -> Result<O, Fault>
    where
        M: for<'a> Machine<Context<'a> = AppContext<'a>, Output = O>,
    {
        let app = self.app(platform);
        for _ in 0..MAX_CALLS {
            let now = self.now();
            match machine.next(&AppContext { now, app }) {
                Action::Done(output) => return Ok(output),
                Action::WaitUntil(then) => self.wait_until(then),
                Action::Send(call) => {
                    let filling = Filling {
                        app,
                        access: None,
                        files: &[],
                    };
                    self.note(&call);
                    let reply = wire::send(self.simulator.router(), &call, &filling).await;
                    self.heard(&call, &reply);
                    transcript.exchange(&call, &reply);
                    let event = match reply {
                        Reply::Answer(answer) => Event::Answer(answer),
                        Reply::Lost if call.safety == Safety::Optional => Event::Lost,
                        Reply::Lost => {
                            return Err(Fault::retry("answer_lost", "The network did not answer."));
                        }
                    };
                    let now = self.now();
                    machine = machine.apply(event, &AppContext { now, app })?;
                }
            }
        }
        panic!("{platform} asks for more than {MAX_CALLS} calls:\n{transcript}");
    }

    /// Lets the time pass until `then`.
    pub fn wait_until(&self, then: OffsetDateTime) {
        self.clock.advance((then - self.now()).max(Duration::ZERO));
    }

    /// Visits the consent page and decides: approve for `accounts`, deny when there are none.
    async fn consent(
        &self,
        platform: Platform,
        accounts: &[&str],
        verifier: &SecretString,
    ) -> Vec<(String, String)> {
        let app = self.app(platform);
        let request = AuthorizeRequest {
            state: SecretString::from("a-state-that-nobody-guesses"),
            verifier: verifier.clone(),
        };
        let url = authorize_url(self.login(platform), app, &request);
        let page = self.get(&wire::simulated(&url)).await;
        let html = String::from_utf8_lossy(&page.body).into_owned();
        let visit = between(&html, "name=\"visit\" value=\"", "\"")
            .unwrap_or_else(|| panic!("{platform} shows no consent page: {} {html}", page.status));
        let decision = if accounts.is_empty() {
            "deny"
        } else {
            "approve"
        };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("visit", visit)
            .append_pair("decision", decision)
            .extend_pairs(accounts.iter().map(|account| ("account", account)))
            .finish();
        let request = Request::post("/_simulator/consent")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .expect("a request");
        let back = answered(wire::exchange(self.simulator.router(), request).await);
        let location = back.header("location").unwrap_or_else(|| {
            let reason = String::from_utf8_lossy(&back.body);
            panic!("{platform} does not send the browser back: {reason}")
        });
        let location: Url = location.parse().expect("an address");
        let mut without_query = location.clone();
        without_query.set_query(None);
        without_query.set_fragment(None);
        assert_eq!(without_query, app.redirect_uri, "the way back");
        let parameters: Vec<(String, String)> = location.query_pairs().into_owned().collect();
        assert_eq!(
            value_of(&parameters, "state").as_deref(),
            Some("a-state-that-nobody-guesses"),
            "the state comes back as it went"
        );
        parameters
    }

    /// Gets a path of the simulator with an access token.
    pub async fn get_as(&self, path: &str, access: &str) -> Answer {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {access}"));
        let request = request.body(Body::empty()).expect("a request");
        answered(wire::exchange(self.simulator.router(), request).await)
    }

    /// Gets a path of the simulator.
    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        answered(wire::exchange(self.simulator.router(), request).await)
    }
}

fn answered(reply: Reply) -> Answer {
    match reply {
        Reply::Answer(answer) => answer,
        Reply::Lost => panic!("an answer was lost that nobody asked to be lost"),
    }
}

fn kept(platform: Platform, grant: &Grant, wanted: &str, chosen: Vec<String>) -> Connection {
    let GrantedAccount {
        external_id,
        username,
        facts,
        tokens,
        ..
    } = grant
        .accounts
        .iter()
        .find(|account| account.external_id == wanted)
        .or_else(|| grant.accounts.first())
        .expect("a grant has an account")
        .clone();
    Connection {
        platform,
        account: Account {
            external_id: external_id.clone(),
            username: username.clone(),
            facts: facts.clone(),
        },
        credentials: Credentials {
            external_id,
            username,
            facts,
            subject: grant.subject.clone(),
            tokens,
        },
        chosen,
    }
}

/// The simulated network that a login belongs to.
pub fn network_of(login: &Login) -> String {
    login.variables.to_lowercase()
}

fn app(platform: Platform, login: &Login) -> App {
    let network = network_of(login);
    App {
        client_id: format!("{network}-client"),
        client_secret: SecretString::from(format!("{network}-client-secret")),
        redirect_uri: redirect_uri(platform).parse().expect("an address"),
        version: platforms::profile(platform).default_version.to_owned(),
        webhook_secret: Some(SecretString::from(format!("{network}-webhook-secret"))),
        webhook_verify_token: Some(SecretString::from(format!("{network}-verify-token"))),
        settings: BTreeMap::new(),
    }
}

fn registration(platform: Platform, login: &Login) -> Registration {
    let network = network_of(login);
    Registration {
        client_id: format!("{network}-client"),
        client_secret: format!("{network}-client-secret"),
        network,
        redirect_uris: vec![redirect_uri(platform)],
    }
}

fn redirect_uri(platform: Platform) -> String {
    format!("https://app.example/api/callback/{platform}")
}

fn value_of(parameters: &[(String, String)], name: &str) -> Option<String> {
    parameters
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.find(after).map(|end| &rest[..end])
}

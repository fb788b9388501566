//! A world: books, networks, files, keys and a doorbell, with people who have connected accounts.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Body;
use bytes::Bytes;
use domain::{
    Caption, ConnectionHealth, ConnectionId, MediaFacts, MediaId, Platform, Post, PostId,
    PostMedia, Stage, UserId,
};
use futures_util::future::BoxFuture;
use http::{Request, header};
use http_body_util::BodyExt as _;
use platforms::{AppContext, AuthorizeRequest, Callback, GrantedAccount, Login, authorize_url};
use publishing::{Lines, Means};
use secrecy::{ExposeSecret as _, SecretString};
use settings::{Apps, Networks, Reader};
use simulator::{Pulled, Registration, Simulator};
use store::{
    connections::{Connection, SealedTokens},
    media::Media,
};
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;
use url::Url;
use uuid::Uuid;
use vault::{
    Place, Vault,
    testing::{MemoryShelf, SteeredWrapper},
};
use wire::Wire;

use crate::{
    Clock,
    books::MemoryBooks,
    gate::Gates,
    kinds::{Kind, kind_of},
    means::{Bell, GatedBooks, GatedFiles, GatedShelf},
    network::{Late, Network, Strangers, lists_late},
    planted::Flaw,
};

/// Where a browser would find the networks.
const BASE: &str = "http://networks.picscripter.localhost";

/// Everything that a look works with, and what it is held against.
pub struct World {
    /// The time.
    pub clock: Clock,
    /// The rows.
    pub books: Arc<MemoryBooks>,
    /// What looks stop at.
    pub gates: Gates,
    /// The networks.
    pub networks: Simulator,
    /// What looks work with.
    pub means: Means,
    pub(crate) bell: Bell,
    pub(crate) late: Late,
    pub(crate) strangers: Strangers,
    apps: Arc<Apps>,
    shelves: Shelves,
    settings: Option<Networks>,
    posts: u128,
}

/// What takes long to make and is left to the next world.
struct Scenery {
    networks: Simulator,
    clock: Clock,
    shelves: Shelves,
    settings: Networks,
}

thread_local! {
    static FREE: RefCell<Option<Scenery>> = const { RefCell::new(None) };
}

impl Scenery {
    /// One where nothing has happened yet.
    fn free() -> Self {
        let left = FREE.with(|free| free.borrow_mut().take());
        left.unwrap_or_else(Self::new)
    }

    fn new() -> Self {
        let (clock, shelves) = (Clock::default(), Shelves::default());
        let vars = tests::settings::vars(BASE, Path::new("nowhere"), &[]);
        let mut reader = Reader::new(&vars);
        let settings = Networks::from_vars(&mut reader);
        let settings = reader.finish(settings).expect("settings of a test");
        let networks = Simulator::new(simulator::Settings {
            clock: clock.of_the_networks(),
            pull: Box::new(shelves.clone()),
            registrations: registrations(&settings.apps),
            base_url: BASE.to_owned(),
        });
        Self {
            networks,
            clock,
            shelves,
            settings,
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some(settings) = self.settings.take() else {
            return;
        };
        self.networks.forget();
        self.clock.begin();
        self.shelves.kept().clear();
        let scenery = Scenery {
            networks: self.networks.clone(),
            clock: self.clock.clone(),
            shelves: self.shelves.clone(),
            settings,
        };
        FREE.with(|free| *free.borrow_mut() = Some(scenery));
    }
}

/// A post, and what is expected of it.
#[derive(Debug, Clone)]
pub struct Filed {
    /// Its id.
    pub id: PostId,
    /// What kind it is.
    pub kind: Kind,
    /// The account.
    pub connection: ConnectionId,
    /// Its words, or those of every edit, first first.
    pub words: Vec<String>,
    /// When it is due.
    pub due: OffsetDateTime,
}

impl World {
    /// A world where nobody has connected anything.
    pub fn new(flaw: Option<Flaw>) -> Self {
        let Scenery {
            networks,
            clock,
            shelves,
            settings,
        } = Scenery::free();
        let (gates, late) = (Gates::default(), Late::default());
        let strangers = Strangers::default();
        let books = Arc::new(MemoryBooks::with_flaw(clock.clone(), flaw));
        let bell = Bell::new(gates.clone());
        let network = Network {
            router: networks.router(),
            world: networks.world().clone(),
            gates: gates.clone(),
            late: late.clone(),
            strangers: strangers.clone(),
            flaw,
        };
        let shelf = GatedShelf {
            shelf: MemoryShelf::default(),
            gates: gates.clone(),
        };
        let vault = Vault::new(
            SteeredWrapper::new([3; 32]).wrapper(),
            Arc::new(shelf),
            Arc::new(clock.clone()),
        );
        let apps = Arc::new(settings.apps.clone());
        let means = Means {
            books: Arc::new(GatedBooks {
                books: Arc::clone(&books),
                gates: gates.clone(),
            }),
            vault,
            wire: Arc::new(Wire::over(Arc::new(network), settings.base_url.clone())),
            apps: Arc::clone(&apps),
            files: Arc::new(GatedFiles {
                shelves: shelves.clone(),
                gates: gates.clone(),
            }),
            doorbell: doorbell::Doorbell::other(Arc::new(bell.clone())),
            lines: Lines::default(),
        };
        Self {
            clock,
            books,
            gates,
            networks,
            means,
            bell,
            late,
            strangers,
            apps,
            shelves,
            settings: Some(settings),
            posts: 0,
        }
    }

    /// The time.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// From here on lists show what is new only after minutes.
    pub(crate) fn lists_late(&self) {
        lists_late(self.networks.world());
    }

    /// From here on no file of a post is to be had.
    pub fn lose_files(&self) {
        self.shelves.kept().clear();
    }

    /// Connects the account at that place of the consent page for a user; nothing goes wrong meanwhile.
    pub async fn connect(&self, user: UserId, platform: Platform, place: usize) -> ConnectionId {
        self.gates.open(true);
        let login = platforms::profile(platform).usual_login();
        let app = self.apps.find(login).expect("an app of every login");
        let callback = self.consent(login, place).await;
        let cx = AppContext {
            now: self.now(),
            app,
        };
        let machine = platforms::connect(platform, callback);
        let grant = self.means.wire.converse(machine, &cx).await;
        let grant = grant.unwrap_or_else(|fault| panic!("{platform} did not connect: {fault}"));
        let account = grant.accounts.first().expect("an account of the grant");
        let id = self
            .keep(user, platform, login, &grant.subject, account)
            .await;
        self.gates.open(false);
        id
    }

    async fn keep(
        &self,
        user: UserId,
        platform: Platform,
        login: &Login,
        subject: &str,
        account: &GrantedAccount,
    ) -> ConnectionId {
        let id = ConnectionId::mint();
        let now = self.now();
        let tokens = &account.tokens;
        let seal = async |field: &'static str, token: &SecretString| {
            let place = Place {
                table: "connections",
                row: id.uuid(),
                user: user.uuid(),
                platform: platform.as_str(),
                field,
            };
            let clear = token.expose_secret().as_bytes();
            self.means.vault.seal(&place, clear).await.expect("a key")
        };
        let refresh = match &tokens.refresh {
            Some(token) => Some(seal("refresh_token", token).await),
            None => None,
        };
        let sealed = SealedTokens {
            access: seal("access_token", &tokens.access).await,
            access_expires_at: tokens.access_expires_at,
            refresh,
            refresh_expires_at: tokens.refresh_expires_at,
        };
        let connection = Connection {
            id,
            user_id: user,
            platform,
            external_id: account.external_id.clone(),
            username: account.username.clone(),
            display_name: account.display_name.clone(),
            avatar_url: None,
            facts: account.facts.clone(),
            scopes: tokens.scopes.clone(),
            grant_family: login.grant_family.to_owned(),
            subject: subject.to_owned(),
            access_expires_at: tokens.access_expires_at,
            refresh_expires_at: tokens.refresh_expires_at,
            token_version: 1,
            health: ConnectionHealth::Active,
            health_reason: None,
            connected_at: now,
            updated_at: now,
        };
        self.books.add_connection(connection, sealed);
        id
    }

    /// A visit to the consent page that ends with an approval.
    async fn consent(&self, login: &Login, place: usize) -> Callback {
        let app = self.apps.find(login).expect("an app of every login");
        let verifier = SecretString::from("a-verifier-of-at-least-forty-three-characters-in-all");
        let request = AuthorizeRequest {
            state: SecretString::from("a-state-that-nobody-guesses"),
            verifier: verifier.clone(),
        };
        let url = self
            .means
            .wire
            .visible_url(&authorize_url(login, app, &request));
        let page = Request::get(path_of(&url)).body(Body::empty());
        let (_, html) = self.browse(page.expect("a request")).await;
        let visit = between(&html, "name=\"visit\" value=\"");
        let account = html.split("name=\"account\" value=\"").nth(place + 1);
        let account = account.and_then(|rest| rest.split('"').next());
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("visit", &visit)
            .append_pair("decision", "approve")
            .append_pair("account", account.expect("so many accounts"))
            .finish();
        let request = Request::post("/_simulator/consent")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        let (location, body) = self.browse(request.expect("a request")).await;
        let location = location.unwrap_or_else(|| panic!("not sent back: {body}"));
        let parameters: Vec<(String, String)> = location.query_pairs().into_owned().collect();
        let code = parameters.iter().find(|(key, _)| key == "code");
        let code = code.expect("a code").1.clone();
        Callback {
            login: login.name,
            code: code.into(),
            verifier: login.oauth.has_challenge(app).then_some(verifier),
            parameters: parameters
                .into_iter()
                .filter(|(key, _)| key != "code" && key != "state")
                .collect(),
        }
    }

    async fn browse(&self, request: Request<Body>) -> (Option<Url>, String) {
        let answered = self.networks.router().oneshot(request).await;
        let (parts, body) = answered.unwrap_or_else(|never| match never {}).into_parts();
        let location = parts.headers.get(header::LOCATION);
        let location = location.and_then(|to| to.to_str().ok()?.parse().ok());
        let body = body.collect().await.expect("a whole page").to_bytes();
        (location, String::from_utf8_lossy(&body).into_owned())
    }

    /// Files a post of that kind; its ids are the same in every world, so that chance is too.
    pub fn file(
        &mut self,
        kind: Kind,
        user: UserId,
        connection: ConnectionId,
        words: &str,
        due: OffsetDateTime,
    ) -> Filed {
        self.posts += 1;
        let id = PostId::from(Uuid::from_u128(0x0198_0000_0000_7000 << 64 | self.posts));
        let now = self.now();
        let media = kind
            .files()
            .into_iter()
            .enumerate()
            .map(|(place, sample)| {
                let media_id = MediaId::from(Uuid::from_u128(
                    id.uuid().as_u128() << 8 | u128::try_from(place).unwrap_or_default(),
                ));
                let (file_kind, source) = (kind_of(&sample), format!("source/{media_id}"));
                self.shelves.put(&source, sample.bytes.into(), sample.facts);
                let media = Media {
                    id: media_id,
                    kind: file_kind,
                    source_url: source,
                    stored: None,
                };
                self.books.add_file(user, media);
                PostMedia {
                    kind: file_kind,
                    media_id,
                    url: None,
                    alt_text: None,
                }
            })
            .collect();
        let post = Post {
            id,
            user_id: user,
            connection_id: connection,
            platform: kind.platform,
            caption: Caption::try_from(words.to_owned()).expect("words that can be a caption"),
            media,
            options: kind.options(words),
            client_post_id: None,
            stage: Stage::Scheduled,
            scheduled_at: Some(due),
            due_at: due,
            revision: 1,
            next_attempt_at: now.max(due - Duration::minutes(15)),
            armed_at: None,
            accepted_at: None,
            published_at: None,
            external_id: None,
            external_url: None,
            standing: None,
            error: None,
            candidates: None,
            created_at: now,
            updated_at: now,
        };
        self.bell.order(post.next_attempt_at, id.to_string());
        self.books.add_post(post, Duration::hours(1));
        Filed {
            id,
            kind,
            connection,
            words: vec![words.to_owned()],
            due,
        }
    }
}

fn registrations(apps: &Apps) -> Vec<Registration> {
    let registered = Platform::ALL
        .into_iter()
        .flat_map(|platform| apps.at(platform));
    registered
        .map(|(login, app)| Registration {
            network: login.variables.to_lowercase(),
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.expose_secret().to_owned(),
            redirect_uris: vec![app.redirect_uri.to_string()],
        })
        .collect()
}

fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn between(text: &str, before: &str) -> String {
    let rest = text.split(before).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// Files by their key. Copies are the same shelves.
#[derive(Clone, Default)]
pub struct Shelves(Arc<Mutex<BTreeMap<String, (Bytes, MediaFacts)>>>);

impl Shelves {
    /// Where networks fetch files.
    pub(crate) const ORIGIN: &'static str = "https://media.picscripter.localhost/objects";

    pub(crate) fn put(&self, key: &str, bytes: Bytes, facts: MediaFacts) {
        self.kept().insert(key.to_owned(), (bytes, facts));
    }

    pub(crate) fn bytes(&self, key: &str) -> Option<Bytes> {
        self.kept().get(key).map(|(bytes, _)| bytes.clone())
    }

    pub(crate) fn copy(&self, from: &str, to: &str) -> Option<MediaFacts> {
        let mut kept = self.kept();
        let file = kept.get(from)?.clone();
        let facts = file.1.clone();
        kept.insert(to.to_owned(), file);
        Some(facts)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, (Bytes, MediaFacts)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl simulator::Pull for Shelves {
    fn pull(&self, url: String) -> BoxFuture<'static, Result<Pulled, String>> {
        let key = url
            .strip_prefix(Self::ORIGIN)
            .map(|key| key.trim_start_matches('/'));
        let file = key.and_then(|key| self.kept().get(key).cloned());
        Box::pin(async move {
            let (bytes, facts) = file.ok_or_else(|| format!("nothing at {url}"))?;
            Ok(Pulled {
                status: 200,
                content_type: facts.content_type().to_owned(),
                bytes,
            })
        })
    }
}

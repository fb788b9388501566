//! Every way back that is not exactly the one we asked for is refused, and no network hears of it.

use axum::body::Body;
use domain::Platform;
use http::{Method, Request, StatusCode, header};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use super::house::{Answer, House, Person, Visit};

const CODE: &str = "canary-code-4f1a";
const NOBODYS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A way back, and how each part of it is bent. `None`: as it should be.
#[derive(Debug, Clone, Copy, Default)]
struct Bent {
    state: Option<State>,
    browser: Option<Browser>,
    code: Option<Code>,
    network: Option<Network>,
    method: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Doubled,
    DoubledDifferently,
    Empty,
    Ended,
    Expired,
    Hash,
    LastLetter,
    Long,
    Lowercase,
    Missing,
    Nobodys,
    Null,
    OfAnotherNetwork,
    OfAnotherPerson,
    OtherName,
    Padded,
    Short,
    Spaced,
    Vast,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Browser {
    Empty,
    Hash,
    LastLetter,
    Missing,
    Nobodys,
    OfAnotherPerson,
    OtherName,
    Short,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Code {
    Doubled,
    DoubledDifferently,
    Empty,
    Long,
    Missing,
    OtherName,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Network {
    Denies,
    DeniesAtLength,
    DeniesEmptily,
    DeniesTwice,
    IssuerDoubled,
    IssuerEmpty,
    IssuerForeign,
    IssuerInPlainHttp,
    IssuerLikeIt,
}

const STATES: [State; 19] = [
    State::Doubled,
    State::DoubledDifferently,
    State::Empty,
    State::Ended,
    State::Expired,
    State::Hash,
    State::LastLetter,
    State::Long,
    State::Lowercase,
    State::Missing,
    State::Nobodys,
    State::Null,
    State::OfAnotherNetwork,
    State::OfAnotherPerson,
    State::OtherName,
    State::Padded,
    State::Short,
    State::Spaced,
    State::Vast,
];
const BROWSERS: [Browser; 8] = [
    Browser::Empty,
    Browser::Hash,
    Browser::LastLetter,
    Browser::Missing,
    Browser::Nobodys,
    Browser::OfAnotherPerson,
    Browser::OtherName,
    Browser::Short,
];
const CODES: [Code; 6] = [
    Code::Doubled,
    Code::DoubledDifferently,
    Code::Empty,
    Code::Long,
    Code::Missing,
    Code::OtherName,
];
const NETWORKS: [Network; 9] = [
    Network::Denies,
    Network::DeniesAtLength,
    Network::DeniesEmptily,
    Network::DeniesTwice,
    Network::IssuerDoubled,
    Network::IssuerEmpty,
    Network::IssuerForeign,
    Network::IssuerInPlainHttp,
    Network::IssuerLikeIt,
];
const METHODS: [&str; 6] = ["DELETE", "HEAD", "PATCH", "POST", "PUT", "TRACE"];

/// Each part bent alone, and each pair of state and code, of browser and code, of state and what
/// the network adds.
fn all() -> Vec<Bent> {
    let right = Bent::default();
    let mut all = Vec::new();
    for state in STATES.map(Some) {
        all.push(Bent { state, ..right });
        all.extend(CODES.map(Some).map(|code| Bent {
            state,
            code,
            ..right
        }));
        all.extend(
            [Network::Denies, Network::IssuerForeign]
                .map(Some)
                .map(|network| Bent {
                    state,
                    network,
                    ..right
                }),
        );
    }
    for browser in BROWSERS.map(Some) {
        all.push(Bent { browser, ..right });
        all.extend(CODES.map(Some).map(|code| Bent {
            browser,
            code,
            ..right
        }));
    }
    all.extend(CODES.map(Some).map(|code| Bent { code, ..right }));
    all.extend(NETWORKS.map(Some).map(|network| Bent { network, ..right }));
    all.extend(METHODS.map(Some).map(|method| Bent { method, ..right }));
    all
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_bent_way_back_is_refused_before_any_network_hears_of_it(pool: PgPool) {
    let house = House::open(pool).await;
    let (person, other) = (house.person().await, house.person().await);
    let all = all();
    assert!(all.len() >= 60, "{}", all.len());
    for platform in Platform::ALL {
        for bent in &all {
            let visit = house.begin(&person, platform, None).await;
            let request = way_back(&house, &person, &other, platform, &visit, *bent).await;
            let answer = house.ask(request).await;
            let what = format!("{platform} {bent:?}: {answer:?}");
            assert!(answer.status.is_client_error(), "{what}");
            assert!(!answer.everything().contains(CODE), "{what}");
            assert!(!answer.everything().contains(&visit.state), "{what}");
            assert_eq!(rule_of(&answer, *bent), expected(*bent), "{what}");
        }
    }
    assert_eq!(house.calls(), 0, "a network heard of it");
    assert_eq!(connections(&house).await, 0);

    // The same house does connect, and the count does count.
    for platform in Platform::ALL {
        let before = house.calls();
        house.connect(&person, platform, 0).await;
        assert!(house.calls() > before, "{platform}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_browser_on_a_bent_way_back_ends_on_our_page_and_learns_only_the_rule(pool: PgPool) {
    let house = House::open(pool).await;
    let (person, other) = (house.person().await, house.person().await);
    for bent in all().into_iter().filter(|bent| bent.method.is_none()) {
        let visit = house.begin(&person, Platform::X, None).await;
        let mut request = way_back(&house, &person, &other, Platform::X, &visit, bent).await;
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        request
            .headers_mut()
            .insert(header::ACCEPT, accept.parse().unwrap());
        let answer = house.ask(request).await;
        let page = format!(
            "{}&connect_error={}",
            super::house::APP_PAGE,
            expected(bent)
        );
        assert_eq!(answer.location().as_str(), page, "{bent:?}");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.body, "");
    }
    assert_eq!(house.calls(), 0);
}

fn rule_of(answer: &Answer, bent: Bent) -> String {
    if bent.method == Some("HEAD") {
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        return "method_not_allowed".to_owned();
    }
    answer.rule()
}

/// The rule that is told: of several that are broken, the one that gives away least.
fn expected(bent: Bent) -> &'static str {
    if bent.method.is_some() {
        return "method_not_allowed";
    }
    if bent.state.is_some() || bent.browser.is_some() {
        return "state_invalid";
    }
    match bent.network {
        Some(
            Network::IssuerDoubled
            | Network::IssuerEmpty
            | Network::IssuerForeign
            | Network::IssuerInPlainHttp
            | Network::IssuerLikeIt,
        ) => "issuer_foreign",
        Some(
            Network::Denies
            | Network::DeniesAtLength
            | Network::DeniesEmptily
            | Network::DeniesTwice,
        ) => "consent_denied",
        None => "missing_code",
    }
}

async fn way_back(
    house: &House,
    person: &Person,
    other: &Person,
    platform: Platform,
    visit: &Visit,
    bent: Bent,
) -> Request<Body> {
    let own = visit.state.clone();
    let mut query: Vec<(&str, String)> = Vec::new();
    match bent.state {
        None => query.push(("state", own)),
        Some(State::Missing) => {}
        Some(State::Doubled) => query.extend([("state", own.clone()), ("state", own)]),
        Some(State::DoubledDifferently) => {
            query.extend([("state", own), ("state", NOBODYS.to_owned())]);
        }
        Some(State::OtherName) => query.push(("State", own)),
        Some(state) => query.push((
            "state",
            bent_state(house, person, other, platform, visit, state).await,
        )),
    }
    match bent.code {
        None => query.push(("code", CODE.to_owned())),
        Some(Code::Doubled) => {
            query.extend([("code", CODE.to_owned()), ("code", CODE.to_owned())]);
        }
        Some(Code::DoubledDifferently) => {
            query.extend([("code", CODE.to_owned()), ("code", "other".to_owned())]);
        }
        Some(Code::Empty) => query.push(("code", String::new())),
        Some(Code::Long) => query.push(("code", CODE.repeat(300))),
        Some(Code::Missing) => {}
        Some(Code::OtherName) => query.push(("Code", CODE.to_owned())),
    }
    query.extend(added(platform, bent.network));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    let method = bent
        .method
        .map_or(Method::GET, |name| name.parse().unwrap());
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/callback/{platform}?{query}"));
    if let Some(cookie) = cookie(house, other, platform, visit, bent.browser).await {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(Body::empty()).unwrap()
}

async fn bent_state(
    house: &House,
    person: &Person,
    other: &Person,
    platform: Platform,
    visit: &Visit,
    state: State,
) -> String {
    let own = visit.state.as_str();
    match state {
        State::Doubled | State::DoubledDifferently | State::Missing | State::OtherName => {
            unreachable!("it is the query that these bend")
        }
        State::Empty => String::new(),
        State::Ended => {
            let denied = format!("/api/callback/{platform}?error=access_denied&state={own}");
            let ended = house.come_back(&denied, &visit.cookie).await;
            assert_eq!(ended.rule(), "consent_denied");
            own.to_owned()
        }
        State::Expired => {
            let changed = sqlx::query(
                "UPDATE oauth_attempts SET expires_at = app_now() WHERE state_hash = $1",
            )
            .bind(Sha256::digest(own).to_vec())
            .execute(&house.pool)
            .await
            .unwrap();
            assert_eq!(changed.rows_affected(), 1);
            own.to_owned()
        }
        State::Hash => format!("{:x}", Sha256::digest(own)),
        State::LastLetter => other_last_letter(own),
        State::Long => format!("{own}A"),
        State::Lowercase => own.to_lowercase(),
        State::Nobodys => NOBODYS.to_owned(),
        State::Null => format!("{own}\0"),
        State::OfAnotherNetwork => {
            let elsewhere = if platform == Platform::X {
                Platform::Youtube
            } else {
                Platform::X
            };
            house
                .begin(person, elsewhere, Some(&visit.cookie))
                .await
                .state
        }
        State::OfAnotherPerson => house.begin(other, platform, None).await.state,
        State::Padded => format!("{own}="),
        State::Short => own[..own.len() - 1].to_owned(),
        State::Spaced => format!(" {own}"),
        State::Vast => own.repeat(200),
    }
}

fn added(platform: Platform, network: Option<Network>) -> Vec<(&'static str, String)> {
    let page = host(platform);
    let one = |name, value: &str| vec![(name, value.to_owned())];
    match network {
        None => Vec::new(),
        Some(Network::Denies) => one("error", "access_denied"),
        Some(Network::DeniesAtLength) => vec![
            ("error", "access_denied".to_owned()),
            ("error_description", format!("<script>{CODE}</script>")),
            ("error_uri", "https://network.example/why".to_owned()),
        ],
        Some(Network::DeniesEmptily) => one("error", ""),
        Some(Network::DeniesTwice) => [one("error", "a"), one("error", "b")].concat(),
        Some(Network::IssuerDoubled) => [
            one("iss", &format!("https://{page}")),
            one("iss", "https://other.example"),
        ]
        .concat(),
        Some(Network::IssuerEmpty) => one("iss", ""),
        Some(Network::IssuerForeign) => one("iss", "https://accounts.other.example"),
        Some(Network::IssuerInPlainHttp) => one("iss", &format!("http://{page}")),
        Some(Network::IssuerLikeIt) => one("iss", &format!("https://{page}.other.example")),
    }
}

fn host(platform: Platform) -> String {
    let name = if platform == Platform::Youtube {
        "accounts.google"
    } else {
        platform.as_str()
    };
    format!("{name}.com")
}

async fn cookie(
    house: &House,
    other: &Person,
    platform: Platform,
    visit: &Visit,
    browser: Option<Browser>,
) -> Option<String> {
    let (name, mark) = visit.cookie.split_once('=').unwrap();
    match browser {
        None => Some(visit.cookie.clone()),
        Some(Browser::Empty) => Some(format!("{name}=")),
        Some(Browser::Hash) => Some(format!("{name}={:x}", Sha256::digest(mark))),
        Some(Browser::LastLetter) => Some(format!("{name}={}", other_last_letter(mark))),
        Some(Browser::Missing) => None,
        Some(Browser::Nobodys) => Some(format!("{name}={NOBODYS}")),
        Some(Browser::OfAnotherPerson) => Some(house.begin(other, platform, None).await.cookie),
        Some(Browser::OtherName) => Some(format!("{name}2={mark}")),
        Some(Browser::Short) => Some(format!("{name}={}", &mark[1..])),
    }
}

fn other_last_letter(text: &str) -> String {
    let (rest, last) = text.split_at(text.len() - 1);
    format!("{rest}{}", if last == "A" { "E" } else { "A" })
}

async fn connections(house: &House) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM connections")
        .fetch_one(&house.pool)
        .await
        .unwrap()
}

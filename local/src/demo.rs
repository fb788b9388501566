//! The whole story over HTTP: connect, publish now, publish on the second, on every network; the
//! networks' own ledger is the judge.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::Platform;
use http::{StatusCode, header};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Failure, Variables};

/// How far ahead the scheduled posts are.
const AHEAD: time::Duration = time::Duration::seconds(10);
/// How long a post may take to be published in all.
const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(250);

struct Story<'a> {
    client: Client,
    app: String,
    networks: String,
    token: String,
    say: &'a dyn Fn(&str),
}

struct Sent {
    platform: Platform,
    what: &'static str,
    id: String,
    words: String,
}

/// Tells the story of these networks against a running `cargo dev`, or whatever else the app is under
/// `PUBLIC_URL` and the simulated networks under `NETWORKS_BASE_URL`.
///
/// # Errors
/// When a step fails, a post is missing from the ledger, or is there twice.
pub async fn run(
    variables: &Variables,
    networks_told: &[Platform],
    say: impl Fn(&str),
) -> Result<(), Failure> {
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let address = |name| {
        let address = variables.vars.find(name)?;
        Some(address.trim_end_matches('/').to_owned())
    };
    let app = address("PUBLIC_URL").ok_or("PUBLIC_URL is not known")?;
    let networks = address("NETWORKS_BASE_URL")
        .ok_or("the story needs the simulated networks; NETWORKS=real leaves them out")?;
    let mark = domain::PostId::mint().uuid().simple().to_string();
    let mut story = Story {
        client,
        app,
        networks,
        token: String::new(),
        say: &say,
    };
    story.sign_up(&mark).await?;
    let mut sent = Vec::new();
    for platform in networks_told.iter().copied() {
        story.connect(platform).await?;
    }
    for platform in networks_told.iter().copied() {
        let rules = platforms::profile(platform).media;
        if rules.image.is_some() {
            sent.push(story.publish(platform, "picture", &mark, None).await?);
        }
        if rules.video.is_some() {
            sent.push(story.publish(platform, "video", &mark, None).await?);
        }
    }
    for platform in networks_told.iter().copied() {
        let what = if platforms::profile(platform).media.image.is_some() {
            "picture"
        } else {
            "video"
        };
        let at = story.now() + AHEAD;
        sent.push(story.publish(platform, what, &mark, Some(at)).await?);
    }
    story.follow(&sent).await?;
    story.judge(&sent, &mark).await
}

impl Story<'_> {
    async fn sign_up(&mut self, mark: &str) -> Result<(), Failure> {
        let credentials = json!({"email": format!("demo-{mark}@example.com"), "password": "picture-harbour-quartz-lantern"});
        let answer = self
            .client
            .post(format!("{}/api/auth/signup", self.app))
            .json(&credentials)
            .send()
            .await;
        let answer = answer
            .map_err(|_| format!("nothing runs at {}; start it with `cargo dev`", self.app))?;
        let body = told(answer, StatusCode::CREATED).await?;
        body["token"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut self.token);
        (self.say)("signed up");
        Ok(())
    }

    /// Goes the way of a browser: to the consent page, approve, and back.
    async fn connect(&self, platform: Platform) -> Result<(), Failure> {
        let begun = self.get(&format!("/api/connect/{platform}")).send().await?;
        let cookie = begun
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default()
            .to_owned();
        let body = told(begun, StatusCode::OK).await?;
        let page = self
            .client
            .get(body["url"].as_str().unwrap_or_default())
            .send()
            .await?;
        let status = page.status();
        let page = page.text().await?;
        let visit = between(&page, "name=\"visit\" value=\"", "\"")
            .ok_or_else(|| format!("{platform} shows no consent page ({status}): {page}"))?;
        let account = between(&page, "name=\"account\" value=\"", "\"").unwrap_or_default();
        let decision = [
            ("visit", visit),
            ("account", account),
            ("decision", "approve"),
        ];
        let approved = self
            .client
            .post(format!("{}/_simulator/consent", self.networks))
            .form(&decision)
            .send()
            .await?;
        let back = approved
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| format!("{platform} sends nobody back"))?;
        let ended = self
            .client
            .get(back)
            .header(header::COOKIE, cookie)
            .send()
            .await?;
        let body = told(ended, StatusCode::OK).await?;
        (self.say)(&format!(
            "{platform:<10} connected {}",
            body["connections"][0]["displayName"]
                .as_str()
                .unwrap_or_default()
        ));
        Ok(())
    }

    async fn publish(
        &self,
        platform: Platform,
        what: &'static str,
        mark: &str,
        at: Option<OffsetDateTime>,
    ) -> Result<Sent, Failure> {
        let when = if at.is_some() { "on time" } else { "now" };
        let words = format!("A {what} for {}, {when}, {mark}", platform.display_name());
        let (kind, file) = if what == "video" {
            ("video", "clip.mp4")
        } else {
            ("image", "photo.jpg")
        };
        let mut request = json!({
            "platform": platform.as_str(),
            "caption": words,
            "media": {"type": kind, "url": format!("{}/_simulator/samples/{file}", self.networks)},
            "options": options(platform),
            "client_post_id": format!("{mark}-{platform}-{what}-{when}"),
        });
        let path = match at {
            Some(at) => {
                request["scheduledAtISO"] = at.format(&Rfc3339)?.into();
                "/api/schedule"
            }
            None => "/api/posts",
        };
        let answer = self
            .client
            .post(format!("{}{path}", self.app))
            .bearer_auth(&self.token)
            .json(&request)
            .send()
            .await?;
        let body = told(answer, StatusCode::ACCEPTED).await?;
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        Ok(Sent {
            platform,
            what: if at.is_some() { "scheduled" } else { what },
            id,
            words,
        })
    }

    /// Follows every post to its end.
    async fn follow(&self, sent: &[Sent]) -> Result<(), Failure> {
        let begun = Instant::now();
        for post in sent {
            loop {
                let status = told(
                    self.get(&format!("/api/posts/{}/status", post.id))
                        .send()
                        .await?,
                    StatusCode::OK,
                )
                .await?;
                match status["status"].as_str().unwrap_or_default() {
                    "published" => {
                        let late = status["lateMs"].as_i64().unwrap_or_default();
                        let url = status["url"].as_str().unwrap_or("-");
                        (self.say)(&format!(
                            "{:<10} {:<9} published, {late:>6} ms after it was due  {url}",
                            post.platform, post.what
                        ));
                        break;
                    }
                    "queued" | "publishing" if begun.elapsed() < PATIENCE => pause().await,
                    other => {
                        return Err(format!(
                            "{} {}: {other} {}",
                            post.platform, post.id, status["error"]
                        )
                        .into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Holds what is live against what was sent: each once.
    async fn judge(&self, sent: &[Sent], mark: &str) -> Result<(), Failure> {
        let ledger: Value = self
            .client
            .get(format!("{}/_simulator/ledger", self.networks))
            .send()
            .await?
            .json()
            .await?;
        let mut live: BTreeMap<(String, String), usize> = BTreeMap::new();
        for post in ledger["posts"].as_array().into_iter().flatten() {
            let (network, text) = (
                post["network"].as_str().unwrap_or_default(),
                post["text"].as_str().unwrap_or_default(),
            );
            if text.contains(mark) {
                *live
                    .entry((network.to_owned(), text.to_owned()))
                    .or_default() += 1;
            }
        }
        for post in sent {
            let seen: usize = live
                .iter()
                .filter(|((network, text), _)| {
                    network == post.platform.as_str() && text.contains(&post.words)
                })
                .map(|(_, count)| count)
                .sum();
            if seen != 1 {
                return Err(format!(
                    "{} {}: {seen} live posts in the ledger",
                    post.platform, post.id
                )
                .into());
            }
        }
        (self.say)(&format!("{} posts, each live once", sent.len()));
        Ok(())
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client
            .get(format!("{}{path}", self.app))
            .bearer_auth(&self.token)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a person who schedules looks at the clock"
    )]
    #[expect(clippy::unused_self, reason = "the story's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// What a network cannot do without.
fn options(platform: Platform) -> Value {
    match platform {
        Platform::Pinterest => json!({"boardId": "549755885175"}),
        Platform::Tiktok => json!({"privacyLevel": "SELF_ONLY"}),
        Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::X
        | Platform::Youtube => json!({}),
    }
}

async fn told(answer: Response, expected: StatusCode) -> Result<Value, Failure> {
    let status = answer.status();
    let text = answer.text().await?;
    if status == expected {
        return Ok(serde_json::from_str(&text)?);
    }
    Err(format!("answered {status}: {text}").into())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?
        .1
        .split_once(after)
        .map(|(inner, _)| inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person who watches looks now and then"
)]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

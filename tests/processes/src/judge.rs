//! Holding what the app is told against what is live at the networks.

use std::collections::HashMap;

use domain::PostId;
use http::{Method, StatusCode};
use serde_json::Value;
use simulator::LivePost;

use crate::{
    Failure,
    authors::{Accepted, Authors, text},
    people::expect,
    posts::Mark,
    town::Town,
};

/// What came of all posts.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Accepted by the API, and without an end that it shows.
    pub lost: Vec<Wrong>,
    /// Live more than once.
    pub doubled: Vec<Wrong>,
    /// Said to be what it is not.
    pub misreported: Vec<Wrong>,
    /// Unconfirmed, although the outcome of no attempt is unknown.
    pub unexplained: Vec<Wrong>,
    /// Unconfirmed, all together.
    pub unconfirmed: usize,
    /// Published, and live once.
    pub live_once: usize,
    /// Called off by their authors.
    pub canceled: usize,
    /// Failed, with nothing live.
    pub failed: usize,
}

/// A post that did not come out as it should.
#[derive(Debug)]
pub struct Wrong {
    /// Its id in the API.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
    /// Its attempts, and every step that was written down.
    pub log: String,
}

/// What the API tells of a post in the end.
struct Told {
    status: String,
    code: String,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.wrong().next().is_none()
    }

    /// Every post that is wrong, with what it counts as.
    pub fn wrong(&self) -> impl Iterator<Item = (&'static str, &Wrong)> {
        [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("misreported", &self.misreported),
            ("unconfirmed without an unknown outcome", &self.unexplained),
        ]
        .into_iter()
        .flat_map(|(name, wrong)| wrong.iter().map(move |it| (name, it)))
    }

    /// Judges everything that was accepted.
    pub(crate) async fn reach(town: &Town, authors: &Authors) -> Result<Self, Failure> {
        let told = told(town, authors).await?;
        let live = live(town);
        let mut verdict = Self::default();
        for post in authors.accepted() {
            let found = live.get(&post.plan.number).map_or(&[][..], Vec::as_slice);
            let Some(told) = told.get(&post.id) else {
                let wrong = Wrong::of(town, &post, "the API does not show it".to_owned()).await?;
                verdict.lost.push(wrong);
                continue;
            };
            verdict.judge(town, &post, told, found).await?;
        }
        Ok(verdict)
    }

    async fn judge(
        &mut self,
        town: &Town,
        post: &Accepted,
        told: &Told,
        found: &[(Mark, LivePost)],
    ) -> Result<(), Failure> {
        let Accepted { plan, revision, .. } = post;
        let Told { status, code } = told;
        let of_part = |part| {
            found
                .iter()
                .filter(move |(mark, _)| mark.part == part)
                .count()
        };
        let most = (1..=plan.parts()).map(of_part).max().unwrap_or_default();
        let least = (1..=plan.parts()).map(of_part).min().unwrap_or_default();
        let wrong = |why: &str| Wrong::of(town, post, format!("{status} {code}: {why}"));
        if most > 1 {
            self.doubled.push(wrong(&format!("{most} are live")).await?);
        }
        if found.iter().any(|(mark, _)| mark.revision != *revision) {
            self.misreported
                .push(wrong("other words are live than its author was told").await?);
        }
        if found
            .iter()
            .any(|(_, live)| live.network != plan.platform.as_str())
        {
            self.misreported
                .push(wrong("it is live at another network").await?);
        }
        if post.is_canceled && status != "canceled" {
            self.misreported
                .push(wrong("its author was told that it is called off").await?);
        }
        match status.as_str() {
            "published" if least == 0 => {
                self.misreported.push(wrong("not all of it is live").await?);
            }
            "published" => self.live_once += usize::from(most == 1),
            "canceled" | "failed" if most > 0 => {
                self.misreported.push(wrong("it is live").await?);
            }
            "canceled" => self.canceled += 1,
            "failed" => self.failed += 1,
            "unconfirmed" => {
                self.unconfirmed += 1;
                // Of a thread that ended in the middle all that was sent may be known, and its author is asked all the
                // same; so it is with what was accepted and then broke its publishers until they gave up.
                let was_accepted =
                    ["publisher_crashed", "thread_incomplete"].contains(&code.as_str());
                let outcomes: &[&str] = if was_accepted {
                    &["unknown", "accepted"]
                } else {
                    &["unknown"]
                };
                if !has_outcome(town, post, outcomes).await? {
                    self.unexplained
                        .push(wrong("no attempt's outcome is unknown").await?);
                }
            }
            _ => self.lost.push(wrong("that is no end").await?),
        }
        Ok(())
    }
}

impl Wrong {
    async fn of(town: &Town, post: &Accepted, why: String) -> Result<Self, Failure> {
        let plan = &post.plan;
        Ok(Self {
            id: post.id.clone(),
            why: format!("{} {:?}, {why}", plan.platform, plan.kind),
            log: log(town, post).await?,
        })
    }
}

/// What the API tells of every post, asked for as the app does it.
async fn told(town: &Town, authors: &Authors) -> Result<HashMap<String, Told>, Failure> {
    let mut all = HashMap::new();
    for person in authors.people() {
        let mut path = "/api/posts?limit=100".to_owned();
        loop {
            let page = person.ask(town, Method::GET, &path, None).await?;
            let page = expect(StatusCode::OK, page)?.json();
            for post in page["posts"].as_array().into_iter().flatten() {
                let code = post["error"]["code"].as_str().unwrap_or_default();
                let told = Told {
                    status: text(post, "status")?,
                    code: code.to_owned(),
                };
                all.insert(text(post, "id")?, told);
            }
            let Value::String(next) = &page["next"] else {
                break;
            };
            path = format!("/api/posts?limit=100&before={next}");
        }
    }
    Ok(all)
}

/// Everything that is live, by the number of the post.
fn live(town: &Town) -> HashMap<usize, Vec<(Mark, LivePost)>> {
    let mut live: HashMap<_, Vec<_>> = HashMap::new();
    for post in town.networks.ledger().posts() {
        if let Some(mark) = Mark::find(&post.text) {
            let of_it = live.entry(mark.number).or_default();
            of_it.push((mark, post.clone()));
        }
    }
    live
}

/// Whether a commit of a post came to one of these; one of which nothing is told is unknown.
async fn has_outcome(town: &Town, post: &Accepted, outcomes: &[&str]) -> Result<bool, Failure> {
    let id: PostId = post.id.parse()?;
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM attempts WHERE post_id = $1 AND coalesce(outcome, 'unknown') = ANY($2))",
    )
    .bind(id.uuid())
    .bind(outcomes)
    .fetch_one(&town.pool)
    .await?)
}

async fn log(town: &Town, post: &Accepted) -> Result<String, Failure> {
    let id: PostId = post.id.parse()?;
    let lines: Vec<String> = sqlx::query_scalar(
        "SELECT concat(to_char(at, 'HH24:MI:SS.MS '), line) FROM (
             SELECT updated_at, concat_ws(' ', 'post', stage, external_id, 'leases', fence, 'crashes', crash_count, error)
             FROM posts WHERE id = $1
             UNION ALL
             SELECT armed_at, concat_ws(' ', 'attempt', number, step, outcome, evidence)
             FROM attempts WHERE post_id = $1
             UNION ALL
             SELECT created_at, concat_ws(' ', step, outcome, http_status, detail)
             FROM job_log WHERE post_id = $1
         ) AS lines (at, line) ORDER BY at",
    )
    .bind(id.uuid())
    .fetch_all(&town.pool)
    .await?;
    Ok(lines.join("\n"))
}

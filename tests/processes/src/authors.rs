//! Handing posts in through the API, and changing one's mind while they go out.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    Failure,
    people::{Person, expect},
    posts::{Files, Kind, Plan, Then},
    town::Town,
};

/// How many people hand something in at once.
const AT_ONCE: usize = 4;

/// A post that the API accepted.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) plan: Plan,
    /// Its id in the API.
    pub(crate) id: String,
    /// Which of its words go out, as the API told its author last.
    pub(crate) revision: u8,
    /// Whether the API told its author that it does not go out.
    pub(crate) is_canceled: bool,
}

/// Everybody who uses the app.
pub(crate) struct Authors {
    town: Arc<Town>,
    people: Vec<Person>,
    accepted: Mutex<Vec<Accepted>>,
    raced: AtomicUsize,
}

impl Authors {
    /// So many people, with an account at each network.
    pub(crate) async fn join(town: &Arc<Town>, people: usize) -> Result<Self, Failure> {
        let joining = (0..people).map(|number| Person::join(town, number));
        Ok(Self {
            people: stream::iter(joining)
                .buffered(AT_ONCE)
                .try_collect()
                .await?,
            town: Arc::clone(town),
            accepted: Mutex::default(),
            raced: AtomicUsize::new(0),
        })
    }

    /// Everybody.
    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    /// What was accepted so far.
    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.lock().clone()
    }

    /// How much that is.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many edits and cancellations were answered.
    pub(crate) fn raced(&self) -> usize {
        self.raced.load(Ordering::Relaxed)
    }

    /// Hands everything in, and sees to the minds that change.
    pub(crate) async fn hand_in(self: Arc<Self>, plans: Vec<Plan>) -> Result<(), Failure> {
        let changes = Mutex::new(JoinSet::new());
        stream::iter(plans)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, async |plan: Plan| -> Result<(), Failure> {
                let place = self.hand_in_one(&plan).await?;
                let when = plan.ahead.map_or(0.0, time::Duration::as_seconds_f64);
                if let Then::Cancel(after) | Then::Edit(after) = plan.then {
                    let wait = Duration::from_secs_f64((when + after).max(0.0));
                    let change = Arc::clone(&self).change(place, Instant::now() + wait);
                    let mut changes = changes.lock().unwrap_or_else(PoisonError::into_inner);
                    changes.spawn(change);
                }
                Ok(())
            })
            .await?;
        let mut changes = changes.into_inner().unwrap_or_else(PoisonError::into_inner);
        while let Some(changed) = changes.join_next().await {
            changed??;
        }
        Ok(())
    }

    /// Hands one in; gives its place among the accepted ones.
    async fn hand_in_one(&self, plan: &Plan) -> Result<usize, Failure> {
        let person = &self.people[plan.person];
        let files = match (person.picture.get(), person.video.get()) {
            (Some(picture), Some(video)) if !plan.is_fetched => Files::Kept(picture, video),
            _ => Files::Samples(&self.town.samples),
        };
        let mut draft = plan.draft(0, &files);
        let told = loop {
            let path = if let Some(ahead) = plan.ahead {
                let due = self.town.clocks.now() + ahead;
                draft["scheduledAtISO"] = json!(due.format(&Rfc3339)?);
                "/api/schedule"
            } else {
                "/api/posts"
            };
            let answer = person.ask(&self.town, Method::POST, path, Some(&draft));
            let answer = answer.await?;
            // While the database was away the time went by, or the answer did not come; the post has a name of its own.
            if !answer.body.contains("time_in_past") && !answer.status.is_server_error() {
                break expect(StatusCode::ACCEPTED, answer)?.json();
            }
        };
        if let Some(id) = told["media"][0]["mediaId"].as_str() {
            let kept = match plan.kind {
                Kind::Video => &person.video,
                Kind::Picture | Kind::Pictures | Kind::Text | Kind::Thread(_) => &person.picture,
            };
            kept.get_or_init(|| id.to_owned());
        }
        let mut accepted = self.lock();
        accepted.push(Accepted {
            plan: plan.clone(),
            id: text(&told, "id")?,
            revision: 0,
            is_canceled: false,
        });
        Ok(accepted.len() - 1)
    }

    /// Somebody changes their mind at a moment that may be too late.
    async fn change(self: Arc<Self>, place: usize, at: Instant) -> Result<(), Failure> {
        tokio::time::sleep_until(at).await;
        let Accepted { plan, id, .. } = self.lock()[place].clone();
        let person = &self.people[plan.person];
        let path = format!("/api/posts/{id}");
        let (method, body) = if matches!(plan.then, Then::Edit(_)) {
            let words = plan.draft(1, &Files::Samples(""));
            let body = json!({"caption": words["caption"], "options": words["options"]});
            (Method::PATCH, Some(body))
        } else {
            (Method::DELETE, None)
        };
        let answer = person.ask(&self.town, method, &path, body.as_ref()).await?;
        self.raced.fetch_add(1, Ordering::Relaxed);
        match (answer.status, plan.then) {
            (StatusCode::OK, Then::Cancel(_)) => self.lock()[place].is_canceled = true,
            (StatusCode::OK, Then::Edit(_) | Then::Nothing) => self.lock()[place].revision = 1,
            // It goes out, or went out, as it was.
            (StatusCode::CONFLICT, _) => {}
            _ => {
                return Err(
                    format!("a change was answered {}: {}", answer.status, answer.body).into(),
                );
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Accepted>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text of what was told.
pub(crate) fn text(told: &Value, name: &str) -> Result<String, Failure> {
    let text = told[name].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("{name} is missing in {told}").into())
}

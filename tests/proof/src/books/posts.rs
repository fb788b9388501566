//! Posts and their arms.

use std::collections::BTreeMap;

use domain::{AttemptId, LookId, MediaId, Post, PostError, PostId, Stage, Standing, UserId};
use serde_json::Value;
use store::{
    StoreError,
    attempts::Outcome,
    job_log::Step,
    media::{Media, Stored},
    sweep::Overdue,
    work::{Armed, Glance, Live, Outcomes, Save, Settled, Work},
};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

use super::{Arm, MemoryBooks, PostRow, Rows, conflict, is_active};
use crate::planted::Flaw;

/// After so long a post that nobody can tell of is looked for once more.
const ONCE_MORE: Duration = Duration::hours(6);
/// After so long a hasty core takes what no list shows for what is not there.
const SETTLED: Duration = Duration::minutes(2);

impl MemoryBooks {
    /// `store::posts::add`.
    pub fn add_post(&self, post: Post, max_lateness: Duration) {
        self.change(|rows, _| {
            let row = PostRow {
                sequence: rows.posts.len(),
                fence: 0,
                lease_by: None,
                lease_until: None,
                crash_count: 0,
                tries: 0,
                progress: None,
                handle: None,
                max_lateness,
                ended_at: None,
                post,
            };
            rows.posts.insert(row.post.id, row);
        });
    }

    /// `store::posts::edit`; tells whether it was not too late.
    pub fn edit(
        &self,
        id: PostId,
        caption: domain::Caption,
        options: Value,
        due: OffsetDateTime,
    ) -> bool {
        let keeps_progress = self.has(Flaw::EditKeepsSnapshot);
        self.change(|rows, now| {
            let row = rows.posts.get_mut(&id);
            let Some(row) = row.filter(|row| row.post.stage.is_editable()) else {
                return false;
            };
            row.post.caption = caption;
            row.post.options = options;
            row.post.scheduled_at = Some(due);
            row.post.due_at = due;
            row.post.next_attempt_at = now;
            row.post.stage = Stage::Scheduled;
            row.post.revision += 1;
            row.post.error = None;
            row.post.updated_at = now;
            if !keeps_progress {
                row.progress = None;
                row.handle = None;
            }
            row.tries = 0;
            row.crash_count = 0;
            row.fence += 1;
            row.lease_until = None;
            true
        })
    }

    /// `store::posts::cancel`; tells whether it was not too late.
    pub fn cancel(&self, id: PostId) -> bool {
        let is_late = self.has(Flaw::CancelsWhatIsSent);
        self.change(|rows, now| {
            let row = rows.posts.get_mut(&id);
            let cancels = |row: &&mut PostRow| {
                row.post.stage.is_editable()
                    || (is_late && matches!(row.post.stage, Stage::Firing | Stage::Confirming))
            };
            let Some(row) = row.filter(cancels) else {
                return false;
            };
            row.post.stage = Stage::Canceled;
            row.ended_at.get_or_insert(now);
            row.post.revision += 1;
            row.post.updated_at = now;
            row.progress = None;
            row.fence += 1;
            row.lease_until = None;
            true
        })
    }

    pub(crate) fn lease(&self, id: PostId, by: LookId, time: Duration) -> Option<Work> {
        let forgets_arms = self.has(Flaw::FiringIsLedBack);
        self.change(|rows, now| {
            let held_until = rows.posts.get(&id).and_then(|row| {
                let budgets = rows.budgets_of(row.post.connection_id, row.post.platform);
                budgets
                    .map(|budget| budget.free_at)
                    .filter(|free_at| *free_at > now)
                    .max()
            });
            let used_percent = rows.posts.get(&id).and_then(|row| {
                let budgets = rows.budgets_of(row.post.connection_id, row.post.platform);
                budgets
                    .filter(|budget| budget.updated_at > now - Duration::HOUR)
                    .map(|budget| budget.used_percent)
                    .max()
            });
            if forgets_arms && rows.posts.get(&id).is_some_and(is_firing) {
                rows.close_latest(id, Outcome::Absent, None, &[None]);
            }
            let row = rows.posts.get_mut(&id)?;
            let is_held = row.lease_by == Some(by);
            let is_free = is_held || row.lease_until.is_none_or(|until| until <= now);
            if row.post.stage.is_final() || !is_free || row.post.next_attempt_at > now {
                return None;
            }
            if forgets_arms && is_firing(row) {
                row.post.stage = Stage::Prepared;
            }
            row.fence += 1;
            row.crash_count += i32::from(!is_held);
            row.lease_by = Some(by);
            row.lease_until = Some(now + time);
            Some(Work {
                post: row.post.clone(),
                fence: row.fence,
                crash_count: row.crash_count,
                tries: row.tries,
                progress: row.progress.clone(),
                max_lateness: row.max_lateness,
                held_until,
                used_percent: used_percent.unwrap_or(0),
                now,
            })
        })
    }

    pub(crate) fn glance(&self, id: PostId) -> Option<Glance> {
        let now = self.now();
        let rows = self.rows();
        let row = rows.posts.get(&id)?;
        Some(Glance {
            user_id: row.post.user_id,
            stage: row.post.stage,
            revision: row.post.revision,
            next_attempt_at: row.post.next_attempt_at,
            lease_until: row.lease_until,
            now,
        })
    }

    pub(crate) fn set_aside(&self, id: PostId, crashes: i32, error: &PostError) -> bool {
        self.change(|rows, now| {
            let row = rows.posts.get_mut(&id);
            let fits = |row: &&mut PostRow| row.crash_count > crashes && !row.post.stage.is_final();
            let Some(row) = row.filter(fits) else {
                return false;
            };
            row.post.stage = Stage::NeedsAttention;
            row.ended_at.get_or_insert(now);
            row.post.error = Some(error.clone());
            row.post.next_attempt_at = now + ONCE_MORE;
            row.post.updated_at = now;
            row.lease_until = None;
            row.crash_count = 0;
            true
        })
    }

    pub(crate) fn save(&self, work: &Work, save: &Save<'_>) -> bool {
        let (any_fence, forgets) = (
            self.has(Flaw::SavesOverAnother),
            self.has(Flaw::ForgetsHandles),
        );
        let fails_unseen = self.has(Flaw::UnseenIsAbsent);
        self.change(|rows, now| {
            let row = rows.posts.get_mut(&work.post.id);
            let fits = |row: &&mut PostRow| {
                any_fence
                    || (row.fence == work.fence && [save.from, save.to].contains(&row.post.stage))
            };
            let Some(row) = row.filter(fits) else {
                return false;
            };
            row.post.stage = save.to;
            if let Some(progress) = save.progress.filter(|_| !forgets) {
                row.progress = Some(progress.to_vec());
            }
            if let Some(handle) = save.handle {
                row.handle = Some(handle.to_owned());
            }
            row.post.error = save.error.cloned();
            row.post.updated_at = now;
            row.tries = save.tries;
            if let Some(until) = save.until {
                row.post.next_attempt_at = until;
                row.lease_until = None;
                row.crash_count = 0;
            }
            let is_unseen = row.post.stage == Stage::Confirming
                && save.until.is_some()
                && row.post.armed_at.is_some_and(|at| at + SETTLED <= now);
            if fails_unseen && is_unseen {
                row.post.stage = Stage::Failed;
                row.ended_at.get_or_insert(now);
            }
            true
        })
    }

    pub(crate) fn before(&self, work: &Work) -> i64 {
        let rows = self.rows();
        let Some(own) = rows.posts.get(&work.post.id) else {
            return 0;
        };
        let before = rows.posts.values().filter(|row| {
            row.post.connection_id == own.post.connection_id
                && row.post.due_at == own.post.due_at
                && row.sequence < own.sequence
                && (row.post.stage.is_editable() || is_firing(row))
        });
        before.count().try_into().unwrap_or(i64::MAX)
    }

    pub(crate) fn arm(
        &self,
        work: &Work,
        attempt: AttemptId,
        step: &str,
        progress: &[u8],
    ) -> Result<Armed, StoreError> {
        let flaw = self.flaw;
        self.change(|rows, now| {
            if rows.halted && flaw != Some(Flaw::ArmsWhileHalted) {
                return Ok(Armed::Halted);
            }
            let connection = rows.connections.get(&work.post.connection_id);
            let is_gone = !connection.is_some_and(is_active);
            let is_active = !is_gone || flaw == Some(Flaw::ArmsForTheGone);
            let is_open = rows.attempts.iter().any(|arm| {
                arm.post == work.post.id
                    && arm.step == step
                    && matches!(
                        arm.outcome,
                        None | Some(Outcome::Unknown | Outcome::Accepted)
                    )
            });
            let before = rows.before(work.post.id, now);
            let number = 1 + rows.latest_arm(work.post.id).map_or(0, |arm| arm.number);
            let Some(row) = rows.posts.get_mut(&work.post.id) else {
                return Ok(Armed::Gone);
            };
            let is_theirs = row.fence == work.fence
                && row.post.revision == work.post.revision
                && row.lease_until.is_some_and(|until| until > now);
            let is_ready = matches!(row.post.stage, Stage::Prepared | Stage::Confirming)
                && row.post.due_at <= now;
            let may = match flaw {
                Some(Flaw::ArmsTwice) => row.post.stage != Stage::Canceled && is_active,
                Some(Flaw::ArmsEarly) => is_theirs && is_active && !is_open,
                _ => is_theirs && is_ready && is_active && !is_open,
            };
            if before > 0 && flaw != Some(Flaw::TwoAtOnce) {
                return Ok(Armed::Busy { before });
            }
            if !may {
                return Ok(Armed::Gone);
            }
            if flaw == Some(Flaw::ArmsUnrecorded) {
                return Ok(Armed::Done(now));
            }
            let wrongs = [
                (row.post.due_at > now, "armed before its time"),
                (rows.halted, "armed although publishing is halted"),
                (is_gone, "armed for an account that is gone"),
            ];
            let wrongs = wrongs.into_iter().filter(|(is_so, _)| *is_so);
            rows.broken.extend(wrongs.map(|(_, what)| what.to_owned()));
            row.post.stage = Stage::Firing;
            row.post.armed_at = Some(now);
            row.post.updated_at = now;
            row.progress = Some(progress.to_vec());
            rows.attempts.push(Arm {
                id: attempt,
                post: work.post.id,
                number,
                step: step.to_owned(),
                armed_at: now,
                outcome: None,
                evidence: None,
            });
            Ok(Armed::Done(now))
        })
    }

    pub(crate) fn is_armed(&self, attempt: AttemptId) -> bool {
        self.rows().attempts.iter().any(|arm| arm.id == attempt)
    }

    pub(crate) fn settle(&self, work: &Work, outcomes: &Outcomes<'_>) -> Settled {
        let (mut outcome, mut to) = (outcomes.outcome, outcomes.to);
        if self.has(Flaw::UnknownIsAbsent) && outcome == Outcome::Unknown {
            (outcome, to) = (Outcome::Absent, Stage::Prepared);
        }
        let hears_late = !self.has(Flaw::LateAnswersAreDropped);
        self.change(|rows, now| {
            let latest = rows.latest_arm(work.post.id).map(|arm| arm.id);
            let meant = outcomes.attempt.or(latest);
            let arm = rows.attempts.iter_mut().find(|arm| {
                arm.post == work.post.id
                    && Some(arm.id) == meant
                    && matches!(arm.outcome, None | Some(Outcome::Unknown))
            });
            if let Some(arm) = arm {
                arm.outcome = Some(outcome);
                arm.evidence = outcomes.evidence.map(str::to_owned);
            }
            let Some(row) = rows.posts.get_mut(&work.post.id) else {
                return Settled::Gone;
            };
            let is_stored = row.post.stage == to && row.fence == work.fence;
            let in_time = is_stored || row.post.stage == work.post.stage;
            let is_known = match outcome {
                Outcome::Accepted => !matches!(row.post.stage, Stage::Canceled | Stage::Published),
                Outcome::NotSent | Outcome::Rejected => {
                    matches!(row.post.stage, Stage::Confirming | Stage::NeedsAttention)
                }
                Outcome::Absent | Outcome::Unknown => false,
            };
            let is_latest = outcomes.attempt.is_some() && outcomes.attempt == latest;
            let is_news = hears_late && is_known && is_latest;
            if !in_time && !is_news {
                return Settled::Gone;
            }
            row.post.stage = to;
            if let Some(progress) = outcomes.progress {
                row.progress = Some(progress.to_vec());
            }
            row.post.error = outcomes.error.cloned();
            if outcome == Outcome::Accepted {
                let heard_at = heard_at(row, now, outcomes.heard);
                row.post.accepted_at.get_or_insert(heard_at);
            }
            row.tries = match outcome {
                Outcome::NotSent | Outcome::Rejected => row.tries + 1,
                Outcome::Absent | Outcome::Accepted | Outcome::Unknown => 0,
            };
            row.post.updated_at = now;
            let until = if in_time { outcomes.until } else { Some(now) };
            if let Some(until) = until {
                row.post.next_attempt_at = until;
                row.lease_until = None;
                row.crash_count = 0;
            }
            if in_time {
                return Settled::InTime;
            }
            row.fence += 1;
            row.post.candidates = None;
            Settled::Late
        })
    }

    pub(crate) fn settle_live(&self, work: &Work, live: &Live<'_>) -> Result<bool, StoreError> {
        if self.has(Flaw::EvidenceIsDropped) {
            return Ok(true);
        }
        let (id, external_id) = (work.post.id, live.external_id);
        let checks_claims = !self.has(Flaw::ClaimsAreShared);
        self.change(|rows, now| {
            let is_taken = rows.is_claimed(id, external_id);
            let is_latest = rows
                .latest_arm(id)
                .is_some_and(|arm| arm.id == live.attempt);
            let row = rows.posts.get_mut(&id);
            let Some(row) = row.filter(|row| is_latest && is_firing(row)) else {
                return Ok(false);
            };
            if is_taken && checks_claims {
                return Err(conflict("posts_one_claim"));
            }
            let heard_at = heard_at(row, now, live.heard);
            row.post.accepted_at.get_or_insert(heard_at);
            row.publish(external_id, live.external_url, live.standing, now);
            let arm = rows.attempts.iter_mut().find(|arm| arm.id == live.attempt);
            if let Some(arm) = arm {
                arm.outcome = Some(Outcome::Accepted);
                arm.evidence = Some(live.evidence.to_owned());
            }
            Ok(true)
        })
    }

    pub(crate) fn rewind(&self, work: &Work, evidence: &str) -> bool {
        self.change(|rows, now| {
            rows.close_latest(
                work.post.id,
                Outcome::Absent,
                Some(evidence),
                &[None, Some(Outcome::Unknown), Some(Outcome::Accepted)],
            );
            let row = rows.posts.get_mut(&work.post.id);
            let fits =
                |row: &&mut PostRow| row.fence == work.fence && row.post.stage == Stage::Confirming;
            let Some(row) = row.filter(fits) else {
                return false;
            };
            row.post.stage = Stage::Prepared;
            row.post.accepted_at = None;
            row.post.updated_at = now;
            true
        })
    }

    pub(crate) fn go_on(&self, work: &Work, step: &str) {
        self.change(|rows, _| {
            let is_theirs = rows
                .posts
                .get(&work.post.id)
                .is_some_and(|row| row.fence == work.fence && row.post.stage == Stage::Confirming);
            let Some(arm) = rows.latest_arm(work.post.id).filter(|_| is_theirs) else {
                return;
            };
            let is_refused = arm
                .evidence
                .as_deref()
                .is_some_and(|said| said.starts_with("status 4"));
            if arm.outcome == Some(Outcome::Unknown) && (arm.step != step || is_refused) {
                arm.outcome = Some(if arm.step == step {
                    Outcome::Absent
                } else {
                    Outcome::Accepted
                });
            }
        });
    }

    pub(crate) fn published(
        &self,
        id: PostId,
        external_id: Option<&str>,
        external_url: Option<&str>,
        standing: Standing,
    ) -> Result<bool, StoreError> {
        if self.has(Flaw::EvidenceIsDropped) {
            return Ok(true);
        }
        let checks_claims = !self.has(Flaw::ClaimsAreShared);
        self.change(|rows, now| {
            let is_taken = rows.is_claimed(id, external_id);
            let takes_evidence = rows.posts.get(&id).is_some_and(|row| {
                matches!(
                    row.post.stage,
                    Stage::Firing
                        | Stage::Confirming
                        | Stage::NeedsAttention
                        | Stage::Failed
                        | Stage::Missed
                        | Stage::Dismissed
                )
            });
            if is_taken && takes_evidence && checks_claims {
                return Err(conflict("posts_one_claim"));
            }
            rows.close_latest(id, Outcome::Accepted, None, &[None, Some(Outcome::Unknown)]);
            let row = rows.posts.get_mut(&id).filter(|_| takes_evidence);
            let Some(row) = row else { return Ok(false) };
            row.publish(external_id, external_url, standing, now);
            Ok(true)
        })
    }

    pub(crate) fn end(
        &self,
        work: &Work,
        to: Stage,
        error: &PostError,
        candidates: Option<&Value>,
    ) -> bool {
        let told = match (self.flaw, to) {
            (Some(Flaw::DoubtIsFailure), Stage::NeedsAttention) => Stage::Failed,
            (Some(Flaw::DoubtIsSuccess), Stage::NeedsAttention) => Stage::Published,
            _ => to,
        };
        self.change(|rows, now| {
            let outcome = if to == Stage::NeedsAttention {
                Outcome::Unknown
            } else {
                Outcome::Absent
            };
            let row = rows.posts.get_mut(&work.post.id);
            let fits =
                |row: &&mut PostRow| row.fence == work.fence && row.post.stage == work.post.stage;
            let Some(row) = row.filter(fits) else {
                return false;
            };
            for arm in rows.attempts.iter_mut().filter(|arm| {
                arm.post == work.post.id && matches!(arm.outcome, None | Some(Outcome::Unknown))
            }) {
                arm.outcome = Some(outcome);
            }
            row.post.stage = told;
            row.ended_at.get_or_insert(now);
            row.post.error = Some(error.clone());
            row.post.candidates = candidates.cloned();
            row.post.updated_at = now;
            row.lease_until = None;
            row.crash_count = 0;
            if to == Stage::NeedsAttention {
                row.post.next_attempt_at = now + ONCE_MORE;
            }
            if to != Stage::NeedsAttention || work.post.stage != Stage::Confirming {
                row.progress = None;
            }
            true
        })
    }

    pub(crate) fn claimed(&self, work: &Work) -> Vec<String> {
        if self.has(Flaw::ClaimsAreShared) {
            return Vec::new();
        }
        let now = self.now();
        let rows = self.rows();
        rows.posts
            .values()
            .filter(|row| {
                row.post.connection_id == work.post.connection_id
                    && row.post.id != work.post.id
                    && row
                        .post
                        .published_at
                        .is_some_and(|at| at > now - Duration::days(3))
            })
            .filter_map(|row| row.post.external_id.clone())
            .collect()
    }

    pub(crate) fn note(&self, post: PostId, steps: &[(OffsetDateTime, Step)]) {
        let mut rows = self.rows();
        let log = rows.log.entry(post).or_default();
        log.extend_from_slice(steps);
    }

    /// `store::sweep::unsettled`.
    pub fn unsettled(&self) -> Vec<PostId> {
        self.change(|rows, now| {
            let unknown: Vec<_> = rows
                .posts
                .values()
                .filter(|row| rows.is_unsettled(row) && row.post.next_attempt_at <= now)
                .filter(|row| row.post.armed_at.is_some_and(|at| at > now - Duration::DAY))
                .map(|row| row.post.id)
                .collect();
            let unsettled = rows.posts.values_mut();
            let unsettled = unsettled.filter(|row| unknown.contains(&row.post.id));
            unsettled
                .map(|row| {
                    row.post.stage = Stage::Confirming;
                    row.post.next_attempt_at = now;
                    row.post.updated_at = now;
                    row.post.id
                })
                .collect()
        })
    }

    /// `store::sweep::overdue`.
    pub fn overdue(&self, limit: i64, turn: Duration) -> Vec<Overdue> {
        self.change(|rows, now| {
            let mut late: Vec<_> = rows
                .posts
                .values_mut()
                .filter(|row| {
                    !row.post.stage.is_final()
                        && row.post.next_attempt_at < now - Duration::seconds(30)
                        && row.lease_until.is_none_or(|until| until < now)
                })
                .collect();
            late.sort_by_key(|row| row.post.next_attempt_at);
            let mut places: BTreeMap<UserId, usize> = BTreeMap::new();
            // Stable: where the places are the same, time decides.
            late.sort_by_cached_key(|row| {
                let place = places.entry(row.post.user_id).or_default();
                *place += 1;
                *place
            });
            late.truncate(limit.try_into().unwrap_or(usize::MAX));
            let turns = (1_i32..).zip(late);
            turns
                .map(|(place, row)| {
                    row.post.next_attempt_at = now + turn * place;
                    Overdue {
                        id: row.post.id,
                        user_id: row.post.user_id,
                        at: row.post.next_attempt_at,
                    }
                })
                .collect()
        })
    }

    /// `store::media::add`.
    pub fn add_file(&self, user: UserId, media: Media) {
        self.rows().files.insert(media.id, (user, media));
    }

    pub(crate) fn file(&self, user: UserId, id: MediaId) -> Option<Media> {
        let rows = self.rows();
        let (owner, media) = rows.files.get(&id)?;
        (*owner == user).then(|| media.clone())
    }

    pub(crate) fn keep_file(&self, user: UserId, id: MediaId, stored: &Stored) {
        let mut rows = self.rows();
        if let Some((owner, media)) = rows.files.get_mut(&id)
            && *owner == user
        {
            media.stored = Some(stored.clone());
        }
    }
}

fn is_firing(row: &PostRow) -> bool {
    row.post.stage == Stage::Firing
}

/// When the network said so; never before the post was armed.
fn heard_at(row: &PostRow, now: OffsetDateTime, heard: Instant) -> OffsetDateTime {
    let at = now - heard.elapsed();
    row.post.armed_at.map_or(at, |armed_at| armed_at.max(at))
}

impl PostRow {
    fn publish(
        &mut self,
        external_id: Option<&str>,
        external_url: Option<&str>,
        standing: Standing,
        now: OffsetDateTime,
    ) {
        let post = &mut self.post;
        post.stage = Stage::Published;
        if let Some(external_id) = external_id {
            post.external_id = Some(external_id.to_owned());
        }
        if let Some(external_url) = external_url {
            post.external_url = Some(external_url.to_owned());
        }
        post.standing = Some(standing);
        post.published_at = Some(now);
        post.accepted_at.get_or_insert(now);
        post.error = None;
        post.candidates = None;
        post.updated_at = now;
        self.ended_at.get_or_insert(now);
        self.progress = None;
        self.lease_until = None;
        self.crash_count = 0;
        self.tries = 0;
    }
}

impl Rows {
    /// Whether another post of the account has that id at the network.
    fn is_claimed(&self, post: PostId, external_id: Option<&str>) -> bool {
        let own = self.posts.get(&post).map(|row| row.post.connection_id);
        external_id.is_some()
            && self.posts.values().any(|row| {
                row.post.id != post
                    && Some(row.post.connection_id) == own
                    && row.post.external_id.as_deref() == external_id
            })
    }

    /// Whether nobody can tell of a post, and there is something to look for it with.
    pub(crate) fn is_unsettled(&self, row: &PostRow) -> bool {
        let arms = self.attempts.iter().filter(|arm| arm.post == row.post.id);
        let latest = arms.max_by_key(|arm| arm.number);
        row.post.stage == Stage::NeedsAttention
            && row.progress.is_some()
            && latest.is_some_and(|arm| arm.outcome == Some(Outcome::Unknown))
    }

    /// How many posts of its account stand before a post.
    fn before(&self, id: PostId, now: OffsetDateTime) -> i64 {
        let Some(own) = self.posts.get(&id) else {
            return 0;
        };
        let of_account = self
            .posts
            .values()
            .filter(|row| row.post.connection_id == own.post.connection_id && row.post.id != id);
        let before = of_account.filter(|row| {
            let other = &row.post;
            let is_first = other.stage == Stage::Prepared
                && (other.due_at, row.sequence) < (own.post.due_at, own.sequence)
                && other.due_at > now - Duration::MINUTE
                && other.next_attempt_at <= now;
            is_firing(row) || is_first
        });
        before.count().try_into().unwrap_or(i64::MAX)
    }

    /// Notes what became of a post's latest arm, where it is one of `from`; evidence only where it is given.
    fn close_latest(
        &mut self,
        post: PostId,
        outcome: Outcome,
        evidence: Option<&str>,
        from: &[Option<Outcome>],
    ) {
        if let Some(arm) = self
            .latest_arm(post)
            .filter(|arm| from.contains(&arm.outcome))
        {
            arm.outcome = Some(outcome);
            if let Some(evidence) = evidence {
                arm.evidence = Some(evidence.to_owned());
            }
        }
    }
}

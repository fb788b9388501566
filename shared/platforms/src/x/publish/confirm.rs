//! What becomes of a part whose answer was lost, and how a thread that breaks off is told.

use time::OffsetDateTime;

use super::{Held, Publish, commit};
use crate::{
    Account, Answer, Candidate, Content, Fault, FaultKind, PublishContext, Verdict, next_look,
    x::{fault, parts::Parts, timeline, wire::Timeline},
};

/// So often a post is looked for that X refused as the twin of another. X has not taken it; the
/// looks are for the case that it took it twice and told us of the second.
const TWIN_LOOKS: usize = 3;

/// A look at the timeline; see [`Publish::Look`].
pub(super) struct Look {
    pub(super) armed_at: OffsetDateTime,
    pub(super) number: usize,
    pub(super) ask_at: OffsetDateTime,
    pub(super) twin: bool,
}

/// Begins to look for the part that was sent last.
pub(super) fn begin(cx: &PublishContext<'_>, held: Held, twin: bool) -> Publish {
    let armed_at = cx.armed();
    Publish::Look {
        armed_at,
        number: 0,
        ask_at: next_look(armed_at, 0).unwrap_or(cx.now),
        twin,
        held,
    }
}

/// What a look came to.
pub(super) fn looked(
    cx: &PublishContext<'_>,
    look: &Look,
    held: Held,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let verdict = if answer.is_success() {
        let timeline: Timeline = answer.parse("timeline")?;
        timeline::judge(&timeline, cx, look.armed_at, &held.live)
    } else {
        match fault::read(answer, cx.now) {
            // A look that is refused says nothing of the post.
            Fault {
                kind: FaultKind::Content,
                ..
            } => Verdict::Absent,
            fault => return Err(fault),
        }
    };
    match verdict {
        Verdict::Absent => {
            let number = look.number + 1;
            let then =
                next_look(look.armed_at, number).filter(|_| !look.twin || number < TWIN_LOOKS);
            match then {
                Some(then) => Ok(Publish::Look {
                    armed_at: look.armed_at,
                    number,
                    ask_at: then.max(look.ask_at),
                    twin: look.twin,
                    held,
                }),
                None if look.twin => Err(fault::duplicate()),
                None => Err(Fault::unconfirmed(Vec::new())),
            }
        }
        Verdict::Found(post) => Ok(commit::is_live(cx, held, post.id)),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
    }
}

/// What ends a thread of which a part is live: it did not fail, for people see it; it is not published,
/// for people see only the start of it. What is live is shown to the author, who decides.
pub(super) fn honest(cx: &PublishContext<'_>, fault: Fault, live: &[String]) -> Fault {
    if live.is_empty() {
        return fault;
    }
    let thread = Broken {
        content: cx.content,
        account: cx.account,
        live,
    };
    match fault.kind {
        FaultKind::Content => {
            thread.stopped(&format!("was refused: {}", fault.message), fault.evidence)
        }
        FaultKind::Unconfirmed { .. } => thread.in_doubt(fault),
        FaultKind::Operator
        | FaultKind::Quota { .. }
        | FaultKind::Reconnect
        | FaultKind::Retry { .. }
        | FaultKind::Unauthorized => fault,
    }
}

/// A thread that breaks off after some parts of it are live.
pub(super) struct Broken<'a> {
    pub(super) content: &'a Content,
    pub(super) account: &'a Account,
    pub(super) live: &'a [String],
}

impl Broken<'_> {
    /// After the part that `why` tells of, which is not live.
    pub(super) fn stopped(&self, why: &str, evidence: Option<String>) -> Fault {
        Fault {
            kind: FaultKind::Unconfirmed {
                candidates: self.shown().collect(),
            },
            code: "thread_incomplete".to_owned(),
            message: format!(
                "{}; part {} {why} Take the live parts down, or post the rest by hand; then resolve the post.",
                self.are_live(),
                self.next()
            ),
            evidence,
        }
    }

    /// After a part of which nobody knows.
    pub(super) fn in_doubt(&self, fault: Fault) -> Fault {
        let found = if let FaultKind::Unconfirmed { candidates } = fault.kind {
            candidates
        } else {
            Vec::new()
        };
        Fault {
            kind: FaultKind::Unconfirmed {
                candidates: self.shown().chain(found).collect(),
            },
            message: format!(
                "{}. Part {} was sent, but X's answer was lost and X cannot tell what became of it; nothing was sent after it. Look at the account, then resolve the post.",
                self.are_live(),
                self.next()
            ),
            code: fault.code,
            evidence: fault.evidence,
        }
    }

    fn shown(&self) -> impl Iterator<Item = Candidate> {
        self.live.iter().map(|id| Candidate {
            external_id: id.clone(),
            url: Some(timeline::permalink(id, self.account.username.as_deref())),
        })
    }

    fn next(&self) -> usize {
        self.live.len() + 1
    }

    fn are_live(&self) -> String {
        let count = Parts::of(self.content).count();
        match self.live.len() {
            1 => format!("1 of {count} parts of the thread is live"),
            live => format!("{live} of {count} parts of the thread are live"),
        }
    }
}

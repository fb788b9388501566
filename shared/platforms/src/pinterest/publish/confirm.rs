//! A Pin whose answer was lost: looked for on its board, look after look.

use time::OffsetDateTime;

use super::{
    super::{
        fault,
        wire::{Listing, Pin},
    },
    Publish, board_pins, options_of,
};
use crate::{Answer, Candidate, Fault, FaultKind, PublishContext, next_look};

/// So many parts of a board are read for one look.
const MAX_PAGES: u32 = 20;

/// A look on its way through the board.
pub(super) struct Look {
    pub(super) armed_at: OffsetDateTime,
    pub(super) number: usize,
    pub(super) ask_at: OffsetDateTime,
    pub(super) page: u32,
    pub(super) bookmark: Option<String>,
    pub(super) found: Vec<String>,
}

pub(super) fn begin(cx: &PublishContext<'_>) -> Publish {
    let armed_at = cx.armed();
    Publish::Look {
        armed_at,
        number: 0,
        ask_at: next_look(armed_at, 0).unwrap_or(cx.now),
        page: 0,
        bookmark: None,
        found: Vec::new(),
    }
}

pub(super) fn looked(
    cx: &PublishContext<'_>,
    mut look: Look,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if !answer.is_success() {
        return match fault::read(answer, cx.now, cx.app) {
            // A look that is refused says nothing of the Pin, and half a look says no more.
            Fault {
                kind: FaultKind::Content,
                ..
            } => look_again(&look),
            fault => Err(fault),
        };
    }
    let listing: Listing<Pin> = answer.parse("pins")?;
    for id in board_pins::fitting(&listing, &options_of(cx), look.armed_at, cx) {
        if !look.found.contains(&id) {
            look.found.push(id);
        }
    }
    let following = listing
        .following(look.bookmark.as_deref())
        .filter(|_| !board_pins::is_older(&listing, look.armed_at));
    if let Some(bookmark) = following {
        if look.page + 1 < MAX_PAGES {
            return Ok(Publish::Look {
                armed_at: look.armed_at,
                number: look.number,
                ask_at: look.ask_at,
                page: look.page + 1,
                bookmark: Some(bookmark),
                found: look.found,
            });
        }
        // Without having seen all that could be ours, one that fits is not known to be the only one.
        return Err(Fault::unconfirmed(candidates(&look.found)));
    }
    match look.found.as_slice() {
        [] => look_again(&look),
        [id] => Ok(Publish::Published { id: id.clone() }),
        several => Err(Fault::unconfirmed(candidates(several))),
    }
}

fn look_again(look: &Look) -> Result<Publish, Fault> {
    next_look(look.armed_at, look.number + 1)
        .map(|then| Publish::Look {
            armed_at: look.armed_at,
            number: look.number + 1,
            ask_at: then.max(look.ask_at),
            page: 0,
            bookmark: None,
            found: Vec::new(),
        })
        .ok_or_else(|| Fault::unconfirmed(Vec::new()))
}

fn candidates(ids: &[String]) -> Vec<Candidate> {
    ids.iter()
        .map(|id| Candidate {
            external_id: id.clone(),
            url: Some(board_pins::permalink(id)),
        })
        .collect()
}

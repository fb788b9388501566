//! Comments under posts: written and read, at both networks alike but for the names of their fields.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Asked, Page, Said, asked::names, of_instagram, page, time_text};
use crate::{LivePost, World};

/// The longest comment at Facebook and at Instagram, in characters.
const LONGEST: [usize; 2] = [8_000, 2_200];
const FACEBOOK_FIELDS: [&str; 4] = ["created_time", "from", "id", "message"];
const INSTAGRAM_FIELDS: [&str; 5] = ["from", "id", "text", "timestamp", "username"];

/// A comment under a live post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The network's id of the post.
    pub post: String,
    /// What it says.
    pub text: String,
    /// The network's id of who wrote it.
    pub author: String,
    id: String,
    author_name: String,
    at: OffsetDateTime,
}

impl Comment {
    /// A comment by somebody who is not ours.
    pub(super) fn by_a_stranger(post: &str, text: &str, number: usize) -> Self {
        Self {
            post: post.to_owned(),
            text: text.to_owned(),
            author: "91000000000000001".to_owned(),
            id: format!("9200000000000{number:04}"),
            author_name: "sample_stranger".to_owned(),
            at: OffsetDateTime::UNIX_EPOCH,
        }
    }
}

/// The post that is asked about, with the Page before it, if the token may see it.
fn post(asked: &Asked) -> Result<(LivePost, &'static Page), Said> {
    let invisible = || Said::invisible(asked.id());
    let ledger = asked.world.ledger();
    let is_meant = |post: &&LivePost| {
        let is_metas = matches!(post.network.as_str(), "facebook" | "instagram");
        is_metas && (post.post_id == asked.id() || post.details["video"] == asked.id())
    };
    let post = ledger.posts().iter().find(is_meant).ok_or_else(invisible)?;
    let page = if post.network == "facebook" {
        page(&post.account_id)
    } else {
        of_instagram(&post.account_id)
    };
    let is_the_accounts =
        asked.is_of_instagram_login() && asked.grant.accounts.contains(&post.account_id);
    let own = page.filter(|page| is_the_accounts || asked.page() == Some(page.id));
    Ok((post.clone(), own.ok_or_else(invisible)?))
}

pub(in crate::networks) async fn write(asked: Asked) -> Result<Said, Said> {
    asked.only(&["fields", "message"])?;
    let (post, page) = post(&asked)?;
    let is_facebook = post.network == "facebook";
    asked.needs(if is_facebook {
        &["pages_manage_engagement"]
    } else {
        &["instagram_manage_comments"]
    })?;
    let text = asked.field("message");
    let longest = LONGEST[usize::from(!is_facebook)];
    if text.trim().is_empty() || text.chars().count() > longest {
        return Err(Said::invalid("Param message must be a text"));
    }
    let id = asked.world.number().to_string();
    let comment = Comment {
        post: post.post_id.clone(),
        text: text.to_owned(),
        author: post.account_id.clone(),
        id: match post.post_id.rsplit_once('_') {
            Some((_, number)) => format!("{number}_{id}"),
            None => id,
        },
        author_name: name(page, is_facebook).to_owned(),
        at: asked.world.now(),
    };
    let said = json!({ "id": comment.id });
    asked.world.states().meta().keep_comment(comment);
    Ok(Said::good(said))
}

pub(in crate::networks) async fn list(asked: Asked) -> Result<Said, Said> {
    asked.only(&["after", "fields", "limit"])?;
    let (post, _) = post(&asked)?;
    let is_facebook = post.network == "facebook";
    let (scope, fields): (_, &[&str]) = if is_facebook {
        ("pages_read_engagement", &FACEBOOK_FIELDS)
    } else {
        ("instagram_manage_comments", &INSTAGRAM_FIELDS)
    };
    asked.needs(&[scope])?;
    let wanted = names(asked.field("fields"));
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !name.is_empty() && !fields.contains(&name.as_str()))
    {
        return Err(Said::invalid(&format!(
            "Tried accessing nonexisting field ({unknown})"
        )));
    }
    let comments: Vec<Value> = under(&asked.world, &post.post_id)
        .iter()
        .map(|comment| shown(comment, is_facebook))
        .collect();
    asked.listed(&comments, 25).map(Said::good)
}

fn under(world: &World, post: &str) -> Vec<Comment> {
    let mut comments = world.states().meta().comments().to_vec();
    comments.retain(|comment| comment.post == post);
    comments
}

fn name(page: &Page, is_facebook: bool) -> &'static str {
    let account = page.instagram.as_ref().filter(|_| !is_facebook);
    account.map_or(page.name, |account| account.username)
}

fn shown(comment: &Comment, is_facebook: bool) -> Value {
    let (name, at) = (&comment.author_name, time_text(comment.at));
    if is_facebook {
        json!({
            "id": comment.id, "message": comment.text, "created_time": at,
            "from": { "id": comment.author, "name": name },
        })
    } else {
        // Instagram names authors by ids that are good for messages only.
        json!({
            "id": comment.id, "text": comment.text, "timestamp": at, "username": name,
            "from": { "id": format!("7{}", comment.author), "username": name },
        })
    }
}

//! What other apps publish for an account: no call of ours made it, and lists show it beside what ours made.

use serde_json::Value;

use super::{linkedin, pinterest, x, youtube};
use crate::{LivePost, World};

/// Publishes a post like another one, with these words, where no network takes it for a twin. Its files
/// are the same, and go by names of their own.
pub(crate) fn publish(world: &World, like: &LivePost, text: &str) -> LivePost {
    let number = world.number();
    let post_id = match like.network.as_str() {
        "facebook" => format!("{}_{number}", like.account_id),
        "linkedin" => linkedin::copy(world, &like.post_id, number, text),
        "pinterest" => pinterest::copy(world, &like.post_id, number, text),
        "x" => x::copy(world, &like.post_id, number, text),
        "youtube" => youtube::copy(world, &like.post_id, number, text),
        _ => number.to_string(),
    };
    let mut details = like.details.clone();
    for files in ["photos", "video"] {
        if let Some(files) = details.get_mut(files) {
            rename(files, number);
        }
    }
    let post = LivePost {
        url: like.url.replace(&like.post_id, &post_id),
        post_id,
        text: text.to_owned(),
        created_at: world.now(),
        details,
        ..like.clone()
    };
    world.publish(post.clone());
    post
}

/// Gives files that are named, at any depth, names that nobody else knows.
pub(super) fn rename(files: &mut Value, number: u64) {
    match files {
        Value::String(name) => *name = format!("{name}{number}"),
        Value::Array(several) => several.iter_mut().for_each(|file| rename(file, number)),
        Value::Object(file) => {
            for (field, value) in file {
                if field == "id" || value.is_array() || value.is_object() {
                    rename(value, number);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

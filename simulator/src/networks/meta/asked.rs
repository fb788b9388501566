//! What a request to the Graph API says: who asks, for what, with which fields and files.

use std::{collections::BTreeMap, ops::RangeInclusive};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts as _, Query, RawPathParams, Request},
};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, header};
use serde_json::Value;
use sha2::Sha256;

use super::{Said, Usage, VERSIONS, usage};
use crate::{Grant, World, networks::instagram_login, oauth::Token};

/// A request without a token, as those for tokens are.
pub(super) struct Plain {
    pub(super) world: World,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) bearer: Option<String>,
    path: BTreeMap<String, String>,
    files: BTreeMap<String, (String, Bytes)>,
}

/// A request with a living token.
pub(in crate::networks) struct Asked {
    /// Everything.
    pub(in crate::networks) world: World,
    /// What came in the query and the body.
    pub(in crate::networks) fields: BTreeMap<String, String>,
    /// What the token came from.
    pub(in crate::networks) grant: Grant,
    /// The Page that the token acts for; the person's own tokens act for none.
    page: Option<String>,
    path: BTreeMap<String, String>,
    files: BTreeMap<String, (String, Bytes)>,
}

impl FromRequest<World> for Plain {
    type Rejection = Said;

    async fn from_request(request: Request, world: &World) -> Result<Self, Said> {
        let (mut parts, body) = request.into_parts();
        let unreadable = || Said::invalid("The request could not be read.");
        let path: BTreeMap<String, String> = RawPathParams::from_request_parts(&mut parts, world)
            .await
            .map_err(|_| unreadable())?
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let version = path.get("version").map(String::as_str).unwrap_or_default();
        if !VERSIONS.contains(&version) {
            return Err(Said::refused(
                2635,
                0,
                &format!("You are calling a deprecated version of the API: {version}."),
            ));
        }
        let Query(query) = Query::<BTreeMap<String, String>>::from_request_parts(&mut parts, world)
            .await
            .map_err(|_| unreadable())?;
        let request = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(request, world)
            .await
            .map_err(|_| unreadable())?;
        let (more, files) = read(&parts.headers, body).await.ok_or_else(unreadable)?;
        let mut fields = query;
        fields.extend(more);
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| {
                let own = value.strip_prefix("OAuth ");
                own.or_else(|| value.strip_prefix("Bearer "))
            })
            .map(str::to_owned)
            .or_else(|| fields.remove("access_token"));
        Ok(Self {
            world: world.clone(),
            fields,
            path,
            files,
            bearer,
        })
    }
}

impl FromRequest<World> for Asked {
    type Rejection = Said;

    async fn from_request(request: Request, world: &World) -> Result<Self, Said> {
        let path = request.uri().path();
        let host = path.split('/').nth(1).unwrap_or_default().to_owned();
        let plain = Plain::from_request(request, world).await?;
        let Some(text) = plain.bearer else {
            return Err(Said::refused(
                2500,
                0,
                "An active access token must be used to query information about the current user.",
            ));
        };
        let token = living_at(world, &host, &text)?;
        let mut fields = plain.fields;
        check_proof(world, &token, &text, fields.remove("appsecret_proof"))?;
        let usage = world.states().meta().usage();
        if let Some(usage) = usage.filter(|usage| usage.percent >= 100) {
            return Err(throttled(&token, usage));
        }
        Ok(Self {
            world: world.clone(),
            fields,
            grant: token.grant,
            page: (token.kind == "page").then_some(token.account),
            path: plain.path,
            files: plain.files,
        })
    }
}

/// The token of that text, if it was given to an app of Facebook and nothing has ended it.
pub(in crate::networks) fn living(world: &World, text: &str) -> Result<Token, Said> {
    living_at(world, "graph.facebook.com", text)
}

/// The token of that text, if `host` takes it and nothing has ended it.
pub(in crate::networks) fn living_at(world: &World, host: &str, text: &str) -> Result<Token, Said> {
    let is_of_login = |token: &Token| token.grant.network == instagram_login::NETWORK;
    let is_taken = |token: &Token| {
        if host == instagram_login::HOST {
            is_of_login(token)
        } else {
            matches!(token.grant.network.as_str(), "facebook" | "instagram")
        }
    };
    let token = world.oauth().token(text).cloned();
    let Some(token) = token.filter(is_taken) else {
        return Err(Said::refused(190, 0, "Invalid OAuth access token."));
    };
    let ended = |subcode, message| Err(Said::refused(190, subcode, message));
    let is_withdrawn = if is_of_login(&token) {
        let state = world.states().instagram_login();
        state.has_removed(token.issued_at)
    } else {
        let state = world.states().facebook();
        state.has_withdrawn(token.grant.id)
    };
    if is_withdrawn {
        return ended(458, "The user has not authorized application.");
    }
    let (network, issued_at) = (&token.grant.network, token.issued_at);
    if world.states().meta().was_reset(network, issued_at) {
        return ended(
            460,
            "The session has been invalidated because the user changed their password.",
        );
    }
    if token.dead {
        return ended(
            467,
            "The access token is invalid since the user has logged out.",
        );
    }
    if token.ends_at.is_some_and(|end| world.now() >= end) {
        return ended(463, "Session has expired.");
    }
    Ok(token)
}

fn check_proof(
    world: &World,
    token: &Token,
    text: &str,
    proof: Option<String>,
) -> Result<(), Said> {
    let refused = |message| Err(Said::invalid(message).typed("GraphMethodException"));
    let Some(proof) = proof else {
        return if world.states().meta().needs_proof() {
            refused("API calls from the server require an appsecret_proof argument")
        } else {
            Ok(())
        };
    };
    let app = world
        .oauth()
        .app(&token.grant.network, &token.grant.client_id);
    let right = app.map(|app| proof_of(&app.client_secret, text));
    if right == Some(proof) {
        Ok(())
    } else {
        refused("Invalid appsecret_proof provided in the API argument")
    }
}

fn throttled(token: &Token, usage: Usage) -> Said {
    let network = token.grant.network.as_str();
    let code = if usage::is_instagrams(network) {
        80_002
    } else {
        80_001
    };
    Said::refused(code, 0, "There have been too many calls to this account.").with_usage(
        network,
        usage::object(token),
        usage,
    )
}

impl Asked {
    /// The id in the path.
    pub(in crate::networks) fn id(&self) -> &str {
        self.path.get("id").map(String::as_str).unwrap_or_default()
    }

    /// The version in the path.
    pub(in crate::networks) fn version(&self) -> &str {
        let version = self.path.get("version").map(String::as_str);
        version.unwrap_or_default()
    }

    /// A field; empty when it is absent.
    pub(in crate::networks) fn field(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// A field that is true or false; `usual` when it is absent.
    pub(in crate::networks) fn is_true(&self, name: &str, usual: bool) -> Result<bool, Said> {
        match self.field(name) {
            "" => Ok(usual),
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Said::invalid(&format!("Param {name} must be a boolean"))),
        }
    }

    /// A file that came along, with its type.
    pub(in crate::networks) fn file(&self, name: &str) -> Option<&(String, Bytes)> {
        self.files.get(name)
    }

    /// The Page that the token acts for.
    pub(in crate::networks) fn page(&self) -> Option<&str> {
        self.page.as_deref()
    }

    /// Refuses fields that the edge does not know, so that a misspelt one is not lost silently.
    pub(in crate::networks) fn only(&self, known: &[&str]) -> Result<(), Said> {
        let unknown = self
            .fields
            .keys()
            .find(|name| !known.contains(&name.split('[').next().unwrap_or_default()));
        unknown.map_or(Ok(()), |name| {
            Err(Said::invalid(&format!("Unknown parameter '{name}'")))
        })
    }

    /// Whether the account logged in at Instagram itself, which knows of no Page.
    pub(in crate::networks) fn is_of_instagram_login(&self) -> bool {
        self.grant.network == instagram_login::NETWORK
    }

    /// Refuses where a permission was not granted; `scopes` as they are named at Facebook.
    pub(in crate::networks) fn needs(&self, scopes: &[&str]) -> Result<(), Said> {
        if self.is_of_instagram_login() {
            return self.needs_at_instagram(scopes);
        }
        let declined = self.world.states().facebook().declined();
        let declines_all = !declined.is_empty() && self.world.states().meta().grants_none_but_all();
        let missing = scopes.iter().find(|scope| {
            declines_all
                || declined.iter().any(|name| name == *scope)
                || !(self.grant.scopes.iter().any(|given| given == *scope)
                    || self.world.states().meta().allows(scope))
        });
        missing.map_or(Ok(()), |scope| {
            Err(Said::refused(
                10,
                0,
                &format!("This endpoint requires the '{scope}' permission."),
            ))
        })
    }

    /// As [`Asked::needs`], by the names that Instagram's own login has for the same permissions.
    fn needs_at_instagram(&self, scopes: &[&str]) -> Result<(), Said> {
        let named: Vec<String> = scopes
            .iter()
            .filter_map(|scope| scope.strip_prefix("instagram_"))
            .map(|name| {
                format!(
                    "instagram_business_{}",
                    name.trim_start_matches("business_")
                )
            })
            .collect();
        let state = self.world.states().instagram_login();
        let is_missing =
            |scope: &String| !self.grant.scopes.contains(scope) || state.has_declined(scope);
        if named.iter().any(is_missing) {
            return Err(Said::refused(
                10,
                0,
                "Application does not have permission for this action",
            ));
        }
        Ok(())
    }

    /// The times between which items are asked for, in seconds since 1970.
    pub(in crate::networks) fn window(&self) -> Result<RangeInclusive<i64>, Said> {
        let one = |name: &str, usual: i64| match self.field(name) {
            "" => Ok(usual),
            text => text
                .parse()
                .map_err(|_| Said::invalid(&format!("Param {name} must be a time"))),
        };
        Ok(one("since", i64::MIN)?..=one("until", i64::MAX)?)
    }

    /// Of `object` what the field `fields` asks for, and the id always.
    pub(in crate::networks) fn chosen(&self, object: &Value) -> Value {
        let wanted = names(self.field("fields"));
        let Value::Object(object) = object else {
            return object.clone();
        };
        let kept = object
            .iter()
            .filter(|(name, _)| *name == "id" || wanted.iter().any(|wanted| wanted == *name));
        Value::Object(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// Asks for so few at once as a test wants to be shown.
    pub(super) fn shorten(&mut self) {
        let most = self.world.states().facebook().most_pages();
        if let Some(most) = most {
            self.fields.insert("limit".to_owned(), most.to_string());
        }
    }

    /// A page of `items`, newest first, as `limit` and `after` ask for it.
    pub(in crate::networks) fn listed(&self, items: &[Value], usual: usize) -> Result<Value, Said> {
        let limit: usize = match self.field("limit") {
            "" => usual,
            text => text
                .parse()
                .ok()
                .filter(|limit| (1..=100).contains(limit))
                .ok_or_else(|| Said::invalid("Param limit must be 1 to 100"))?,
        };
        let start = match self.field("after") {
            "" => 0,
            cursor => {
                let found = items.iter().position(|item| item["id"] == cursor);
                found.ok_or_else(|| Said::invalid("Invalid cursor"))? + 1
            }
        };
        let shown: Vec<Value> = items
            .iter()
            .skip(start)
            .take(limit)
            .map(|item| self.chosen(item))
            .collect();
        let mut said = serde_json::json!({ "data": shown });
        if let (Some(first), Some(last)) = (shown.first(), shown.last()) {
            said["paging"]["cursors"] =
                serde_json::json!({ "before": first["id"], "after": last["id"] });
            if start + limit < items.len() {
                said["paging"]["next"] = "https://graph.facebook.com/next-page".into();
            }
        }
        Ok(said)
    }
}

/// The names of a `fields` expression, without what stands in braces behind them.
pub(super) fn names(fields: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_u32;
    for letter in fields.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            letter if depth == 0 => names
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|name| name.push(letter)),
            _ => {}
        }
    }
    names
}

fn proof_of(secret: &str, token: &str) -> String {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(token).finalize().into_bytes()))
        .unwrap_or_default()
}

/// The fields of a body, and its files with their types.
type Read = (BTreeMap<String, String>, BTreeMap<String, (String, Bytes)>);

/// The fields and files of a body: a form, JSON or multipart.
pub(in crate::networks) async fn read(headers: &HeaderMap, body: Bytes) -> Option<Read> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut files = BTreeMap::new();
    let fields = if body.is_empty() {
        BTreeMap::new()
    } else if kind.starts_with("application/json") {
        let object: BTreeMap<String, Value> = serde_json::from_slice(&body).ok()?;
        let text = |value: Value| match value {
            Value::String(text) => text,
            other @ (Value::Array(_)
            | Value::Bool(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_)) => other.to_string(),
        };
        object
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect()
    } else if let Ok(boundary) = multer::parse_boundary(kind) {
        let stream = futures_util::stream::once(std::future::ready(Ok::<_, std::io::Error>(body)));
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut fields = BTreeMap::new();
        while let Some(part) = parts.next_field().await.ok()? {
            let name = part.name()?.to_owned();
            let is_file = part.file_name().is_some();
            let kind = part
                .content_type()
                .map(ToString::to_string)
                .unwrap_or_default();
            if is_file {
                files.insert(name, (kind, part.bytes().await.ok()?));
            } else {
                fields.insert(name, part.text().await.ok()?);
            }
        }
        fields
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        url::form_urlencoded::parse(&body).into_owned().collect()
    } else {
        return None;
    };
    Some((fields, files))
}

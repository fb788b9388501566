//! From the callback to a grant: the member, and the Pages that the member may post for; refresh and revoke.

mod pages;

use serde_json::json;
use time::{Duration, OffsetDateTime};

use self::pages::{Page, Search};
use super::{
    fault,
    profile::{
        AS_MEMBER, AS_PAGE, BASIC_PROFILE, IDENTITY, MEMBER_URN, NAME, PAGE_KIND, PAGE_URN, PAGES,
        api, oauth,
    },
    wire::{BasicProfile, TokenAnswer, UserInfo},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// A token may be called revoked in its first seconds (reported, 2025): so often it is tried again.
const MAX_TRIES: u8 = 4;
const PAUSE: Duration = Duration::seconds(2);

/// Turns a code into tokens, and asks whose they are and what they may post for.
#[derive(Debug)]
pub struct Connect(Step);

#[derive(Debug)]
enum Step {
    /// Whose the tokens are is to be asked.
    AskWho {
        tokens: Box<Tokens>,
        /// How often it was asked in vain.
        tries: u8,
        /// Not before.
        ask_at: Option<OffsetDateTime>,
    },
    /// Everything is known.
    Connected(Box<Grant>),
    /// The code is to be exchanged.
    Exchange(Callback),
    /// The Pages are to be looked for.
    FindPages {
        tokens: Box<Tokens>,
        member: Member,
        search: Search,
    },
}

/// Who consented.
#[derive(Debug, Clone)]
struct Member {
    id: String,
    name: Option<String>,
    username: Option<String>,
    picture: Option<String>,
}

/// Starts to turn a callback into a grant.
pub const fn connect(callback: Callback) -> Connect {
    Connect(Step::Exchange(callback))
}

/// Renews the tokens; `None` where LinkedIn gave no refresh token, as to most apps.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.clone();
    let token = old.refresh.clone()?;
    let call = token_call("refresh_tokens", app, "/oauth/v2/accessToken").form(
        [
            ("grant_type", FormValue::from("refresh_token")),
            ("refresh_token", FormValue::from(&token)),
        ]
        .into_iter()
        .chain(client(app)),
    );
    Some(OneCall::new(call, move |answer, cx| {
        Ok(read_tokens(answer, cx.now)?.renewing(&old))
    }))
}

/// Withdraws our access.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    let call = token_call("revoke_access", app, "/oauth/v2/revoke").form(
        [("token", FormValue::from(&credentials.tokens.access))]
            .into_iter()
            .chain(client(app)),
    );
    Some(OneCall::new(call, |answer, cx| {
        if answer.is_success() || fault::is_dead_token(answer) {
            Ok(())
        } else {
            Err(fault::read_token(answer, cx.now))
        }
    }))
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match &self.0 {
            Step::AskWho {
                ask_at: Some(then), ..
            } if cx.now < *then => Action::WaitUntil(*then),
            Step::AskWho { tokens, .. } => Action::Send(ask_who(tokens, cx.app)),
            Step::Connected(grant) => Action::Done((**grant).clone()),
            Step::Exchange(callback) => Action::Send(exchange(callback, cx.app)),
            Step::FindPages {
                tokens,
                member,
                search,
            } => search.next(cx.app, &tokens.access).map_or_else(
                || Action::Done(grant(member, &search.pages, tokens)),
                Action::Send,
            ),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let answer = match (self.0, event) {
            (
                Step::FindPages {
                    tokens,
                    member,
                    search,
                },
                Event::Lost,
            ) => return found(tokens, member, search.lost()),
            (step, Event::Lost) => return Ok(Self(step)),
            (step, Event::Answer(answer)) => (step, answer),
        };
        match answer {
            (Step::AskWho { tokens, tries, .. }, answer)
                if fault::is_called_revoked(&answer) && tries + 1 < MAX_TRIES =>
            {
                Ok(Self(Step::AskWho {
                    tokens,
                    tries: tries + 1,
                    ask_at: Some(cx.now + PAUSE),
                }))
            }
            (Step::AskWho { tokens, .. }, answer) => {
                if !answer.is_success() {
                    return Err(fault::read(&answer, cx.now));
                }
                let member = member(&answer, &tokens)?;
                if may_find_pages(&tokens) {
                    return found(tokens, member, Search::default());
                }
                let grant = grant(&member, &[], &tokens);
                Ok(Self(Step::Connected(Box::new(grant))))
            }
            (step @ Step::Connected(_), _) => Ok(Self(step)),
            (Step::Exchange(_), answer) => {
                let tokens = with_what_it_takes(read_tokens(&answer, cx.now)?)?;
                Ok(Self(Step::AskWho {
                    tokens: Box::new(tokens),
                    tries: 0,
                    ask_at: None,
                }))
            }
            (
                Step::FindPages {
                    tokens,
                    member,
                    search,
                },
                answer,
            ) => found(tokens, member, search.after(&answer, cx)?),
        }
    }
}

/// The step with what was found, as long as there is anything to connect in the end.
fn found(tokens: Box<Tokens>, member: Member, search: Search) -> Result<Connect, Fault> {
    if search.has_listed_all() && search.pages.is_empty() && !has(&tokens, AS_MEMBER) {
        return Err(Fault::content(
            "no_account",
            "There is no Page that you may post for; ask its administrator for a role, then connect again.",
        ));
    }
    Ok(Connect(Step::FindPages {
        tokens,
        member,
        search,
    }))
}

fn exchange(callback: &Callback, app: &App) -> Call {
    token_call("exchange_code", app, "/oauth/v2/accessToken").form(
        [
            ("grant_type", FormValue::from("authorization_code")),
            ("code", FormValue::from(&callback.code)),
            ("redirect_uri", FormValue::from(app.redirect_uri.as_str())),
        ]
        .into_iter()
        .chain(client(app)),
    )
}

/// Apps for Pages have a scope and an address of their own for it.
fn ask_who(tokens: &Tokens, app: &App) -> Call {
    let path = if is_identified(tokens) {
        "/v2/userinfo"
    } else {
        "/v2/me"
    };
    Call::get("read_account", api(app, path)).auth(Auth::BearerOf(tokens.access.clone()))
}

fn member(answer: &Answer, tokens: &Tokens) -> Result<Member, Fault> {
    if is_identified(tokens) {
        let user: UserInfo = answer.parse("userinfo")?;
        return Ok(Member {
            id: user.sub,
            name: user.name.or(user.given_name),
            username: None,
            picture: user.picture,
        });
    }
    let me: BasicProfile = answer.parse("me")?;
    let names = [me.localized_first_name, me.localized_last_name];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(Member {
        id: me.id,
        name: Some(name).filter(|name| !name.is_empty()),
        username: me.vanity_name,
        picture: None,
    })
}

fn token_call(name: &'static str, app: &App, path: &str) -> Call {
    Call::post(name, oauth(app, path))
}

/// LinkedIn takes the client's credentials in the body only.
fn client(app: &App) -> [(&'static str, FormValue); 2] {
    [
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", FormValue::from(&app.client_secret)),
    ]
}

fn read_tokens(answer: &Answer, now: OffsetDateTime) -> Result<Tokens, Fault> {
    if !answer.is_success() {
        return Err(fault::read_token(answer, now));
    }
    let given: TokenAnswer = answer.parse("accessToken")?;
    Ok(Tokens {
        access: given.access_token,
        access_expires_at: Some(now + Duration::seconds(given.expires_in)),
        refresh: given.refresh_token,
        refresh_expires_at: given
            .refresh_token_expires_in
            .map(|seconds| now + Duration::seconds(seconds)),
        // Documented with commas, seen with spaces, too.
        scopes: given
            .scope
            .split([',', ' '])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

fn has(tokens: &Tokens, scope: &str) -> bool {
    tokens.scopes.iter().any(|given| given == scope)
}

fn is_identified(tokens: &Tokens) -> bool {
    has(tokens, IDENTITY) && has(tokens, NAME)
}

fn may_find_pages(tokens: &Tokens) -> bool {
    has(tokens, AS_PAGE) && PAGES.iter().any(|scope| has(tokens, scope))
}

/// The tokens, if it can be known whose they are and if there is anybody to post as.
fn with_what_it_takes(tokens: Tokens) -> Result<Tokens, Fault> {
    let mut missing = Vec::new();
    if !is_identified(&tokens) && !has(&tokens, BASIC_PROFILE) {
        missing.extend([IDENTITY, NAME].into_iter().filter(|it| !has(&tokens, it)));
    }
    if !has(&tokens, AS_MEMBER) && !may_find_pages(&tokens) {
        missing.push(AS_MEMBER);
    }
    if missing.is_empty() {
        return Ok(tokens);
    }
    Err(Fault::reconnect(
        "scope_missing",
        format!(
            "LinkedIn did not allow everything that posting needs ({}); connect again and allow it.",
            missing.join(", ")
        ),
    ))
}

/// The member and the Pages, whose posts all go out with the member's tokens.
fn grant(member: &Member, pages: &[Page], tokens: &Tokens) -> Grant {
    let own = has(tokens, AS_MEMBER).then(|| GrantedAccount {
        display_name: member
            .name
            .clone()
            .unwrap_or_else(|| "LinkedIn member".to_owned()),
        // Whole, since Pages post under URNs of another kind.
        external_id: format!("{MEMBER_URN}{}", member.id),
        username: member.username.clone(),
        avatar_url: member.picture.clone(),
        facts: json!({}),
        tokens: tokens.clone(),
    });
    let pages = pages.iter().map(|page| GrantedAccount {
        display_name: page.name.clone().unwrap_or_else(|| {
            let id = page.urn.strip_prefix(PAGE_URN).unwrap_or_default();
            format!("LinkedIn Page {id}")
        }),
        external_id: page.urn.clone(),
        username: page.username.clone(),
        avatar_url: None,
        facts: json!({ "kind": PAGE_KIND, "roles": page.roles }),
        tokens: tokens.clone(),
    });
    Grant {
        subject: member.id.clone(),
        accounts: own.into_iter().chain(pages).collect(),
    }
}

//! The list of networks, and what each must bring.
//!
//! A network's folder brings, by these names: `PROFILE`; `connect(Callback) -> Connect`, a machine
//! that ends in a [`Grant`]; `refresh(&Credentials, &App)` and `revoke(&Credentials, &App)`, each
//! one call or `None` where the network has none; `check(&Draft)`, the rules beyond the profile's;
//! `start(&Content) -> Publish`, a machine that ends in a [`Receipt`] and can be stored;
//! `receive(&Incoming)`, its webhooks.

use domain::{CaptionRule, MediaRules, Platform, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Account, Action, App, AppContext, Callback, Content, Credentials, Draft, Event, Fault, Grant,
    Incoming, Machine, OneCall, Profile, PublishContext, Receipt, Received, Tokens, WebhookError,
    Withdrawal, facebook, instagram, linkedin, meta, pinterest, tiktok, x, youtube,
};

macro_rules! networks {
    ($($network:ident => $folder:ident,)*) => {
        /// What a network is like.
        pub const fn profile(platform: Platform) -> &'static Profile {
            match platform {
                $(Platform::$network => &$folder::PROFILE,)*
            }
        }

        /// Starts to turn a callback into a grant.
        pub fn connect(platform: Platform, callback: Callback) -> Connect {
            match platform {
                $(Platform::$network => Connect::$network($folder::connect(callback)),)*
            }
        }

        /// Renews a connection's tokens; `None` where the network has no refresh, or the
        /// connection nothing to refresh with.
        pub fn refresh(platform: Platform, credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
            match platform {
                $(Platform::$network => $folder::refresh(credentials, app),)*
            }
        }

        /// Withdraws our access at the network; `None` where the network has no such call.
        pub fn revoke(platform: Platform, credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
            match platform {
                $(Platform::$network => $folder::revoke(credentials, app),)*
            }
        }

        /// Starts to publish.
        pub fn start(platform: Platform, content: &Content) -> Publish {
            match platform {
                $(Platform::$network => Publish::$network($folder::start(content)),)*
            }
        }

        /// Reads a request to our webhook address.
        ///
        /// # Errors
        /// [`WebhookError`] when it is not genuine news or a genuine handshake.
        pub fn receive(platform: Platform, incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
            match platform {
                $(Platform::$network => $folder::receive(incoming),)*
            }
        }

        fn own_rules(platform: Platform, draft: &Draft<'_>) -> Vec<Violation> {
            match platform {
                $(Platform::$network => $folder::check(draft),)*
            }
        }

        /// A conversation that turns a callback into a grant.
        #[derive(Debug)]
        pub enum Connect {
            $(#[doc = concat!("At ", stringify!($network), ".")] $network($folder::Connect),)*
        }

        impl Machine for Connect {
            type Context<'a> = AppContext<'a>;
            type Output = Grant;

            fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
                match self {
                    $(Self::$network(machine) => machine.next(cx),)*
                }
            }

            fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
                match self {
                    $(Self::$network(machine) => machine.apply(event, cx).map(Self::$network),)*
                }
            }
        }

        /// A conversation that publishes one post. It is stored between any two calls, so its
        /// shape may only grow.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "network", content = "state", rename_all = "lowercase")]
        pub enum Publish {
            $(#[doc = concat!("At ", stringify!($network), ".")] $network($folder::Publish),)*
        }

        impl Publish {
            /// The network's own id of what is being published, where webhooks name it before
            /// the post has an id.
            pub fn handle(&self) -> Option<String> {
                match self {
                    $(Self::$network(machine) => machine.handle(),)*
                }
            }
        }

        impl Machine for Publish {
            type Context<'a> = PublishContext<'a>;
            type Output = Receipt;

            fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
                match self {
                    $(Self::$network(machine) => machine.next(cx),)*
                }
            }

            fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
                match self {
                    $(Self::$network(machine) => machine.apply(event, cx).map(Self::$network),)*
                }
            }
        }
    };
}

networks! {
    Facebook => facebook,
    Instagram => instagram,
    Linkedin => linkedin,
    Pinterest => pinterest,
    Tiktok => tiktok,
    X => x,
    Youtube => youtube,
}

impl Publish {
    /// What of a published post is otherwise than its author ordered it, in sentences for the author.
    pub fn remarks(&self) -> &[String] {
        match self {
            Self::Youtube(machine) => machine.remarks(),
            Self::Facebook(_)
            | Self::Instagram(_)
            | Self::Linkedin(_)
            | Self::Pinterest(_)
            | Self::Tiktok(_)
            | Self::X(_) => &[],
        }
    }

    /// What is told of a post that nobody works on any more. `unknown` is what to say where nothing else is known;
    /// `why` is, in a sentence, what kept the next call from being made; `None` where it may have been made.
    pub fn given_up(
        &self,
        content: &Content,
        account: &Account,
        unknown: Fault,
        why: Option<&str>,
    ) -> Fault {
        match self {
            Self::X(machine) => machine.given_up(content, account, unknown, why),
            Self::Facebook(_)
            | Self::Instagram(_)
            | Self::Linkedin(_)
            | Self::Pinterest(_)
            | Self::Tiktok(_)
            | Self::Youtube(_) => unknown,
        }
    }

    /// Whether what becomes of its commit, which is next, can be asked of the very thing that the commit makes visible, and
    /// need not be looked for among other posts.
    pub const fn tells_its_outcome(&self) -> bool {
        match self {
            Self::Facebook(machine) => machine.tells_its_outcome(),
            Self::Instagram(machine) => matches!(machine, instagram::Publish::Publish { .. }),
            Self::Tiktok(machine) => matches!(machine, tiktok::Publish::Upload { .. }),
            Self::Youtube(machine) => matches!(machine, youtube::Publish::Upload { .. }),
            Self::Linkedin(_) | Self::Pinterest(_) | Self::X(_) => false,
        }
    }

    /// Whether people see a part of it while others are still to come: it may go on or stop, but it can
    /// neither fail nor be taken back.
    pub fn is_partly_live(&self) -> bool {
        match self {
            Self::X(machine) => !machine.live().is_empty(),
            Self::Facebook(_)
            | Self::Instagram(_)
            | Self::Linkedin(_)
            | Self::Pinterest(_)
            | Self::Tiktok(_)
            | Self::Youtube(_) => false,
        }
    }
}

/// What media a post with these options may carry, where one network has several kinds of posts.
pub fn media_rules(platform: Platform, options: &Value) -> MediaRules {
    match platform {
        Platform::Instagram => instagram::media_rules(options),
        Platform::Linkedin => linkedin::media_rules(options),
        Platform::Pinterest => pinterest::media_rules(options),
        Platform::X => x::media_rules(options),
        Platform::Youtube => youtube::media_rules(options),
        Platform::Facebook | Platform::Tiktok => profile(platform).media,
    }
}

/// How long the caption of a draft may be, where that depends on what else it holds.
pub fn caption_rule(platform: Platform, draft: &Draft<'_>) -> CaptionRule {
    match platform {
        Platform::Tiktok => tiktok::caption_rule(draft),
        Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::Pinterest
        | Platform::X
        | Platform::Youtube => profile(platform).caption,
    }
}

/// Prolongs what renews a connection's access tokens; `None` where it lives as long as it is used, has no end,
/// or is renewed together with them.
pub fn prolong(
    platform: Platform,
    credentials: &Credentials,
    app: &App,
) -> Option<OneCall<Tokens>> {
    match platform {
        Platform::Facebook => facebook::prolong(credentials, app),
        Platform::Instagram => instagram::prolong(credentials, app),
        Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X
        | Platform::Youtube => None,
    }
}

/// Reads a signed request about what a person granted; only Meta makes such.
///
/// # Errors
/// [`WebhookError`] when it is not genuine.
pub fn withdrawal(platform: Platform, incoming: &Incoming<'_>) -> Result<Withdrawal, WebhookError> {
    match platform {
        Platform::Facebook | Platform::Instagram => meta::withdrawal(incoming),
        Platform::Linkedin
        | Platform::Pinterest
        | Platform::Tiktok
        | Platform::X
        | Platform::Youtube => Err(WebhookError::Unsupported),
    }
}

/// Every rule of the network that a draft breaks: the caption's length, the kind and number of
/// files, and the network's own options. What stands inside the files is for `media` to judge.
pub fn check(platform: Platform, draft: &Draft<'_>) -> Vec<Violation> {
    let media = media_rules(platform, draft.options);
    let caption = caption_rule(platform, draft);
    let mut broken = crate::profile::broken_by(profile(platform), caption, &media, draft);
    broken.extend(own_rules(platform, draft));
    broken
}

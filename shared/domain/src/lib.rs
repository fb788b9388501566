//! What a post, a connection and a network are, and how they may change. No I/O.
//!
//! Everything here is parsed once, at the edge, into types that cannot hold a wrong value;
//! lifecycles are enums that own their transitions.

mod caption;
mod connection;
mod counted;
mod event;
mod ids;
mod limits;
mod media;
mod platform;
mod post;
mod stage;
mod standing;
mod violation;

pub use caption::{Caption, CaptionError};
pub use connection::{ConnectionHealth, UnknownHealth};
pub use counted::Counted;
pub use event::{EVENT_TYPES, Event};
pub use ids::{
    AttemptId, ConnectionId, DataKeyId, DeliveryId, ErrandId, EventId, GrantId, IdError, LookId,
    MediaId, OauthAttemptId, PostId, SessionId, UserId, WebhookEndpointId, WebhookSecretId,
};
pub use limits::{
    AudioCodec, CaptionRule, Container, DocumentFormat, DocumentRules, ImageFormat, ImageRules,
    MediaRules, Unit, VideoCodec, VideoRules,
};
pub use media::{MediaFacts, MediaKind, UnknownMediaKind};
pub use platform::{Platform, UnknownPlatform};
pub use post::{Post, PostError, PostMedia};
pub use stage::{Impossible, Move, Stage, Status, UnknownStage};
pub use standing::{Standing, UnknownStanding};
pub use violation::Violation;

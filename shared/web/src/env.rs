//! What every handler has at hand.

use std::sync::Arc;

use settings::HttpSettings;
use store::Pool;

use crate::Clock;

/// What every handler has at hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WebEnv {
    /// The truth.
    pub pool: Pool,
    /// The settings.
    pub settings: Arc<HttpSettings>,
    /// The time.
    pub clock: Clock,
}

/// An environment of a function, which has all that every handler has.
pub trait HasWeb: Clone + Send + Sync + 'static {
    /// That part of it.
    fn web(&self) -> &WebEnv;
}

impl HasWeb for WebEnv {
    fn web(&self) -> &WebEnv {
        self
    }
}

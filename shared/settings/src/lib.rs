//! Every setting, read once from the environment, before the first request.
//!
//! One struct per concern, each with `from_vars`. A [`Reader`] collects everything that is missing
//! or wrong, so that a start that fails says all of it at once. Production never falls back to a
//! stand-in: what has a default here is right for production, or only used in development.

mod apps;
mod doorbell;
mod http;
mod reader;
mod stage;
mod storage;

pub use apps::{Apps, Networks};
pub use doorbell::{AwsDoorbell, DoorbellSettings, TimerSettings};
pub use http::{ConsentSettings, HttpSettings, SecretKey};
pub use reader::{Problem, Reader, SettingsError, Vars};
pub use stage::Stage;
pub use storage::{
    DatabaseSettings, FolderSettings, ObjectPlace, ObjectSettings, Pooler, VaultSettings,
    WrappingKey,
};

//! One module a network: its routes under `/HOST/…`, and what it keeps.

use std::sync::{Mutex, MutexGuard};

use axum::Router;

use crate::{World, world::lock};

pub mod instagram_login;
pub mod meta;

pub(crate) mod other_apps;

pub(crate) use meta::annotate;

macro_rules! networks {
    ($($module:ident,)*) => {
        $(pub mod $module;)*

        /// The networks' names, as in our URLs.
        pub const NAMES: &[&str] = &[$(stringify!($module)),*];

        /// What each network keeps.
        #[derive(Default)]
        pub struct States {
            instagram_login: Mutex<instagram_login::State>,
            meta: Mutex<meta::State>,
            $($module: Mutex<$module::State>,)*
        }

        impl States {
            /// Lets every network forget everything.
            pub(crate) fn forget(&self) {
                *self.instagram_login() = instagram_login::State::default();
                *self.meta() = meta::State::default();
                $(*self.$module() = $module::State::default();)*
            }

            /// What Instagram's own login keeps.
            pub fn instagram_login(&self) -> MutexGuard<'_, instagram_login::State> {
                lock(&self.instagram_login)
            }

            /// What Facebook and Instagram keep together.
            pub fn meta(&self) -> MutexGuard<'_, meta::State> {
                lock(&self.meta)
            }

            $(
                #[doc = concat!("What ", stringify!($module), " keeps.")]
                pub fn $module(&self) -> MutexGuard<'_, $module::State> {
                    lock(&self.$module)
                }
            )*
        }

        pub(crate) fn routes() -> Router<World> {
            Router::new()
                .merge(instagram_login::routes())
                .merge(meta::routes())$(.merge($module::routes()))*
        }
    };
}

networks! {
    facebook,
    instagram,
    linkedin,
    pinterest,
    tiktok,
    x,
    youtube,
}

//! Hashing passwords: Argon2id with 19 MiB, 2 passes, 1 lane, on the blocking pool.

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use aws_lc_rs::rand::SystemRandom;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use web::Problem;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What an unknown account's password is held against, so that it takes as long as a known one's.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash_now(b"nobody's password").ok());

/// Hashes a new password.
pub(crate) async fn hash(password: SecretString) -> Result<String, Problem> {
    blocking(move || hash_now(password.expose_secret().as_bytes())).await?
}

/// Whether a password is that of the hash; with no hash it takes as long and is not.
pub(crate) async fn verify(password: SecretString, hash: Option<String>) -> Result<bool, Problem> {
    blocking(move || {
        let known = hash.is_some();
        // Made before it is known who needs it, or the first unknown account would take longer.
        let nobodys = LazyLock::force(&NOBODYS).clone();
        let hash = hash.or(nobodys).unwrap_or_default();
        let matches = PasswordHash::new(&hash).is_ok_and(|hash| {
            argon()
                .verify_password(password.expose_secret().as_bytes(), &hash)
                .is_ok()
        });
        known && matches
    })
    .await
}

fn hash_now(password: &[u8]) -> Result<String, Problem> {
    let mut salt = [0; 16];
    aws_lc_rs::rand::SecureRandom::fill(&SystemRandom::new(), &mut salt)
        .map_err(|_| no_chance())?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| no_chance())?;
    argon()
        .hash_password(password, &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| no_chance())
}

fn argon() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal(&error))
}

fn no_chance() -> Problem {
    tracing::error!("a password could not be hashed");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something failed on our side; try again in a moment.",
    )
}

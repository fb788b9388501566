//! A user to try things with.

use serde_json::{Value, json};

use crate::Failure;

/// The seeded user's address.
pub const EMAIL: &str = "demo@example.com";

/// Signs the seeded user up at a running Picscripter, or in when they are there already; gives
/// address, password and a token.
///
/// # Errors
/// When nothing runs there, or the user has another password.
pub async fn seed(base: &str, password: &str) -> Result<(String, String), Failure> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let credentials = json!({"email": EMAIL, "password": password});
    let post = |path: &str| {
        client
            .post(format!("{base}{path}"))
            .json(&credentials)
            .send()
    };
    let mut answer = post("/api/auth/signup")
        .await
        .map_err(|_| format!("nothing runs at {base}; start it with `cargo dev`"))?;
    if answer.status() == http::StatusCode::CONFLICT {
        answer = post("/api/auth/login").await?;
    }
    let status = answer.status();
    let body: Value = answer.json().await?;
    match body["token"].as_str() {
        Some(token) => Ok((EMAIL.to_owned(), token.to_owned())),
        None => Err(format!(
            "the user could not be signed in ({status}): {}",
            body["detail"]
        )
        .into()),
    }
}

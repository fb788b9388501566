//! Against a server that speaks as Secrets Manager does.

use std::{error::Error, fmt::Write as _};

use aws_sdk_secretsmanager::primitives::Blob;

use super::*;
use crate::testing::{StandIn, config};

/// Part of everything that is kept; it must not turn up in what is said.
const CANARY: &str = "canary-secret";

#[tokio::test]
async fn several_secrets_are_read_as_one_and_what_the_process_has_comes_first() {
    let account = Account::new().await;
    let keys = account
        .keeps(
            "keys",
            r#"{"JWT_SECRET": "jwt of the secret", "STATE_KEY": "state of the secret"}"#,
        )
        .await;
    let apps = account
        .keeps("apps", r#"{"X_CLIENT_SECRET": "x of the secret"}"#)
        .await;
    let own = [
        ("SECRETS", format!(" {keys},{apps} ,")),
        ("JWT_SECRET", "jwt of the process".to_owned()),
        ("STATE_KEY", String::new()),
        ("PUBLIC_URL", "https://api.example".to_owned()),
    ];
    let vars = whole(vars_of(&own), &account.config).await.unwrap();
    for (name, value) in [
        ("JWT_SECRET", "jwt of the process"),
        ("PUBLIC_URL", "https://api.example"),
        ("STATE_KEY", "state of the secret"),
        ("X_CLIENT_SECRET", "x of the secret"),
    ] {
        assert_eq!(vars.find(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn without_secrets_nothing_is_asked() {
    let nowhere = config("http://127.0.0.1:9").await;
    for own in [&[][..], &[("SECRETS", String::new())]] {
        let own = [own, &[("PUBLIC_URL", "https://api.example".to_owned())]].concat();
        let vars = whole(vars_of(&own), &nowhere).await.unwrap();
        assert_eq!(vars.find("PUBLIC_URL"), Some("https://api.example"));
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_stops_the_start_and_is_named() {
    let account = Account::new().await;
    let kept = account
        .keeps("kept", &format!(r#"{{"JWT_SECRET": "{CANARY}"}}"#))
        .await;
    let missing = kept.replace("kept", "missing");
    for names in [missing.clone(), format!("{kept},{missing}")] {
        let refused = whole(vars_of(&[("SECRETS", names)]), &account.config).await;
        let error = refused.expect_err("a refusal");
        assert!(matches!(error, SecretsError::Read { .. }), "{error:?}");
        let said = said(&error);
        assert!(said.contains(&missing), "{said}");
        assert!(!said.contains(CANARY), "{said}");
    }
}

#[tokio::test]
async fn a_secret_that_is_no_object_of_texts_stops_the_start_and_is_named_and_not_quoted() {
    let account = Account::new().await;
    let good = account
        .keeps("good", &format!(r#"{{"STATE_KEY": "{CANARY}"}}"#))
        .await;
    let mut bad = Vec::new();
    for (number, text) in [
        CANARY.to_owned(),
        format!(r#""{CANARY}""#),
        format!(r#"["{CANARY}"]"#),
        format!(r#"{{"JWT_SECRET": ["{CANARY}"]}}"#),
        format!(r#"{{"JWT_SECRET": {{"{CANARY}": "{CANARY}"}}}}"#),
        format!(r#"{{"{CANARY}": 7}}"#),
        format!(r#"{{"JWT_SECRET": "{CANARY}""#),
        format!(r#"{{"JWT_SECRET": "{CANARY}"}} {CANARY}"#),
    ]
    .iter()
    .enumerate()
    {
        bad.push(account.keeps(&format!("bad-{number}"), text).await);
    }
    let bytes = Blob::new(format!(r#"{{"JWT_SECRET": "{CANARY}"}}"#));
    let made = account
        .client
        .create_secret()
        .name("bytes")
        .secret_binary(bytes)
        .send();
    bad.push(made.await.unwrap().arn.expect("an ARN"));
    for arn in bad {
        let names = format!("{good},{arn}");
        let refused = whole(vars_of(&[("SECRETS", names)]), &account.config).await;
        let error = refused.expect_err("a refusal");
        assert!(
            matches!(&error, SecretsError::Shape(name) if *name == arn),
            "{error:?}"
        );
        let said = said(&error);
        assert!(said.contains(&arn), "{said}");
        assert!(!said.contains(CANARY), "{said}");
    }
}

#[tokio::test]
async fn while_secrets_manager_is_away_nothing_starts() {
    let account = Account::new().await;
    let kept = account.keeps("kept", r#"{"JWT_SECRET": "a"}"#).await;
    let Account { config, server, .. } = account;
    drop(server);
    let own = [("SECRETS", kept.clone()), ("JWT_SECRET", "own".to_owned())];
    let refused = whole(vars_of(&own), &config).await;
    let error = refused.expect_err("a refusal");
    assert!(said(&error).contains(&kept), "{error:?}");
}

/// An account with a Secrets Manager.
struct Account {
    client: Client,
    config: SdkConfig,
    server: StandIn,
}

impl Account {
    async fn new() -> Self {
        let server = StandIn::moto().await;
        let config = server.config().await;
        Self {
            client: Client::new(&config),
            config,
            server,
        }
    }

    /// Keeps a text; gives the ARN of the secret.
    async fn keeps(&self, name: &str, text: &str) -> String {
        let made = self.client.create_secret().name(name).secret_string(text);
        made.send().await.unwrap().arn.expect("an ARN")
    }
}

fn vars_of(pairs: &[(&str, String)]) -> Vars {
    let owned = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
    Vars::from_pairs(pairs.iter().map(owned))
}

/// All that a log could hold of an error.
fn said(error: &SecretsError) -> String {
    let mut said = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(deeper) = cause {
        write!(said, ": {deeper}").unwrap();
        cause = deeper.source();
    }
    said
}

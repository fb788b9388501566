//! Variables that are kept as secrets.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use futures_util::future::try_join_all;
use settings::Vars;

/// Why the secrets could not be read; the function must not start.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager did not give it.
    #[error("the secret {name} could not be read")]
    Read {
        /// As in `SECRETS`.
        name: String,
        /// What Secrets Manager said.
        #[source]
        source: Box<aws_sdk_secretsmanager::Error>,
    },
    /// It is not one JSON object of texts.
    #[error("the secret {0} is not a JSON object whose values are texts")]
    Shape(String),
}

/// The variables of this process, with those that are kept in Secrets Manager.
///
/// `SECRETS` names the secrets by ARN, separated by commas; each holds one JSON object of variables.
/// What the process itself has comes first. Without `SECRETS` nothing is asked.
///
/// # Errors
/// [`SecretsError`]; no value is ever part of it.
pub async fn vars() -> Result<Vars, SecretsError> {
    let process = Vars::process();
    if process.find("SECRETS").is_none() {
        return Ok(process);
    }
    whole(process, &crate::config()).await
}

/// As [`vars`], for a function that reaches AWS afterwards as well: the configuration is made once, because
/// reading the roots of trust is most of a start.
///
/// # Errors
/// As [`vars`].
pub async fn start() -> Result<(Vars, SdkConfig), SecretsError> {
    let config = crate::config();
    Ok((whole(Vars::process(), &config).await?, config))
}

async fn whole(process: Vars, config: &SdkConfig) -> Result<Vars, SecretsError> {
    let Some(names) = process.find("SECRETS") else {
        return Ok(process);
    };
    let kept = kept(config, names).await?;
    Ok(process.or(&kept))
}

async fn kept(config: &SdkConfig, names: &str) -> Result<Vars, SecretsError> {
    let client = &Client::new(config);
    let names = names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let read = try_join_all(names.map(|name| read(client, name))).await?;
    Ok(Vars::from_pairs(read.into_iter().flatten()))
}

async fn read(client: &Client, name: &str) -> Result<BTreeMap<String, String>, SecretsError> {
    let answer = client.get_secret_value().secret_id(name).send().await;
    let secret = answer.map_err(|error| SecretsError::Read {
        name: name.to_owned(),
        source: Box::new(error.into()),
    })?;
    // The error of a parser may quote what it read.
    serde_json::from_str(secret.secret_string().unwrap_or_default())
        .map_err(|_| SecretsError::Shape(name.to_owned()))
}

#[cfg(test)]
mod tests;

//! The description of the whole API, generated from the code.

use std::{fs, path::Path};

use utoipa::{
    OpenApi,
    openapi::{
        Info, Server,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::Failure;

/// The description, as it is committed to `docs/openapi.json`.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn document() -> Result<String, Failure> {
    let mut api = auth::Api::openapi();
    api.merge(connections::Api::openapi());
    api.merge(posts::Api::openapi());
    api.merge(webhooks::Api::openapi());
    api.merge(ops::Api::openapi());
    api.info = Info::new("Picscripter", env!("CARGO_PKG_VERSION"));
    api.info.description = Some(
        "Connect social accounts, publish and schedule posts, follow them to the end.".to_owned(),
    );
    api.servers = Some(vec![Server::new("/")]);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    api.components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let mut text = api.to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// Writes the description to `path`, or with `check` fails when what stands there differs.
///
/// # Errors
/// When it differs, or cannot be read or written.
pub fn write(path: &Path, check: bool) -> Result<(), Failure> {
    let fresh = document()?;
    if !check {
        return Ok(fs::write(path, fresh)?);
    }
    if fs::read_to_string(path)? == fresh {
        return Ok(());
    }
    Err("docs/openapi.json is not what the code says: run `cargo xtask openapi` and commit the result".into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document: Value = serde_json::from_str(&document().unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths
            .values()
            .flat_map(|path| path.as_object().unwrap().values());
        let names: Vec<&str> = operations
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        let different: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert!(names.len() > 20);
    }
}

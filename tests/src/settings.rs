//! The settings of a house: those of a developer's machine, with secrets that say so.

use std::path::Path;

use ::settings::Vars;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Platform;

/// Where the networks believe our files to be.
pub const MEDIA_ORIGIN: &str = "https://media.picscripter.localhost";

/// What every secret of ours begins with; it must turn up nowhere.
pub const CANARY: &str = "canary-secret";

/// The settings of a house whose networks are at an address and whose files are in a folder; what it has of its
/// own comes first.
pub fn vars(networks: &str, files: &Path, own: &[(&str, &str)]) -> Vars {
    let mut pairs = vec![
        ("APP_ENV".to_owned(), "development".to_owned()),
        (
            "PUBLIC_URL".to_owned(),
            "http://api.picscripter.localhost".to_owned(),
        ),
        ("NETWORKS_BASE_URL".to_owned(), networks.to_owned()),
        ("MEDIA_LOCAL_ORIGINS".to_owned(), networks.to_owned()),
        (
            "MEDIA_PUBLIC_URL".to_owned(),
            format!("{MEDIA_ORIGIN}/objects/"),
        ),
        ("MEDIA_DIR".to_owned(), files.to_string_lossy().into_owned()),
        ("RATE_LIMIT_PER_MINUTE".to_owned(), "1000000".to_owned()),
    ];
    for (name, byte) in [
        ("JWT_SECRET", 1),
        ("STATE_KEY", 2),
        ("TOKEN_KEY", 3),
        ("MEDIA_KEY", 4),
    ] {
        pairs.push((name.to_owned(), STANDARD.encode([byte; 32])));
    }
    let logins = Platform::ALL
        .into_iter()
        .flat_map(|platform| platforms::profile(platform).logins);
    for login in logins {
        let prefix = login.variables;
        let name = prefix.to_lowercase();
        pairs.push((format!("{prefix}_CLIENT_ID"), format!("client-{name}")));
        for field in ["CLIENT_SECRET", "WEBHOOK_SECRET", "WEBHOOK_VERIFY_TOKEN"] {
            pairs.push((
                format!("{prefix}_{field}"),
                format!("{CANARY}-{field}-{name}").to_lowercase(),
            ));
        }
    }
    let own = own
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Vars::from_pairs(own).or(&Vars::from_pairs(pairs))
}

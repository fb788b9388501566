//! What the functions are told, and with them the publisher and the simulated networks.

use std::{fs::File, io::Read};

/// Names and values.
pub(super) type Variables = Vec<(String, String)>;

/// Where things are, for this machine and for containers alike.
pub(super) struct Addresses {
    /// The functions under `sam local`.
    pub(super) app: String,
    /// The simulated networks.
    pub(super) networks: String,
    /// The stand-in for AWS.
    pub(super) cloud: String,
}

/// The variables of all, with keys made for this run; `.env` changes none of them.
pub(super) fn of_all(addresses: &Addresses, networks: &[String]) -> Result<Variables, String> {
    let Addresses {
        app,
        networks: simulator,
        cloud,
    } = addresses;
    let mut variables: Variables = [
        ("APP_ENV", "development"),
        // Credentials of a real account stay out of it.
        ("AWS_ACCESS_KEY_ID", "stand-in"),
        ("AWS_ENDPOINT_URL", cloud),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "stand-in"),
        ("DATABASE_POOLER", "session"),
        ("DOORBELL", "postgres"),
        ("MEDIA_LOCAL_ORIGINS", simulator),
        ("NETWORKS", "simulated"),
        ("NETWORKS_BASE_URL", simulator),
        ("PUBLIC_URL", app),
        ("RATE_LIMIT_PER_MINUTE", "600"),
        ("RUST_LOG", "info"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for name in ["JWT_SECRET", "STATE_KEY", "TOKEN_KEY", "MEDIA_KEY"] {
        variables.push((name.to_owned(), key()?));
    }
    for network in networks {
        let capitals = network.to_uppercase();
        let redirect = format!("{app}/api/callback/{network}");
        variables.push((format!("{capitals}_CLIENT_ID"), format!("dev-{network}")));
        variables.push((format!("{capitals}_CLIENT_SECRET"), key()?));
        variables.push((format!("{capitals}_REDIRECT_URI"), redirect));
    }
    Ok(variables)
}

/// The networks that `.env.example` has registrations of.
pub(super) fn networks(example: &str) -> Vec<String> {
    let names = example.lines();
    names
        .filter_map(|line| line.strip_suffix("_CLIENT_ID="))
        .map(str::to_lowercase)
        .collect()
}

/// The address of a database on this machine as it is reached elsewhere, and its port.
pub(super) fn moved(database_url: &str, host: &str) -> Option<(String, u16)> {
    let (before, after) = database_url.split_once("@127.0.0.1:")?;
    let port = after.split('/').next()?.parse().ok()?;
    Some((format!("{before}@{host}:{after}"), port))
}

/// 32 random bytes in hexadecimal digits.
fn key() -> Result<String, String> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|error| format!("the machine gave no random bytes: {error}"))?;
    Ok(bytes.map(|byte| format!("{byte:02x}")).concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_found_elsewhere_under_the_same_port() {
        let url = "postgres://postgres:secret@127.0.0.1:5499/picscripter";
        let elsewhere = "postgres://postgres:secret@172.17.0.1:5499/picscripter";
        assert_eq!(moved(url, "172.17.0.1"), Some((elsewhere.to_owned(), 5499)));
    }

    #[test]
    fn every_network_of_the_example_is_registered() {
        let example = "# Networks\nA=\n#X_CLIENT_ID=no\nX_CLIENT_ID=\nTIKTOK_CLIENT_ID=\n";
        assert_eq!(networks(example), ["x", "tiktok"]);
    }
}

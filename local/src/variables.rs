//! The settings of a developer's machine: the environment, then `.env`, then defaults that work.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::Platform;
use settings::Vars;

use crate::{Failure, secrets};

/// Where the simulated networks believe our files to be: like the real ones they fetch from https
/// addresses of a domain only, and this one leads them back to this process.
pub(crate) const MEDIA_ORIGIN: &str = "https://media.picscripter.localhost";

/// The settings of a developer's machine.
#[derive(Debug, Clone)]
pub struct Variables {
    /// As every function reads them.
    pub vars: Vars,
    /// `PICSCRIPTER_DATA_DIR`: where data, secrets and files are kept; default `.picscripter`.
    pub data_dir: PathBuf,
    /// `PORT`: where everything listens; default 3000.
    pub port: u16,
    /// `SIMULATOR_PORT`: where the simulated networks listen; default 9700.
    pub simulator_port: u16,
    /// Whether the networks are simulated: they are unless `NETWORKS` is `real`.
    pub simulated: bool,
}

impl Variables {
    /// Reads them.
    ///
    /// # Errors
    /// When a port is none, `.env` has a line that sets nothing, or the data folder cannot be used.
    pub fn read() -> Result<Self, Failure> {
        let project = project();
        let given = Vars::process().or(&dot_env(&project.join(".env"))?);
        let data_dir = given
            .find("PICSCRIPTER_DATA_DIR")
            .map_or_else(|| project.join(".picscripter"), PathBuf::from);
        let port = port(&given, "PORT", 3000)?;
        let simulator_port = port_of_simulator(&given)?;
        let simulated = given.find("NETWORKS") != Some("real");
        let base = format!("http://127.0.0.1:{port}");
        let simulator = format!("http://127.0.0.1:{simulator_port}");
        let mut defaults = vec![
            ("APP_ENV".to_owned(), "development".to_owned()),
            ("PUBLIC_URL".to_owned(), base),
            (
                "MEDIA_DIR".to_owned(),
                data_dir.join("media").to_string_lossy().into_owned(),
            ),
            ("DATABASE_MAX_CONNECTIONS".to_owned(), "4".to_owned()),
            ("RATE_LIMIT_PER_MINUTE".to_owned(), "600".to_owned()),
        ];
        if cfg!(feature = "redis") {
            defaults.push(("DOORBELL".to_owned(), "redis".to_owned()));
        }
        let mut names: Vec<String> = ["JWT_SECRET", "STATE_KEY", "TOKEN_KEY", "MEDIA_KEY"]
            .map(str::to_owned)
            .into();
        if simulated {
            defaults.push(("NETWORKS_BASE_URL".to_owned(), simulator.clone()));
            defaults.push(("MEDIA_LOCAL_ORIGINS".to_owned(), simulator));
            defaults.push((
                "MEDIA_PUBLIC_URL".to_owned(),
                format!("{MEDIA_ORIGIN}/objects/"),
            ));
            let logins = Platform::ALL
                .into_iter()
                .flat_map(|platform| platforms::profile(platform).logins);
            for login in logins {
                let prefix = login.variables;
                let name = format!("dev-{}", prefix.to_lowercase());
                defaults.push((format!("{prefix}_CLIENT_ID"), name));
                names.extend(
                    ["CLIENT_SECRET", "WEBHOOK_SECRET", "WEBHOOK_VERIFY_TOKEN"]
                        .map(|field| format!("{prefix}_{field}")),
                );
            }
        }
        defaults.extend(secrets::of(&data_dir, &names)?);
        Ok(Self {
            vars: given.or(&Vars::from_pairs(defaults)),
            data_dir,
            port,
            simulator_port,
            simulated,
        })
    }
}

/// The project's folder: where this was built, while it is still there, or else the current one.
fn project() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf);
    built
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .unwrap_or_else(|| PathBuf::from("."))
}

fn port_of_simulator(vars: &Vars) -> Result<u16, Failure> {
    port(vars, "SIMULATOR_PORT", 9700)
}

fn port(vars: &Vars, name: &str, default: u16) -> Result<u16, Failure> {
    vars.find(name).map_or(Ok(default), |text| {
        text.parse()
            .map_err(|_| format!("{name} is not a port number").into())
    })
}

/// `NAME=value` lines; blank lines and lines that begin with `#` say nothing.
fn dot_env(path: &Path) -> Result<Vars, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vars::default()),
        Err(error) => return Err(error.into()),
    };
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs: Result<Vec<_>, Failure> = lines
        .map(|line| {
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| format!(".env: `{line}` sets nothing"))?;
            Ok((
                name.trim().to_owned(),
                value.trim().trim_matches('"').to_owned(),
            ))
        })
        .collect();
    Ok(Vars::from_pairs(pairs?))
}

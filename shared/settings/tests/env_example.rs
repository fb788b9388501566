//! `.env.example` names exactly the variables that the code reads, with values that work.
//!
//! The code is read as text: a variable is a literal in capitals, given to one of the functions that
//! read variables. Reading one in another way, or under a name put together in another way, must be
//! added here.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use domain::Platform;
use platforms::Login;
use settings::{
    Apps, ConsentSettings, DatabaseSettings, HttpSettings, Networks, ObjectPlace, ObjectSettings,
    Reader, Vars, VaultSettings,
};

/// Folders whose programs read variables. `xtask` and the simulator run without.
const ROOMS: [&str; 3] = ["functions", "local", "shared"];
/// What stands right before the name of a variable where one is read.
const READERS: [&str; 12] = [
    ".find(\"",
    ".key(\"",
    ".optional(\"",
    ".required(\"",
    ".secret(\"",
    ".url(\"",
    ".with_default(\"",
    "folder(\"",
    "port(&given, \"",
    "port(vars, \"",
    "var(\"",
    "var_os(\"",
];
/// Before the rest of a name that begins with the network's: `X_CLIENT_ID`.
const OF_NETWORK: &str = "name(\"";
/// Before the rest of a name that begins with the network's and `SETTING`, in the network's folder.
const SETTING: &str = ".settings.get(\"";
/// Read by `tracing-subscriber`, which names it itself.
const FILTER: (&str, &str) = ("try_from_default_env", "RUST_LOG");
/// The machine's own and the tests', which nobody sets for us.
const OF_MACHINE: [&str; 4] = ["HOME", "PATH", "PICSCRIPTER_TOOLS", "PLATFORM_SPECS_DIR"];

#[test]
fn every_variable_that_is_read_is_explained_and_no_other() {
    let (read, explained) = (read_by_code(), explained());
    let missing: Vec<_> = read.difference(&explained).collect();
    let idle: Vec<_> = explained.difference(&read).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "read by the code and not in .env.example: {missing:?}; in .env.example and not read: {idle:?}"
    );
    assert!(read.len() > 60, "{} were found", read.len());
}

#[test]
fn the_defaults_of_the_example_are_taken() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let required = [
        ("JWT_SECRET", key),
        ("MEDIA_DIR", "media"),
        ("MEDIA_KEY", key),
        ("PUBLIC_URL", "https://api.example.com"),
        ("STATE_KEY", key),
        ("TOKEN_KEY", key),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let vars = Vars::from_pairs(lines()).or(&Vars::from_pairs(required));
    let mut reader = Reader::new(&vars);
    let http = HttpSettings::from_vars(&mut reader);
    ConsentSettings::from_vars(&mut reader);
    let networks = Networks::from_vars(&mut reader);
    let database = DatabaseSettings::from_vars(&mut reader);
    let objects = ObjectSettings::from_vars(&mut reader, http.stage, &http.public_url);
    VaultSettings::from_vars(&mut reader);
    reader.finish(()).unwrap();
    let ObjectPlace::Folder(folder) = objects.place else {
        panic!("the example names no bucket");
    };
    assert_eq!(
        folder.public_url.as_str(),
        "https://api.example.com/objects/"
    );

    let bare = Vars::from_pairs(required_of(&vars));
    let mut reader = Reader::new(&bare);
    let plain = HttpSettings::from_vars(&mut reader);
    let plain_database = DatabaseSettings::from_vars(&mut reader);
    assert_eq!(http.stage, plain.stage);
    assert_eq!(http.access_life, plain.access_life);
    assert_eq!(http.refresh_life, plain.refresh_life);
    assert_eq!(http.requests_per_minute, plain.requests_per_minute);
    assert_eq!(database.max_connections, plain_database.max_connections);
    for platform in Platform::ALL {
        assert!(networks.apps.at(platform).next().is_none(), "{platform}");
    }
}

#[test]
fn the_versions_of_the_example_are_the_defaults() {
    let vars = Vars::from_pairs(lines());
    for platform in Platform::ALL {
        let name = format!("{}_VERSION", platform.as_str().to_uppercase());
        if let Some(version) = vars.find(&name) {
            assert_eq!(
                version,
                platforms::profile(platform).default_version,
                "{name}"
            );
        }
    }
    let mut reader = Reader::new(&vars);
    let public_url = url::Url::parse("https://api.example.com").unwrap();
    Apps::from_vars(&mut reader, &public_url);
    reader.finish(()).unwrap();
}

fn required_of(vars: &Vars) -> impl Iterator<Item = (String, String)> {
    ["DATABASE_URL", "JWT_SECRET", "PUBLIC_URL"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), vars.find(name)?.to_owned())))
}

fn explained() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, _) in lines() {
        assert!(names.insert(name.clone()), "{name} stands there twice");
    }
    names
}

/// `NAME=value` and `#NAME=value`, in order.
fn lines() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(".env.example")).unwrap();
    text.lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .filter(|(name, _)| is_name(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn read_by_code() -> BTreeSet<String> {
    let mut files = Vec::new();
    for room in ROOMS {
        collect(&root().join(room), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        // Unit tests stand at the end of a file.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
        let code = code.replace(" .", ".").replace("( ", "(");
        for reader in READERS {
            names.extend(literals(&code, reader).filter(|name| is_name(name)));
        }
        for rest in literals(&code, OF_NETWORK).filter(|rest| is_name(rest)) {
            let of_all = logins().map(|login| format!("{}_{rest}", login.variables));
            // What begins a family of names is no name.
            names.extend(of_all.filter(|name| !name.ends_with('_')));
        }
        for key in literals(&code, SETTING) {
            let key = key.to_uppercase();
            let readers = readers(&file);
            assert!(
                !readers.is_empty(),
                "whose setting is {key}? {}",
                file.display()
            );
            names.extend(
                readers
                    .iter()
                    .map(|login| format!("{}_SETTING_{key}", login.variables)),
            );
        }
        if code.contains(FILTER.0) {
            names.insert(FILTER.1.to_owned());
        }
    }
    for name in OF_MACHINE {
        names.remove(name);
    }
    names
}

fn logins() -> impl Iterator<Item = &'static Login> {
    Platform::ALL
        .into_iter()
        .flat_map(|platform| platforms::profile(platform).logins)
}

/// The logins whose registrations a file of `platforms` reads settings of: Meta's folder those of Meta's app, a
/// network's own folder the others of the network, the consent page all. Uploads are for Instagram's accounts
/// that came through Meta's app.
fn readers(file: &Path) -> Vec<&'static Login> {
    let within = |name: &str| {
        let network = PathBuf::from("platforms/src").join(name);
        file.ancestors()
            .skip(1)
            .any(|folder| folder.ends_with(&network))
    };
    if file.ends_with("platforms/src/authorize.rs") {
        return logins().collect();
    }
    if within("meta") {
        return logins()
            .filter(|login| login.grant_family == "meta")
            .collect();
    }
    if file.ends_with("instagram/upload.rs") {
        let logins = platforms::profile(Platform::Instagram).logins.iter();
        return logins
            .filter(|login| login.grant_family == "meta")
            .collect();
    }
    let network = Platform::ALL
        .into_iter()
        .find(|platform| within(platform.as_str()));
    network.map_or_else(Vec::new, |platform| {
        let logins = platforms::profile(platform).logins.iter();
        logins
            .filter(|login| login.grant_family != "meta")
            .collect()
    })
}

fn literals(code: &str, before: &str) -> impl Iterator<Item = String> {
    code.split(before)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Sources, without those of tests.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "tests" | "benches" | "target") {
                collect(&path, files);
            }
        } else if path.extension() == Some("rs".as_ref()) && name != "tests.rs" {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

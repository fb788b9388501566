//! Which way to the database is taken for what.

use settings::{DatabaseSettings, Pooler, Reader, SettingsError, Vars};

#[test]
fn what_needs_a_session_does_not_start_behind_a_pooler_that_has_none() {
    let given = [
        ("DATABASE_URL", "postgres://pooler/db?sslmode=verify-full"),
        ("DATABASE_POOLER", "transaction"),
    ];
    let database = read(&given, DatabaseSettings::from_vars).unwrap();
    assert_eq!(database.pooler, Pooler::Transaction);
    let error = read(&given, DatabaseSettings::direct_from_vars).unwrap_err();
    assert_eq!(error.0.len(), 1);
    assert_eq!(error.0[0].name, "DATABASE_DIRECT_URL");
}

#[test]
fn the_direct_way_goes_before_the_other_and_has_sessions() {
    let given = [
        (
            "DATABASE_DIRECT_URL",
            "postgres://direct/db?sslmode=verify-full",
        ),
        ("DATABASE_URL", "postgres://pooler/db?sslmode=verify-full"),
        ("DATABASE_POOLER", "transaction"),
    ];
    let direct = read(&given, DatabaseSettings::direct_from_vars).unwrap();
    assert_eq!(direct.url, "postgres://direct/db?sslmode=verify-full");
    assert_eq!(direct.pooler, Pooler::Session);
    let without = read(&given[1..2], DatabaseSettings::direct_from_vars).unwrap();
    assert_eq!(without.url, "postgres://pooler/db?sslmode=verify-full");
    assert_eq!(without.pooler, Pooler::Session);
}

#[test]
fn a_pooler_of_no_known_mode_is_refused() {
    let given = [
        ("DATABASE_URL", "postgres://pooler/db?sslmode=verify-full"),
        ("DATABASE_POOLER", "statement"),
    ];
    let error = read(&given, DatabaseSettings::from_vars).unwrap_err();
    assert_eq!(error.0[0].name, "DATABASE_POOLER");
}

#[test]
fn a_database_elsewhere_must_prove_itself() {
    for believed in [
        "postgres://a:b@db.example.com/p",
        "postgres://a:b@db.example.com/p?sslmode=require",
        "postgres://a:b@db.example.com/p?sslmode=verify-ca&sslrootcert=/opt/db.pem",
        "postgres://a:b@db.example.com/p?sslmode=verify-full&sslmode=disable",
        "postgres://a:b@db.example.com/p?sslmode=verify-full&ssl-mode=prefer",
        "postgres://a:b@localhost/p?host=db.example.com",
        "postgres://a:b@localhost.example.com/p",
        "postgres://a:b@127.0.0.1.example.com/p",
        "postgres://a:b@10.0.0.7/p",
        "host=db.example.com",
    ] {
        for name in ["DATABASE_URL", "DATABASE_DIRECT_URL"] {
            let given = [(name, believed), ("DATABASE_URL", believed)];
            let error = read(&given, DatabaseSettings::direct_from_vars).unwrap_err();
            assert_eq!(error.0[0].name, name, "{believed}");
            assert!(error.to_string().contains("verify-full"), "{error}");
            assert!(!error.to_string().contains("example.com"), "{error}");
        }
        let at_home = [("DATABASE_URL", believed), ("APP_ENV", "development")];
        read(&at_home, DatabaseSettings::from_vars).unwrap();
        let nowhere = [("DATABASE_URL", believed), ("APP_ENV", "developement")];
        read(&nowhere, DatabaseSettings::from_vars).unwrap_err();
    }
    for proven in [
        "postgres://a:b@db.example.com/p?sslmode=verify-full",
        "postgresql://a:b@db.example.com:6543/p?sslrootcert=/opt/db.pem&sslmode=Verify-Full",
        "postgres://a:b@[2001:db8::1]/p?ssl-mode=verify-full",
        "postgres://a:b@localhost:5432/p",
        "postgres://a:b@127.0.0.1:5432/p?sslmode=disable",
        "postgres://a:b@[::1]/p",
        "postgres:///p",
        "postgres://a@%2Fvar%2Frun%2Fpostgresql/p",
        "postgres:///p?host=/var/run/postgresql",
    ] {
        read(&[("DATABASE_URL", proven)], DatabaseSettings::from_vars).unwrap();
    }
}

fn read(
    given: &[(&str, &str)],
    from_vars: fn(&mut Reader<'_>) -> DatabaseSettings,
) -> Result<DatabaseSettings, SettingsError> {
    let pairs = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let vars = Vars::from_pairs(pairs);
    let mut reader = Reader::new(&vars);
    let settings = from_vars(&mut reader);
    reader.finish(settings)
}

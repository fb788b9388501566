//! Which way to the database is taken for what.

use settings::{DatabaseSettings, Pooler, Reader, SettingsError, Vars};

#[test]
fn what_needs_a_session_does_not_start_behind_a_pooler_that_has_none() {
    let given = [
        ("DATABASE_URL", "postgres://pooler/db"),
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
        ("DATABASE_DIRECT_URL", "postgres://direct/db"),
        ("DATABASE_URL", "postgres://pooler/db"),
        ("DATABASE_POOLER", "transaction"),
    ];
    let direct = read(&given, DatabaseSettings::direct_from_vars).unwrap();
    assert_eq!(direct.url, "postgres://direct/db");
    assert_eq!(direct.pooler, Pooler::Session);
    let without = read(&given[1..2], DatabaseSettings::direct_from_vars).unwrap();
    assert_eq!(without.url, "postgres://pooler/db");
    assert_eq!(without.pooler, Pooler::Session);
}

#[test]
fn a_pooler_of_no_known_mode_is_refused() {
    let given = [
        ("DATABASE_URL", "postgres://pooler/db"),
        ("DATABASE_POOLER", "statement"),
    ];
    let error = read(&given, DatabaseSettings::from_vars).unwrap_err();
    assert_eq!(error.0[0].name, "DATABASE_POOLER");
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

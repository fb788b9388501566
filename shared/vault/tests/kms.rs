//! Data keys that AWS KMS wraps, through its real client: against a server that speaks as KMS does, and,
//! for what such a server cannot be made to do, against scripted answers.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_sdk_kms::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    operation::{decrypt::DecryptOutput, generate_data_key::GenerateDataKeyOutput},
    primitives::Blob,
};
use aws_smithy_http_client::test_util::NeverClient;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use cloud::testing::StandIn;
use domain::DataKeyId;
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use vault::{
    KeyShelf, KmsKey, Place, Sealer, ShelfFuture, Vault, VaultError, WrappedKey, Wrapper,
    data_key_of,
    testing::{MemoryShelf, SteeredClock},
};

const SECRET: &[u8] = b"a refresh token";
const ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/6f3a2f0e-1d2c-4b5a-9c8d-7e6f5a4b3c2d";
const PLACE: Place = Place {
    table: "connections",
    row: Uuid::from_u128(1),
    user: Uuid::from_u128(2),
    platform: "tiktok",
    field: "refresh_token",
};

#[tokio::test]
async fn what_is_sealed_under_a_key_of_kms_opens_in_every_process_that_may_use_it() {
    let kms = Kms::new().await;
    let house = House::default();
    let vault = house.vault(kms.key().await);
    let first = vault.seal(&PLACE, SECRET).await.unwrap();
    vault.rotate().await.unwrap();
    let second = vault.seal(&PLACE, SECRET).await.unwrap();
    let third = house.sealer(kms.key_again()).seal(&PLACE, SECRET).await;
    let elsewhere = house.vault(kms.key_again());
    for blob in [first, second, third.unwrap()] {
        assert_eq!(opened(&elsewhere, &blob).await, SECRET);
    }
    assert_eq!(house.shelf.len(), 3);
}

#[tokio::test]
async fn a_wrapped_key_put_in_the_place_of_another_is_refused() {
    let kms = Kms::new().await;
    let house = House::default();
    let vault = house.vault(kms.key().await);
    let before = vault.seal(&PLACE, SECRET).await.unwrap();
    vault.rotate().await.unwrap();
    let after = vault.seal(&PLACE, SECRET).await.unwrap();
    let [first, second] = [&before, &after].map(|blob| data_key_of(blob).unwrap());
    let wrapped = house.wrapped(second).await;
    for (id, blob, opens) in [(first, &before, false), (second, &after, true)] {
        let other = house.vault_that_finds(kms.key_again(), wrapped.clone());
        match other.open(&PLACE, blob).await {
            Ok(_) => assert!(opens, "another key's bytes were taken for {id}"),
            Err(VaultError::WrongWrappingKey(named)) => assert!(!opens && named == id),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrapped_key_that_was_altered_or_cut_is_refused() {
    let kms = Kms::new().await;
    let house = House::default();
    let vault = house.vault(kms.key().await);
    let blob = vault.seal(&PLACE, SECRET).await.unwrap();
    let id = data_key_of(&blob).unwrap();
    let wrapped = house.wrapped(id).await;
    for byte in 0..wrapped.len() {
        let mut flipped = wrapped.clone();
        flipped[byte] ^= 1;
        let refused = house
            .vault_that_finds(kms.key_again(), flipped)
            .open(&PLACE, &blob)
            .await;
        assert!(refused.is_err(), "byte {byte} made no difference");
        // The first byte is our format, those at the end are what KMS encrypted and its tag.
        if byte == 0 || byte + 48 >= wrapped.len() {
            assert!(
                matches!(refused, Err(VaultError::WrongWrappingKey(named)) if named == id),
                "byte {byte}"
            );
        }
    }
    for length in [0, 1, wrapped.len() - 1] {
        let cut = house.vault_that_finds(kms.key_again(), wrapped[..length].to_vec());
        let refused = cut.open(&PLACE, &blob).await;
        assert!(refused.is_err(), "{length} bytes were enough");
    }
}

#[tokio::test]
async fn another_key_of_the_same_account_does_not_unwrap() {
    let kms = Kms::new().await;
    let house = House::default();
    let vault = house.vault(kms.key().await);
    let blob = vault.seal(&PLACE, SECRET).await.unwrap();
    let stranger = house.vault(kms.key().await);
    // KMS names the key as the wrong one, and the server that stands in for it as one that is not ours:
    // either stops whoever was started with the wrong ARN.
    let refused = stranger.open(&PLACE, &blob).await;
    assert!(
        matches!(
            refused,
            Err(VaultError::WrongWrappingKey(_) | VaultError::KeyServiceRefuses(_))
        ),
        "{:?}",
        refused.map(drop)
    );
    let refused = stranger.seal(&PLACE, SECRET).await;
    assert!(refused.is_err(), "it went on under a key it cannot unwrap");
    // With the right key all of it is there.
    assert_eq!(
        opened(&house.vault(kms.key_again()), &blob).await,
        SECRET,
        "the secret is gone"
    );
}

#[tokio::test]
async fn a_key_that_is_not_there_is_refused_and_not_waited_for() {
    let kms = Kms::new().await;
    let absent = KmsKey::new(kms.client.clone(), ARN);
    let refused = House::default().vault(absent).seal(&PLACE, SECRET).await;
    assert!(
        matches!(refused, Err(VaultError::KeyServiceRefuses(_))),
        "{:?}",
        refused.map(drop)
    );
}

#[tokio::test]
async fn while_kms_is_away_what_is_in_memory_serves_and_no_longer() {
    let kms = Kms::new().await;
    let house = House::default();
    let vault = house.vault(kms.key().await);
    let blob = vault.seal(&PLACE, SECRET).await.unwrap();
    let sealer = house.sealer(kms.key_again());
    sealer.seal(&PLACE, SECRET).await.unwrap();
    drop(kms);
    house.clock.advance(Duration::from_secs(299));
    assert_eq!(opened(&vault, &blob).await, SECRET);
    vault.seal(&PLACE, SECRET).await.unwrap();
    sealer.seal(&PLACE, SECRET).await.unwrap();
    house.clock.advance(Duration::from_secs(1));
    for outcome in [
        vault.open(&PLACE, &blob).await.map(drop),
        vault.seal(&PLACE, SECRET).await.map(drop),
        sealer.seal(&PLACE, SECRET).await.map(drop),
    ] {
        assert!(
            matches!(outcome, Err(VaultError::KeyServiceDown(_))),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_kms_that_never_answers_is_down() {
    let at_once = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(1))
        .build();
    let config = aws_sdk_kms::Config::builder()
        .with_test_defaults_v2()
        .http_client(NeverClient::new())
        .retry_config(RetryConfig::disabled())
        .timeout_config(at_once)
        .build();
    let silent = KmsKey::new(Client::from_conf(config), ARN);
    let refused = House::default().vault(silent).seal(&PLACE, SECRET).await;
    assert!(
        matches!(refused, Err(VaultError::KeyServiceDown(_))),
        "{:?}",
        refused.map(drop)
    );
}

#[tokio::test]
async fn every_unwrapping_names_the_key_and_the_exact_context_of_the_data_key() {
    let script = Script::default();
    let house = House::default();
    let rules = [script.makes(), script.unwraps()];
    let vault = house.vault(scripted(&rules));
    let blob = vault.seal(&PLACE, SECRET).await.unwrap();
    house.clock.advance(Duration::from_mins(5));
    vault.open(&PLACE, &blob).await.unwrap();
    let asked = script.asked();
    let context = HashMap::from([
        ("purpose".to_owned(), "picscripter:data-key".to_owned()),
        (
            "data_key".to_owned(),
            data_key_of(&blob).unwrap().uuid().to_string(),
        ),
    ]);
    let names: Vec<&str> = asked.iter().map(|asked| asked.operation).collect();
    assert_eq!(names, ["GenerateDataKey", "Decrypt"]);
    for Asked { key, told, .. } in asked.iter() {
        assert_eq!(key.as_deref(), Some(ARN));
        assert_eq!(told.as_ref(), Some(&context));
    }
}

#[tokio::test]
async fn who_may_only_make_keys_seals_and_opens_nothing() {
    let script = Script::default();
    let house = House::default();
    let denied = refuses(400, "AccessDeniedException");
    let rules = [script.makes(), denied];
    let sealer = house.sealer(scripted(&rules));
    let mut blobs = Vec::new();
    for _ in 0..2 {
        blobs.push(sealer.seal(&PLACE, SECRET).await.unwrap());
        house.clock.advance(Duration::from_mins(5));
    }
    assert_eq!(rules[1].num_calls(), 0, "a sealer asked to unwrap a key");
    // Another process with the same rights, that tries to.
    let vault = house.vault(scripted(&rules));
    for blob in &blobs {
        let refused = vault.open(&PLACE, blob).await;
        assert!(
            matches!(refused, Err(VaultError::KeyServiceRefuses(_))),
            "{:?}",
            refused.map(drop)
        );
    }
    assert_eq!(rules[1].num_calls(), 2);
}

/// What every answer of KMS means: who waits, who calls an operator, who gives the secret up.
#[tokio::test]
async fn every_refusal_of_kms_is_told_for_what_it_is() {
    use Meaning::{Down, Refuses, WrongKey};
    for (status, code, meaning) in [
        (400, "IncorrectKeyException", WrongKey),
        (400, "InvalidCiphertextException", WrongKey),
        (400, "AccessDeniedException", Refuses),
        (400, "DisabledException", Refuses),
        (400, "IncompleteSignature", Refuses),
        (400, "InvalidArnException", Refuses),
        (403, "InvalidClientTokenId", Refuses),
        (400, "InvalidKeyUsageException", Refuses),
        (400, "KMSInvalidStateException", Refuses),
        (400, "NotAuthorized", Refuses),
        (400, "NotFoundException", Refuses),
        (403, "OptInRequired", Refuses),
        (400, "UnrecognizedClientException", Refuses),
        (400, "ValidationError", Refuses),
        (400, "ValidationException", Refuses),
        (500, "DependencyTimeoutException", Down),
        (400, "ExpiredTokenException", Down),
        (500, "InternalFailure", Down),
        (500, "KMSInternalException", Down),
        (500, "KeyUnavailableException", Down),
        (400, "LimitExceededException", Down),
        (400, "RequestExpired", Down),
        (503, "ServiceUnavailable", Down),
        (400, "Throttling", Down),
        (400, "ThrottlingException", Down),
        (400, "SomethingThatDoesNotExistYet", Down),
    ] {
        let error = failure_of(refuses(status, code)).await;
        assert_eq!(Meaning::of(&error), meaning, "{code}: {error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer_of_kms_may_change() {
    for (status, body) in [
        (500, "<html>"),
        (502, ""),
        (503, ""),
        (504, "upstream"),
        (400, "{}"),
        (200, "{}"),
        (200, "not even JSON"),
        (200, r#"{"Plaintext":"c2hvcnQ="}"#),
    ] {
        let answer = mock!(Client::decrypt)
            .sequence()
            .http_status(status, Some(body.to_owned()))
            .build();
        let error = failure_of(answer).await;
        assert_eq!(
            Meaning::of(&error),
            Meaning::Down,
            "{status} {body}: {error:?}"
        );
    }
}

/// What is tried again must not be said of a secret, and what no retry helps must not wait for ever.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Down,
    Refuses,
    WrongKey,
}

impl Meaning {
    fn of(error: &VaultError) -> Self {
        match error {
            VaultError::KeyServiceDown(_) => Self::Down,
            VaultError::KeyServiceRefuses(_) => Self::Refuses,
            VaultError::WrongWrappingKey(_) => Self::WrongKey,
            VaultError::Chance
            | VaultError::Refused
            | VaultError::Shelf(_)
            | VaultError::UnknownKey(_) => panic!("{error:?}"),
        }
    }
}

/// How opening a secret fails while this is what KMS answers.
async fn failure_of(answer: Rule) -> VaultError {
    let house = House::default();
    let script = Script::default();
    let made = house.sealer(scripted(&[script.makes()]));
    let blob = made.seal(&PLACE, SECRET).await.unwrap();
    let vault = house.vault(scripted(&[answer]));
    match vault.open(&PLACE, &blob).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

fn refuses(status: u16, code: &str) -> Rule {
    let body = format!(r#"{{"__type":"com.amazonaws.kms#{code}","message":"no"}}"#);
    mock!(Client::decrypt)
        .sequence()
        .http_status(status, Some(body))
        .repeatedly()
        .build()
}

/// A key at a KMS of these answers; what else is asked fails the test.
fn scripted(rules: &[Rule]) -> KmsKey {
    let client = mock_client!(aws_sdk_kms, RuleMode::MatchAny, rules, |config| {
        config.retry_config(RetryConfig::disabled())
    });
    KmsKey::new(client, ARN)
}

/// A KMS that does as it is asked, and notes what that was.
#[derive(Default)]
struct Script(Arc<Mutex<Vec<Asked>>>);

struct Asked {
    operation: &'static str,
    key: Option<String>,
    told: Option<HashMap<String, String>>,
}

impl Script {
    fn makes(&self) -> Rule {
        let asked = Arc::clone(&self.0);
        mock!(Client::generate_data_key).then_compute_output(move |input| {
            asked.lock().unwrap().push(Asked {
                operation: "GenerateDataKey",
                key: input.key_id().map(str::to_owned),
                told: input.encryption_context().cloned(),
            });
            GenerateDataKeyOutput::builder()
                .plaintext(Blob::new([7; 32]))
                .ciphertext_blob(Blob::new(b"wrapped"))
                .build()
        })
    }

    fn unwraps(&self) -> Rule {
        let asked = Arc::clone(&self.0);
        mock!(Client::decrypt).then_compute_output(move |input| {
            asked.lock().unwrap().push(Asked {
                operation: "Decrypt",
                key: input.key_id().map(str::to_owned),
                told: input.encryption_context().cloned(),
            });
            assert_eq!(input.ciphertext_blob(), Some(&Blob::new(b"wrapped")));
            DecryptOutput::builder()
                .plaintext(Blob::new([7; 32]))
                .build()
        })
    }

    fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.0.lock().unwrap()
    }
}

/// A server that speaks as KMS does.
struct Kms {
    client: Client,
    last: Mutex<Option<String>>,
    _server: StandIn,
}

impl Kms {
    async fn new() -> Self {
        let server = StandIn::moto().await;
        Self {
            client: Client::new(&server.config().await),
            last: Mutex::default(),
            _server: server,
        }
    }

    /// A new key.
    async fn key(&self) -> KmsKey {
        let made = self.client.create_key().send().await.unwrap();
        let arn = made.key_metadata.unwrap().arn.unwrap();
        self.last.lock().unwrap().get_or_insert_with(|| arn.clone());
        KmsKey::new(self.client.clone(), arn)
    }

    /// The first key, for another process.
    fn key_again(&self) -> KmsKey {
        let arn = self.last.lock().unwrap().clone();
        KmsKey::new(self.client.clone(), arn.expect("a key was made"))
    }
}

/// What processes share: the shelf, and the time.
#[derive(Default)]
struct House {
    shelf: Arc<MemoryShelf>,
    clock: Arc<SteeredClock>,
}

impl House {
    fn vault(&self, key: KmsKey) -> Vault {
        Vault::new(Wrapper::Kms(key), self.shelf.clone(), self.clock.clone())
    }

    fn sealer(&self, key: KmsKey) -> Sealer {
        Sealer::new(Wrapper::Kms(key), self.shelf.clone(), self.clock.clone())
    }

    /// A process that finds these bytes for every data key, as somebody left them who writes to the database.
    fn vault_that_finds(&self, key: KmsKey, wrapped: Vec<u8>) -> Vault {
        let tampered = Tampered {
            shelf: self.shelf.clone(),
            wrapped,
        };
        Vault::new(Wrapper::Kms(key), Arc::new(tampered), self.clock.clone())
    }

    async fn wrapped(&self, id: DataKeyId) -> Vec<u8> {
        self.shelf.find(id).await.unwrap().unwrap().wrapped
    }
}

async fn opened(vault: &Vault, blob: &[u8]) -> Vec<u8> {
    let clear = vault.open(&PLACE, blob).await.unwrap();
    clear.expose_secret().to_vec()
}

/// A shelf that gives out other bytes than were put on it.
struct Tampered {
    shelf: Arc<MemoryShelf>,
    wrapped: Vec<u8>,
}

impl Tampered {
    fn changed(&self, key: Option<WrappedKey>) -> Option<WrappedKey> {
        key.map(|key| WrappedKey {
            wrapped: self.wrapped.clone(),
            ..key
        })
    }
}

impl KeyShelf for Tampered {
    fn current(&self) -> ShelfFuture<'_, Option<WrappedKey>> {
        Box::pin(async { Ok(self.changed(self.shelf.current().await?)) })
    }

    fn find(&self, id: DataKeyId) -> ShelfFuture<'_, Option<WrappedKey>> {
        Box::pin(async move { Ok(self.changed(self.shelf.find(id).await?)) })
    }

    fn add(&self, key: WrappedKey, replaces: Option<DataKeyId>) -> ShelfFuture<'_, bool> {
        self.shelf.add(key, replaces)
    }

    fn keep(&self, key: WrappedKey) -> ShelfFuture<'_, ()> {
        self.shelf.keep(key)
    }
}

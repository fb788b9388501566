//! Data keys that AWS KMS wraps, through its real client: against a server that speaks as KMS does, and,
//! for what such a server cannot be made to do, against scripted answers.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_sdk_kms::{
    Client, Config,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use cloud::testing::{StandIn, patient, scripted};
use domain::DataKeyId;
use http::{Request, Response};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{
    KeyShelf, KmsKey, Place, Sealer, ShelfFuture, Vault, VaultError, WrappedKey, Wrapper,
    data_key_of,
    testing::{MemoryShelf, SteeredClock},
};

const SECRET: &[u8] = b"a refresh token";
const ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/6f3a2f0e-1d2c-4b5a-9c8d-7e6f5a4b3c2d";
/// What a scripted KMS makes of a data key, in Base64.
const WRAPPED: &str = "d3JhcHBlZA==";
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
    let silent = Script::default();
    let at_once = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(1))
        .build();
    let config = silent.config().timeout_config(at_once).build();
    let key = KmsKey::new(Client::from_conf(config), ARN);
    let refused = House::default().vault(key).seal(&PLACE, SECRET).await;
    assert!(
        matches!(refused, Err(VaultError::KeyServiceDown(_))),
        "{:?}",
        refused.map(drop)
    );
    assert_eq!(silent.asked().len(), 1);
}

#[tokio::test]
async fn every_unwrapping_names_the_key_and_the_exact_context_of_the_data_key() {
    let script = Script::new(makes(), unwraps());
    let house = House::default();
    let vault = house.vault(script.key());
    let blob = vault.seal(&PLACE, SECRET).await.unwrap();
    house.clock.advance(Duration::from_mins(5));
    vault.open(&PLACE, &blob).await.unwrap();
    let context = json!({
        "purpose": "picscripter:data-key",
        "data_key": data_key_of(&blob).unwrap().uuid().to_string(),
    });
    let asked = script.asked();
    let operations: Vec<&str> = asked.iter().map(|asked| asked.operation.as_str()).collect();
    assert_eq!(operations, ["GenerateDataKey", "Decrypt"]);
    for Asked { body, .. } in asked.iter() {
        assert_eq!(body["KeyId"], ARN);
        assert_eq!(body["EncryptionContext"], context);
    }
    assert_eq!(asked[1].body["CiphertextBlob"], WRAPPED);
}

#[tokio::test]
async fn who_may_only_make_keys_seals_and_opens_nothing() {
    let script = Script::new(makes(), refuses(400, "AccessDeniedException"));
    let house = House::default();
    let sealer = house.sealer(script.key());
    let mut blobs = Vec::new();
    for _ in 0..2 {
        blobs.push(sealer.seal(&PLACE, SECRET).await.unwrap());
        house.clock.advance(Duration::from_mins(5));
    }
    assert_eq!(script.unwrappings(), 0, "a sealer asked to unwrap a key");
    // Another process with the same rights, that tries to.
    let vault = house.vault(script.key());
    for blob in &blobs {
        let refused = vault.open(&PLACE, blob).await;
        assert!(
            matches!(refused, Err(VaultError::KeyServiceRefuses(_))),
            "{:?}",
            refused.map(drop)
        );
    }
    assert_eq!(script.unwrappings(), 2);
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
        let error = failure_of((status, body.to_owned())).await;
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
async fn failure_of(answer: Told) -> VaultError {
    let house = House::default();
    let script = Script::new(makes(), answer);
    let blob = house.sealer(script.key()).seal(&PLACE, SECRET).await;
    match house.vault(script.key()).open(&PLACE, &blob.unwrap()).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// A status and a body.
type Told = (u16, String);

fn makes() -> Told {
    let clear = BASE64_STANDARD.encode([7; 32]);
    let made = json!({ "KeyId": ARN, "CiphertextBlob": WRAPPED, "Plaintext": clear });
    (200, made.to_string())
}

fn unwraps() -> Told {
    let clear = BASE64_STANDARD.encode([7; 32]);
    (200, json!({ "KeyId": ARN, "Plaintext": clear }).to_string())
}

fn refuses(status: u16, code: &str) -> Told {
    let body = format!(r#"{{"__type":"com.amazonaws.kms#{code}","message":"no"}}"#);
    (status, body)
}

/// A KMS that answers as it is told to, or never, and notes what it was asked.
#[derive(Default)]
struct Script {
    makes: Option<Told>,
    unwraps: Option<Told>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct Asked {
    operation: String,
    body: Value,
}

impl Script {
    fn new(makes: Told, unwraps: Told) -> Self {
        Self {
            makes: Some(makes),
            unwraps: Some(unwraps),
            asked: Arc::default(),
        }
    }

    fn key(&self) -> KmsKey {
        KmsKey::new(Client::from_conf(self.config().build()), ARN)
    }

    /// How it is reached, once for each call.
    fn config(&self) -> Builder {
        let (makes, unwraps) = (self.makes.clone(), self.unwraps.clone());
        let noted = Arc::clone(&self.asked);
        let answers = scripted(move |request| {
            let asked = Asked::of(request);
            let told = match asked.operation.as_str() {
                "GenerateDataKey" => makes.clone(),
                "Decrypt" => unwraps.clone(),
                other => panic!("{other} was asked"),
            };
            noted.lock().unwrap().push(asked);
            told.map(|(status, body)| Response::builder().status(status).body(body).unwrap())
        });
        let config = patient(|config| config.http_client(answers));
        let once = RetryConfig::disabled();
        Config::from(&config).to_builder().retry_config(once)
    }

    fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().unwrap()
    }

    /// How often it was asked to unwrap a key.
    fn unwrappings(&self) -> usize {
        let asked = self.asked();
        let unwrappings = asked.iter().filter(|asked| asked.operation == "Decrypt");
        unwrappings.count()
    }
}

impl Asked {
    fn of(request: &Request<Vec<u8>>) -> Self {
        let target = request.headers()["x-amz-target"].to_str().unwrap();
        let (_, operation) = target.split_once('.').unwrap();
        Self {
            operation: operation.to_owned(),
            body: serde_json::from_slice(request.body()).unwrap(),
        }
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

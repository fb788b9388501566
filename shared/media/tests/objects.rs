//! What every store of files must do: a folder, and a bucket at a server that speaks as S3 does.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use bytes::Bytes;
use cloud::testing::StandIn;
use futures_util::TryStreamExt as _;
use media::{Bucket, Folder, ObjectStore};
use time::{Duration, OffsetDateTime, macros::datetime};
use url::Url;

const KEY: &str = "media/med_1";
/// Large enough for three parts, the last of them short.
const LARGE: usize = 33 * 1024 * 1024 + 7;

#[tokio::test]
async fn a_folder_keeps_files() {
    let root = tempfile::tempdir().unwrap();
    let url = Url::parse("http://127.0.0.1:3000/objects/").unwrap();
    let folder = Folder::new(root.path().to_owned(), url, vec![7; 32]);
    keeps_files(&ObjectStore::Folder(folder)).await;
}

#[tokio::test]
async fn a_bucket_keeps_files() {
    let (_server, store) = bucket().await;
    keeps_files(&store).await;
}

#[tokio::test]
async fn anybody_can_fetch_under_a_signed_address_and_sees_what_it_is() {
    let (_server, store) = bucket().await;
    let picture = media::samples::photo_jpeg().to_vec();
    store.put(KEY, picture.clone()).await.unwrap();
    let now = now();
    let url = store
        .public_url(KEY, now, now + Duration::hours(1))
        .await
        .unwrap();
    assert!(
        url.query()
            .is_some_and(|query| query.contains("X-Amz-Signature"))
    );
    assert!(
        url.query()
            .is_some_and(|query| query.contains("X-Amz-Expires=3600"))
    );
    let fetched = reqwest::get(url).await.unwrap();
    assert_eq!(fetched.headers()["content-type"], "image/jpeg");
    assert_eq!(fetched.bytes().await.unwrap(), picture);
}

#[tokio::test]
async fn a_store_that_is_away_is_an_error_to_try_again_after() {
    let (server, store) = bucket().await;
    drop(server);
    assert!(store.put(KEY, vec![1]).await.is_err());
    assert!(store.read(KEY).await.is_err());
    let streamed: Result<Vec<Bytes>, _> = store.stream(KEY, 0..1).try_collect().await;
    assert!(streamed.is_err());
}

async fn keeps_files(store: &ObjectStore) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("file");
    let bytes: Vec<u8> = (0_u32..).map(|n| n.to_le_bytes()[1]).take(LARGE).collect();
    for size in [0, 1, 700_000, LARGE] {
        std::fs::write(&path, &bytes[..size]).unwrap();
        store.put_file(KEY, &path).await.unwrap();
        assert!(!path.exists(), "the scratch file stays");
        assert!(
            store.read(KEY).await.unwrap() == bytes[..size],
            "{size} bytes"
        );
    }
    let part = 16 * 1024 * 1024;
    for (start, end) in [
        (0, LARGE),
        (0, 1),
        (LARGE - 1, LARGE),
        (part - 1, part + 1),
        (5, 5),
    ] {
        let range = start as u64..end as u64;
        let read: Vec<Bytes> = store.stream(KEY, range).try_collect().await.unwrap();
        assert!(read.concat() == bytes[start..end], "{start} to {end}");
    }
    let beyond: Result<Vec<Bytes>, _> = store.stream(KEY, 0..LARGE as u64 + 1).try_collect().await;
    assert!(beyond.is_err(), "more than there is was read");
    store.put(KEY, vec![1, 2, 3]).await.unwrap();
    assert_eq!(store.read(KEY).await.unwrap(), [1, 2, 3]);
    store.delete(KEY).await.unwrap();
    store
        .delete(KEY)
        .await
        .expect("what is not there is deleted already");
    assert!(store.read(KEY).await.is_err());
}

async fn bucket() -> (StandIn, ObjectStore) {
    let server = StandIn::moto().await;
    let config = server.config().await;
    let made = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build(),
    );
    made.create_bucket().bucket("media").send().await.unwrap();
    let bucket = Bucket::new(&config, "media".to_owned());
    (server, ObjectStore::Bucket(bucket))
}

fn now() -> OffsetDateTime {
    datetime!(2026-01-01 12:00 UTC)
}

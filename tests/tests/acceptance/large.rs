//! A video of a gibibyte, whose upload breaks off twenty times: it arrives bit for bit, and once.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
};

use domain::{Container, MediaFacts, MediaId, MediaKind, Platform, UserId, VideoCodec};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use simulator::{Fault, FaultScript};
use sqlx::PgPool;
use store::media::{self, Media, Stored};

use crate::{
    house::{House, Person},
    networks::{Network, What},
};

const GIBIBYTE: u64 = 1 << 30;
const PAGE: usize = 4_096;
const CUTS: usize = 20;
/// Printed by a test that fails.
const SEED: u64 = 0x5eed;

/// Writes a film whose every page is another, and gives its digest.
fn film(file: File) -> Vec<u8> {
    let mut head = Vec::from(*b"\0\0\0\x18ftypisom\0\0\0\0isommp42");
    head.resize(PAGE, 0x5a);
    let (mut out, mut digest) = (BufWriter::with_capacity(1 << 20, file), Sha256::new());
    let mut page = head;
    for number in 0..GIBIBYTE / PAGE as u64 {
        out.write_all(&page).unwrap();
        digest.update(&page);
        page[32..40].copy_from_slice(&number.to_le_bytes());
    }
    out.flush().unwrap();
    digest.finalize().to_vec()
}

/// Keeps a film as an upload of its author would be kept.
async fn keep(house: &House, author: &Person) -> (MediaId, Vec<u8>) {
    let me = house.get(author, "/api/me").await.json();
    let user: UserId = me["user"]["id"].as_str().unwrap().parse().unwrap();
    let id = MediaId::mint();
    let key = format!("media/{id}");
    let path = house.kept(&key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sha256 = film(File::create(path).unwrap());
    let stored = Stored {
        object_key: key,
        facts: MediaFacts::Video {
            container: Container::Mp4,
            video_codec: VideoCodec::H264,
            audio_codec: None,
            width: 1_080,
            height: 1_920,
            duration_ms: 120_000,
            frames_per_second: 30.0,
            bytes: GIBIBYTE,
        },
        sha256: sha256.clone(),
    };
    let row = Media {
        id,
        kind: MediaKind::Video,
        source_url: String::new(),
        stored: Some(stored),
    };
    media::add(&house.pool, user, &row).await.unwrap();
    (id, sha256)
}

async fn arrives_whole(pool: PgPool, platform: Platform, host: &str, route: &str, chunk: u64) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, platform).await;
    let (film, sha256) = keep(&house, &author).await;
    let mut draft = house.draft(Network::of(platform), What::Video, "A long one");
    draft["media"] = json!({ "type": "video", "mediaId": film });

    let mut chance = fastrand::Rng::with_seed(SEED);
    let chunks = u32::try_from(GIBIBYTE / chunk).unwrap();
    for nth in chance.choose_multiple(1..=chunks, CUTS) {
        let cut = Fault::CutRequest {
            bytes: chance.u64(0..chunk),
        };
        house.script(FaultScript::first(host, route, cut).nth(nth));
    }
    let id = house.post(&author, &draft).await;
    house.run_all().await;

    let status = house.status(&author, &id).await;
    assert_eq!(status["status"], "published", "seed {SEED}: {status}");
    let live = house.live("A long one");
    let [post] = live.as_slice() else {
        panic!("seed {SEED}: {} are live", live.len());
    };
    let [media] = post.media.as_slice() else {
        panic!("seed {SEED}: {post:?}");
    };
    assert_eq!(
        (&media.digest, media.bytes),
        (&hex::encode(sha256), GIBIBYTE)
    );
    let calls = house.networks.calls();
    let name = format!("{host} {route}");
    let uploads = calls.iter().filter(|call| **call == name).count();
    assert!(
        uploads >= usize::try_from(chunks).unwrap() + CUTS,
        "seed {SEED}: {uploads} calls for {chunks} chunks; was anything cut?"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_gibibyte_reaches_youtube_whole_and_once_although_it_breaks_off_twenty_times(
    pool: PgPool,
) {
    let route = "PUT /upload/youtube/v3/videos";
    let host = "www.googleapis.com";
    Box::pin(arrives_whole(pool, Platform::Youtube, host, route, 8 << 20)).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_gibibyte_reaches_tiktok_whole_and_once_although_it_breaks_off_twenty_times(
    pool: PgPool,
) {
    let host = "open-upload.tiktokapis.com";
    let route = "PUT /video/";
    Box::pin(arrives_whole(
        pool,
        Platform::Tiktok,
        host,
        route,
        10_000_000,
    ))
    .await;
}

//! News that no network signed changes nothing.

use domain::Platform;
use http::StatusCode;
use sqlx::PgPool;

use super::house::{HANDLE, House, SUBJECT, Signer, now};

/// A request that this signer did not make: what is wrong with it, its headers, its body.
struct Forged {
    what: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_not_signed_over_these_bytes_with_this_secret_is_refused(pool: PgPool) {
    let house = House::open(pool).inhabited().await;
    for signer in Signer::ALL {
        let forged = forged(signer);
        assert!(forged.len() >= 60, "{signer:?}: {}", forged.len());
        for Forged {
            what,
            headers,
            body,
        } in forged
        {
            let answer = house.house.post(signer.platform(), &headers, body).await;
            let what = format!("{signer:?}, {what}: {answer:?}");
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
            assert_eq!(answer.rule(), "unsigned_event", "{what}");
            assert!(!answer.body.contains("canary"), "{what}");
        }
    }
    assert_eq!(house.house.count("webhook_receipts").await, 0);
    house.untouched().await;

    // The same house does listen to the networks themselves.
    for signer in Signer::ALL {
        let answer = house.house.tell(signer, &signer.news("true")).await;
        assert_eq!(answer.status, StatusCode::OK, "{signer:?}: {answer:?}");
    }
    assert_eq!(house.house.count("webhook_receipts").await, 3);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_signed_but_is_no_event_is_malformed(pool: PgPool) {
    let house = House::open(pool).inhabited().await;
    for signer in Signer::ALL {
        let news = signer.news("true");
        for body in [
            "",
            " ",
            "{",
            "[",
            "null x",
            "\u{feff}{}",
            &news[..news.len() - 1],
        ] {
            let answer = house.house.tell(signer, body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{signer:?} {body}");
            assert_eq!(answer.rule(), "malformed_event", "{signer:?} {body}");
        }
    }
    assert_eq!(house.house.count("webhook_receipts").await, 0);
    house.untouched().await;
}

fn forged(signer: Signer) -> Vec<Forged> {
    let (time, body) = (now(), signer.news("true"));
    let right = signer.sign(body.as_bytes(), time);
    let (secret, other_secret) = signer.secrets();
    let mut all = Vec::new();
    let mut forge = |what: String, headers: Vec<(&'static str, String)>, body: &[u8]| {
        all.push(Forged {
            what,
            headers,
            body: body.to_vec(),
        });
    };
    let own = signer.header();

    forge("no header".to_owned(), vec![], body.as_bytes());
    for other in Signer::ALL.into_iter().filter(|other| *other != signer) {
        let theirs = other.sign_with(&secret, body.as_bytes(), time);
        forge(
            format!("the way of {other:?}"),
            vec![(other.header(), theirs.clone())],
            body.as_bytes(),
        );
        forge(
            format!("the value of {other:?}"),
            vec![(own, theirs)],
            body.as_bytes(),
        );
        forge(
            format!("the header of {other:?}"),
            vec![(other.header(), right.clone())],
            body.as_bytes(),
        );
    }
    let cases = [
        ("empty", String::new()),
        ("a space", " ".to_owned()),
        (
            "no value",
            right.split('=').next().unwrap().to_owned() + "=",
        ),
        (
            "a bare digest",
            right
                .rsplit('=')
                .find(|part| !part.is_empty())
                .unwrap()
                .to_owned(),
        ),
        ("a digest of zeros", zeros(&right)),
        ("cut by one", right[..right.len() - 1].to_owned()),
        ("cut by two", right[..right.len() - 2].to_owned()),
        ("cut in half", right[..right.len() / 2].to_owned()),
        ("one too many", format!("{right}0")),
        ("two too many", format!("{right}00")),
        ("doubled", format!("{right}{right}")),
        ("another name", right.replacen(['s', 't'], "q", 1)),
        ("reversed", right.chars().rev().collect()),
        (
            "no digits",
            right
                .chars()
                .map(|c| if c.is_ascii_digit() { 'g' } else { c })
                .collect(),
        ),
    ];
    for (what, value) in cases {
        forge(what.to_owned(), vec![(own, value)], body.as_bytes());
    }
    for wrong in [
        "",
        " ",
        "secret",
        &other_secret,
        &secret.to_uppercase(),
        &format!("{secret} "),
        &secret[1..],
        &format!("{secret}\0x"),
    ] {
        let value = signer.sign_with(wrong, body.as_bytes(), time);
        forge(
            format!("secret {wrong:?}"),
            vec![(own, value)],
            body.as_bytes(),
        );
    }
    // Every byte of the digest counts, and every byte of the body.
    let digest = right
        .rfind('=')
        .filter(|at| at + 1 < right.len())
        .map_or_else(|| right.find('=').unwrap(), |at| at)
        + 1;
    for place in (digest..right.len() - 2).step_by(2) {
        let mut bytes = right.clone().into_bytes();
        bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
        let value = String::from_utf8(bytes).unwrap();
        forge(
            format!("letter {place} of the signature"),
            vec![(own, value)],
            body.as_bytes(),
        );
    }
    for place in (0..body.len()).step_by(7) {
        let mut bytes = body.clone().into_bytes();
        bytes[place] ^= 1;
        forge(
            format!("byte {place} of the body"),
            vec![(own, right.clone())],
            &bytes,
        );
    }
    for (what, other) in [
        ("a line more", format!("{body}\n")),
        ("a space before", format!(" {body}")),
        ("nothing", String::new()),
        ("twice", format!("{body}{body}")),
        ("other news", signer.news("other")),
    ] {
        forge(
            format!("a body with {what}"),
            vec![(own, right.clone())],
            other.as_bytes(),
        );
    }
    if signer == Signer::Tiktok {
        for late in [
            -86_400,
            -301 - 30,
            301 + 30,
            86_400,
            i64::MIN / 2,
            i64::MAX / 2,
        ] {
            let value = signer.sign(body.as_bytes(), time.saturating_add(late));
            forge(
                format!("signed {late} s off"),
                vec![(own, value)],
                body.as_bytes(),
            );
        }
        for (what, value) in [
            (
                "another time",
                right.replacen(&time.to_string(), &(time - 1).to_string(), 1),
            ),
            ("no time", right.split_once(',').unwrap().1.to_owned()),
            ("no signature", right.split_once(',').unwrap().0.to_owned()),
            (
                "a time in words",
                right.replacen(&time.to_string(), "now", 1),
            ),
        ] {
            forge(what.to_owned(), vec![(own, value)], body.as_bytes());
        }
    }
    all
}

fn zeros(right: &str) -> String {
    let (name, digest) = right.split_once('=').unwrap();
    format!("{name}={}", "0".repeat(digest.len()))
}

/// A house in which every piece of news would change something.
struct Inhabited {
    house: House,
    connections: Vec<domain::ConnectionId>,
    post: domain::PostId,
}

impl House {
    async fn inhabited(self) -> Inhabited {
        let mut connections = Vec::new();
        for platform in Platform::ALL {
            connections.push(self.connection(platform, SUBJECT).await);
        }
        let youtube = connections[6];
        let post = self
            .post_at(youtube, Platform::Youtube, "confirming", HANDLE)
            .await;
        Inhabited {
            house: self,
            connections,
            post,
        }
    }
}

impl Inhabited {
    async fn untouched(&self) {
        for connection in &self.connections {
            assert_eq!(self.house.health(*connection).await, "active");
        }
        assert_eq!(self.house.rang(self.post).await, 0);
    }
}

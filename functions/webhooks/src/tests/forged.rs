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
async fn what_was_not_signed_over_these_bytes_with_this_secret_is_not_heard(pool: PgPool) {
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
            if signer == Signer::Youtube {
                // A hub is not told that its signature was not believed (WebSub 7.1.2).
                assert_eq!(answer.status, StatusCode::OK, "{what}");
            } else {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
                assert_eq!(answer.rule(), "unsigned_event", "{what}");
            }
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
    assert_eq!(house.house.count("webhook_receipts").await, 4);
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

/// Genuine news of a signer, from which all forgeries are made.
struct Genuine {
    signer: Signer,
    time: i64,
    body: String,
    signature: String,
}

fn forged(signer: Signer) -> Vec<Forged> {
    let (time, body) = (now(), signer.news("true"));
    let genuine = Genuine {
        signer,
        time,
        signature: signer.sign(body.as_bytes(), time),
        body,
    };
    let mut all = genuine.in_other_ways();
    all.extend(genuine.with_other_signatures());
    all.extend(genuine.with_other_secrets());
    all.extend(genuine.with_other_bodies());
    if signer == Signer::Tiktok {
        all.extend(genuine.at_other_times());
    }
    all
}

impl Genuine {
    fn with_headers(&self, what: String, headers: Vec<(&'static str, String)>) -> Forged {
        Forged {
            what,
            headers,
            body: self.body.clone().into_bytes(),
        }
    }

    fn signed(&self, what: impl Into<String>, signature: impl Into<String>) -> Forged {
        let headers = vec![(self.signer.header(), signature.into())];
        self.with_headers(what.into(), headers)
    }

    fn in_other_ways(&self) -> Vec<Forged> {
        let mut all = vec![self.with_headers("no header".to_owned(), Vec::new())];
        let others = Signer::ALL
            .into_iter()
            .filter(|other| *other != self.signer);
        for other in others {
            let secret = self.signer.secrets().0;
            let theirs = other.sign_with(&secret, self.body.as_bytes(), self.time);
            let way = vec![(other.header(), theirs.clone())];
            let header = vec![(other.header(), self.signature.clone())];
            all.push(self.with_headers(format!("the way of {other:?}"), way));
            all.push(self.with_headers(format!("the header of {other:?}"), header));
            all.push(self.signed(format!("the value of {other:?}"), theirs));
        }
        all
    }

    fn with_other_signatures(&self) -> Vec<Forged> {
        let right = self.signature.as_str();
        let name = right.split('=').next().unwrap();
        let digest = &right[self.digest()..];
        let letters = |bent: fn(char) -> char| right.chars().map(bent).collect::<String>();
        let mut all = vec![
            self.signed("empty", ""),
            self.signed("a space", " "),
            self.signed("no value", format!("{name}=")),
            self.signed(
                "a digest of zeros",
                right.replace(digest, &"0".repeat(digest.len())),
            ),
            self.signed("cut by one", &right[..right.len() - 1]),
            self.signed("cut by two", &right[..right.len() - 2]),
            self.signed("cut in half", &right[..right.len() / 2]),
            self.signed("one too many", format!("{right}0")),
            self.signed("two too many", format!("{right}00")),
            self.signed("doubled", format!("{right}{right}")),
            self.signed("another name", right.replacen(['s', 't'], "q", 1)),
            self.signed("reversed", right.chars().rev().collect::<String>()),
            self.signed(
                "no digits",
                letters(|c| if c.is_ascii_digit() { 'g' } else { c }),
            ),
        ];
        // LinkedIn documents the bare digest, and names the method before it to some: both are its own.
        if self.signer != Signer::Linkedin {
            all.push(self.signed("a bare digest", digest));
        }
        // Every part of the digest counts.
        for place in (self.digest()..right.len() - 2).step_by(2) {
            let mut bytes = right.to_owned().into_bytes();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            let bent = String::from_utf8(bytes).unwrap();
            all.push(self.signed(format!("letter {place} of the signature"), bent));
        }
        all
    }

    fn with_other_secrets(&self) -> Vec<Forged> {
        let (secret, other) = self.signer.secrets();
        [
            String::new(),
            " ".to_owned(),
            "secret".to_owned(),
            other,
            secret.to_uppercase(),
            format!("{secret} "),
            format!("{secret}\0x"),
            secret[1..].to_owned(),
        ]
        .into_iter()
        .map(|wrong| {
            let body = self.body.as_bytes();
            let signature = self.signer.sign_with(&wrong, body, self.time);
            self.signed(format!("secret {wrong:?}"), signature)
        })
        .collect()
    }

    fn with_other_bodies(&self) -> Vec<Forged> {
        let body = &self.body;
        let mut bodies: Vec<(String, Vec<u8>)> = [
            ("a line more", format!("{body}\n")),
            ("a space before", format!(" {body}")),
            ("nothing", String::new()),
            ("all of it twice", format!("{body}{body}")),
            ("other news", self.signer.news("other")),
        ]
        .map(|(what, other)| (what.to_owned(), other.into_bytes()))
        .into();
        for place in (0..body.len()).step_by(7) {
            let mut bytes = body.clone().into_bytes();
            bytes[place] ^= 1;
            bodies.push((format!("another byte {place}"), bytes));
        }
        bodies
            .into_iter()
            .map(|(what, body)| Forged {
                body,
                ..self.signed(format!("a body of {what}"), self.signature.as_str())
            })
            .collect()
    }

    fn at_other_times(&self) -> Vec<Forged> {
        let (time, right) = (self.time.to_string(), self.signature.as_str());
        let (timed, digest) = right.split_once(',').unwrap();
        let earlier = (self.time - 1).to_string();
        let mut all = vec![
            self.signed("another time", right.replacen(&time, &earlier, 1)),
            self.signed("a time in words", right.replacen(&time, "now", 1)),
            self.signed("no time", digest),
            self.signed("no signature", timed),
        ];
        // Signed by the network, but not in the last five minutes, nor in the next.
        for off in [-86_400, -331, 331, 86_400, i64::MIN / 2, i64::MAX / 2] {
            let time = self.time.saturating_add(off);
            let signature = self.signer.sign(self.body.as_bytes(), time);
            all.push(self.signed(format!("signed {off} s off"), signature));
        }
        all
    }

    /// Where in the signature the digest begins.
    fn digest(&self) -> usize {
        let equals = match self.signer {
            Signer::Tiktok => self.signature.rfind('='),
            Signer::Facebook | Signer::Linkedin | Signer::X | Signer::Youtube => {
                self.signature.find('=')
            }
        };
        equals.unwrap() + 1
    }
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

//! What the proxy understands of PostgreSQL's protocol: where a message ends, and which ones ask for
//! something to last. <https://www.postgresql.org/docs/current/protocol-message-formats.html> (read 2026-11-29)

use std::collections::HashMap;

use bytes::{Buf as _, Bytes, BytesMut};
use uuid::Uuid;

/// The kind of the first message of a client, which names none.
const START: u8 = 0;
/// The one statement after which a publisher may send.
const ARM: &str = "UPDATE posts SET stage = 'firing'";

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub(crate) struct Framer {
    bytes: BytesMut,
    has_begun: bool,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// What it is.
    pub(crate) kind: u8,
    /// All of it, as it goes on.
    pub(crate) bytes: Bytes,
}

impl Framer {
    pub(crate) fn of_client() -> Self {
        Self {
            bytes: BytesMut::new(),
            has_begun: false,
        }
    }

    pub(crate) fn of_server() -> Self {
        Self {
            bytes: BytesMut::new(),
            has_begun: true,
        }
    }

    /// Where what arrives is put.
    pub(crate) const fn inbox(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    /// The next message that is whole.
    pub(crate) fn message(&mut self) -> Option<Message> {
        let header = usize::from(self.has_begun);
        let length = self.bytes.get(header..header + 4)?;
        let length = <[u8; 4]>::try_from(length).ok()?;
        let whole = header + usize::try_from(u32::from_be_bytes(length)).ok()?;
        if self.bytes.len() < whole {
            return None;
        }
        let kind = if self.has_begun { self.bytes[0] } else { START };
        self.has_begun = true;
        Some(Message {
            kind,
            bytes: self.bytes.split_to(whole).freeze(),
        })
    }
}

impl Message {
    /// What stands behind kind and length.
    fn content(&self) -> Bytes {
        self.bytes
            .slice((4 + usize::from(self.kind != START)).min(self.bytes.len())..)
    }

    /// Whether a statement was done.
    pub(crate) const fn tells_the_end(&self) -> bool {
        self.kind == b'C'
    }

    /// The id in the first column of a row, unless the last one is null: an arm that was granted tells when.
    fn granted(&self) -> Option<Uuid> {
        if self.kind != b'D' || self.bytes.ends_with(&[0xff; 4]) {
            return None;
        }
        let mut row = self.content();
        row.try_get_u16().ok().filter(|columns| *columns > 1)?;
        let length = usize::try_from(row.try_get_i32().ok()?).ok()?;
        Uuid::from_slice(row.get(..length)?).ok()
    }

    /// Whether a statement was refused.
    pub(crate) const fn tells_an_error(&self) -> bool {
        self.kind == b'E'
    }
}

/// Something that a client wants to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A transaction, or a statement that may arm posts.
    Commit,
    /// A statement by itself.
    Statement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Arm,
    Read,
    Write,
}

/// What a client has said so far.
#[derive(Debug, Default)]
pub(crate) struct Session {
    statements: HashMap<Bytes, Sort>,
    bound: Option<Sort>,
    has_written: bool,
    is_in_transaction: bool,
    /// Whether what was asked for last arms.
    arms: bool,
    /// The posts that were armed, and that it is not known of whether that lasts.
    granted: Vec<Uuid>,
}

impl Session {
    /// Hears what the client says; gives what it wants to last with that.
    pub(crate) fn hears(&mut self, message: &Message) -> Option<Wish> {
        let mut content = message.content();
        match message.kind {
            b'P' => {
                let name = text(&mut content);
                let sort = Sort::of(&text(&mut content));
                self.statements.insert(name, sort);
            }
            b'B' => {
                drop(text(&mut content));
                self.bound = self.statements.get(&text(&mut content)).copied();
            }
            b'E' => {
                self.arms = self.bound == Some(Sort::Arm);
                self.has_written |= self.arms || self.bound == Some(Sort::Write);
            }
            b'S' => {
                let is_alone = !self.is_in_transaction && self.has_written;
                self.has_written = false;
                let wish = if self.arms {
                    Wish::Commit
                } else {
                    Wish::Statement
                };
                return is_alone.then_some(wish);
            }
            b'Q' => {
                self.arms = false;
                if content.starts_with(b"COMMIT") {
                    return Some(Wish::Commit);
                }
                self.granted.clear();
            }
            _ => {}
        }
        None
    }

    /// Hears what the server says.
    pub(crate) fn hears_answer(&mut self, message: &Message) {
        if message.kind == b'Z' {
            self.is_in_transaction = message.content().first() != Some(&b'I');
        } else if message.tells_an_error() {
            self.granted.clear();
        } else if self.arms {
            self.granted.extend(message.granted());
        }
    }

    /// The posts that are armed now that what was asked for lasts.
    pub(crate) fn armed(&mut self) -> Vec<Uuid> {
        std::mem::take(&mut self.granted)
    }
}

impl Sort {
    fn of(sql: &[u8]) -> Self {
        let sql = String::from_utf8_lossy(sql);
        let sql = sql.trim_start();
        let writes = |sql: &str| {
            ["DELETE ", "INSERT ", "UPDATE "]
                .iter()
                .any(|verb| sql.contains(verb))
        };
        if sql.contains(ARM) {
            Self::Arm
        } else if !sql.starts_with("SELECT") && writes(sql) {
            Self::Write
        } else {
            Self::Read
        }
    }
}

/// The text up to the next zero, which is taken out with it.
fn text(content: &mut Bytes) -> Bytes {
    let end = content.iter().position(|byte| *byte == 0);
    let text = content.split_to(end.unwrap_or(content.len()));
    if content.has_remaining() {
        content.advance(1);
    }
    text
}

#[cfg(test)]
mod tests {
    use bytes::BufMut as _;

    use super::*;

    fn message(kind: u8, content: &[u8]) -> Message {
        let mut bytes = BytesMut::new();
        bytes.put_u8(kind);
        bytes.put_u32(u32::try_from(content.len()).unwrap() + 4);
        bytes.put_slice(content);
        Message {
            kind,
            bytes: bytes.freeze(),
        }
    }

    fn parse(name: &str, sql: &str) -> Message {
        message(b'P', format!("{name}\0{sql}\0\0\0").as_bytes())
    }

    fn bind(name: &str, parameter: &[u8]) -> Message {
        let mut content = BytesMut::new();
        content.put_slice(format!("\0{name}\0").as_bytes());
        content.put_slice(&[0, 1, 0, 1, 0, 1]);
        content.put_u32(u32::try_from(parameter.len()).unwrap());
        content.put_slice(parameter);
        message(b'B', &content)
    }

    fn ready(status: u8) -> Message {
        message(b'Z', &[status])
    }

    #[test]
    fn messages_come_out_as_they_went_in_however_they_were_cut() {
        let mut stream = BytesMut::new();
        stream.put_slice(&[0, 0, 0, 9, 0, 3, 0, 0, 0]);
        let said = [message(b'Q', b"BEGIN\0"), message(b'S', b"")];
        for message in &said {
            stream.put_slice(&message.bytes);
        }
        for size in 1..stream.len() {
            let mut framer = Framer::of_client();
            let mut heard = Vec::new();
            for piece in stream.chunks(size) {
                framer.inbox().put_slice(piece);
                heard.extend(std::iter::from_fn(|| framer.message()));
            }
            let kinds: Vec<u8> = heard.iter().map(|message| message.kind).collect();
            assert_eq!(kinds, [START, b'Q', b'S'], "pieces of {size}");
            let whole: Vec<u8> = heard.iter().flat_map(|it| it.bytes.to_vec()).collect();
            assert_eq!(whole, stream);
        }
    }

    #[test]
    fn a_statement_by_itself_wants_to_last_if_it_writes() {
        for (sql, wish) in [
            ("SELECT 'UPDATE '", None),
            ("  UPDATE posts SET tries = 1", Some(Wish::Statement)),
            (
                "WITH late AS (UPDATE posts SET tries = 1) SELECT 1",
                Some(Wish::Statement),
            ),
            ("WITH known AS (SELECT 1) SELECT 1", None),
        ] {
            let mut session = Session::default();
            for message in [
                parse("s", sql),
                message(b'S', b""),
                bind("s", b"1"),
                message(b'E', b"\0\0\0\0\0"),
            ] {
                assert_eq!(session.hears(&message), None, "{sql}");
            }
            assert_eq!(session.hears(&message(b'S', b"")), wish, "{sql}");
            assert_eq!(session.hears(&message(b'S', b"")), None, "{sql}");
        }
    }

    /// A row of an id, something else, and a time.
    fn row(post: Uuid, armed_at: Option<[u8; 8]>) -> Message {
        let mut content = BytesMut::new();
        content.put_slice(&[0, 3, 0, 0, 0, 16]);
        content.put_slice(post.as_bytes());
        content.put_slice(&[0, 0, 0, 1, 1]);
        match armed_at {
            Some(time) => {
                content.put_u32(8);
                content.put_slice(&time);
            }
            None => content.put_slice(&[0xff; 4]),
        }
        message(b'D', &content)
    }

    /// A session that has asked for arms, of which one was granted and one was not.
    fn arming(status: u8, granted: Uuid) -> Session {
        let mut session = Session::default();
        session.hears_answer(&ready(status));
        for message in [
            parse("arm", &format!("WITH armed AS ({ARM} WHERE true) SELECT 1")),
            bind("arm", b"1"),
            message(b'E', b"\0\0\0\0\0"),
        ] {
            assert_eq!(session.hears(&message), None);
        }
        let wish = session.hears(&message(b'S', b""));
        assert_eq!(wish, (status == b'I').then_some(Wish::Commit));
        session.hears_answer(&row(Uuid::from_bytes([8; 16]), None));
        session.hears_answer(&row(granted, Some([0; 8])));
        session
    }

    #[test]
    fn a_commit_tells_the_posts_that_it_arms() {
        let post = Uuid::from_bytes([7; 16]);
        let mut session = arming(b'T', post);
        let commit = message(b'Q', b"COMMIT\0");
        assert_eq!(session.hears(&commit), Some(Wish::Commit));
        assert_eq!(session.armed(), [post]);
        assert_eq!(session.hears(&commit), Some(Wish::Commit));
        assert!(session.armed().is_empty());
    }

    #[test]
    fn a_statement_by_itself_tells_the_posts_that_it_arms() {
        let post = Uuid::from_bytes([7; 16]);
        let mut session = arming(b'I', post);
        assert_eq!(session.armed(), [post]);
        assert_eq!(session.hears(&message(b'S', b"")), None);
    }

    #[test]
    fn what_is_rolled_back_or_refused_arms_nothing() {
        let post = Uuid::from_bytes([7; 16]);
        let mut session = arming(b'T', post);
        session.hears(&message(b'Q', b"ROLLBACK\0"));
        assert!(session.armed().is_empty());
        let mut session = arming(b'I', post);
        session.hears_answer(&message(b'E', b"\0"));
        assert!(session.armed().is_empty());
    }
}

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

    /// Whether it is a row whose last column is null.
    pub(crate) fn ends_in_null(&self) -> bool {
        self.kind == b'D' && self.bytes.ends_with(&[0xff; 4])
    }

    /// Whether a statement was refused.
    pub(crate) const fn tells_an_error(&self) -> bool {
        self.kind == b'E'
    }
}

/// Something that a client wants to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A transaction, or a statement that arms; the post that it arms, where it arms one.
    Commit(Option<Uuid>),
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
    bound: Option<(Sort, Option<Uuid>)>,
    has_written: bool,
    is_in_transaction: bool,
    armed: Option<Uuid>,
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
                let sort = self.statements.get(&text(&mut content)).copied();
                self.bound = sort.map(|sort| (sort, first_parameter(content)));
            }
            b'E' => match self.bound {
                Some((Sort::Arm, post)) => (self.armed, self.has_written) = (post, true),
                Some((Sort::Write, _)) => self.has_written = true,
                Some((Sort::Read, _)) | None => {}
            },
            b'S' => {
                let is_alone = !self.is_in_transaction && self.has_written;
                self.has_written = false;
                let armed = if self.is_in_transaction {
                    None
                } else {
                    self.armed.take()
                };
                return is_alone.then_some(match armed {
                    Some(post) => Wish::Commit(Some(post)),
                    None => Wish::Statement,
                });
            }
            b'Q' if content.starts_with(b"COMMIT") => {
                return Some(Wish::Commit(self.armed.take()));
            }
            b'Q' => self.armed = None,
            _ => {}
        }
        None
    }

    /// Hears what the server says.
    pub(crate) fn hears_answer(&mut self, message: &Message) {
        if message.kind == b'Z' {
            self.is_in_transaction = message.content().first() != Some(&b'I');
        }
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

/// The first parameter of a `Bind` behind its two names, if it is an id.
fn first_parameter(mut content: Bytes) -> Option<Uuid> {
    let formats = content.try_get_u16().ok()?;
    for _ in 0..formats {
        content.try_get_u16().ok()?;
    }
    content.try_get_u16().ok().filter(|count| *count > 0)?;
    let length = usize::try_from(content.try_get_i32().ok()?).ok()?;
    Uuid::from_slice(content.get(..length)?).ok()
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

    #[test]
    fn a_commit_tells_the_post_that_it_arms() {
        let post = Uuid::from_bytes([7; 16]);
        let mut session = Session::default();
        session.hears_answer(&ready(b'T'));
        for message in [
            parse("arm", &format!("{ARM}, armed_at = now() WHERE id = $1")),
            bind("arm", post.as_bytes()),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
        ] {
            assert_eq!(session.hears(&message), None);
        }
        let commit = message(b'Q', b"COMMIT\0");
        assert_eq!(session.hears(&commit), Some(Wish::Commit(Some(post))));
        assert_eq!(session.hears(&commit), Some(Wish::Commit(None)));
    }

    #[test]
    fn a_statement_by_itself_tells_the_post_that_it_arms() {
        let post = Uuid::from_bytes([7; 16]);
        let mut session = Session::default();
        for message in [
            parse(
                "arm",
                &format!("WITH armed AS ({ARM} WHERE id = $1) SELECT 1"),
            ),
            bind("arm", post.as_bytes()),
            message(b'E', b"\0\0\0\0\0"),
        ] {
            assert_eq!(session.hears(&message), None);
        }
        let end = message(b'S', b"");
        assert_eq!(session.hears(&end), Some(Wish::Commit(Some(post))));
        assert_eq!(session.hears(&end), None);
    }

    #[test]
    fn what_is_rolled_back_arms_nothing() {
        let mut session = Session::default();
        session.hears_answer(&ready(b'T'));
        session.hears(&parse("arm", ARM));
        session.hears(&bind("arm", &[7; 16]));
        session.hears(&message(b'E', b"\0\0\0\0\0"));
        session.hears(&message(b'Q', b"ROLLBACK\0"));
        let commit = message(b'Q', b"COMMIT\0");
        assert_eq!(session.hears(&commit), Some(Wish::Commit(None)));
    }
}

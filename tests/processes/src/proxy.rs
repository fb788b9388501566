//! Stands between publishers and Postgres, cuts connections, and loses the answers to what was committed.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fastrand::Rng;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use crate::protocol::{Framer, Session, Wish};

/// How likely what goes wrong, from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Odds {
    /// A connection is cut at a message of its client.
    pub(crate) cut: f64,
    /// The answer to a `COMMIT` is lost.
    pub(crate) commit: f64,
    /// The answer to a statement that lasts by itself is lost.
    pub(crate) statement: f64,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Arms that were committed.
    pub(crate) arms: AtomicU64,
    /// Answers to `COMMIT` and to statements by themselves that were lost; what they answered lasts.
    pub(crate) answers_lost: AtomicU64,
    /// How many of them answered an arm.
    pub(crate) arms_lost: AtomicU64,
    /// Connections that were cut, those whose answers were lost not counted.
    pub(crate) cuts: AtomicU64,
}

/// Who is told of each arm that was committed, before its publisher is.
pub(crate) trait Witness: Send + Sync {
    /// Which process comes through a door now.
    fn process(&self, door: usize) -> Option<u32>;

    /// That process armed a post.
    fn armed(&self, door: usize, process: u32, post: Uuid);
}

/// The proxy. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Proxy(Arc<Inner>);

struct Inner {
    server: SocketAddr,
    odds: Mutex<Odds>,
    chance: Mutex<Rng>,
    counts: Counts,
}

impl Proxy {
    /// One that lets everything through.
    pub(crate) fn new(server: SocketAddr, chance: Rng) -> Self {
        Self(Arc::new(Inner {
            server,
            odds: Mutex::default(),
            chance: Mutex::new(chance),
            counts: Counts::default(),
        }))
    }

    /// From here on it goes wrong that often.
    pub(crate) fn set_odds(&self, odds: Odds) {
        *self.0.odds.lock().unwrap_or_else(PoisonError::into_inner) = odds;
    }

    /// What happened so far.
    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Opens a door; gives its port.
    pub(crate) async fn open(&self, door: usize, witness: Arc<dyn Witness>) -> io::Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (inner, witness) = (Arc::clone(&inner), Arc::clone(&witness));
                tokio::spawn(async move {
                    // Either end may go at any time; the other one then learns of it.
                    let process = witness.process(door);
                    let armed = |post| {
                        if let Some(process) = process {
                            witness.armed(door, process, post);
                        }
                    };
                    drop(inner.carry(client, armed).await);
                });
            }
        });
        Ok(port)
    }
}

impl Inner {
    async fn carry(&self, mut client: TcpStream, armed: impl Fn(Uuid) + Send) -> io::Result<()> {
        let mut server = TcpStream::connect(self.server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut asked, mut answered) = (Framer::of_client(), Framer::of_server());
        let mut session = Session::default();
        let mut awaited: Option<(Wish, bool)> = None;
        loop {
            tokio::select! {
                read = client.read_buf(asked.inbox()) => if read? == 0 {
                    return Ok(());
                },
                read = server.read_buf(answered.inbox()) => if read? == 0 {
                    return Ok(());
                },
            }
            while let Some(message) = asked.message() {
                if self.draws(|odds| odds.cut) {
                    self.counts.cuts.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                if let Some(wish) = session.hears(&message) {
                    awaited = Some((wish, self.loses(wish)));
                }
                server.write_all(&message.bytes).await?;
            }
            while let Some(message) = answered.message() {
                session.hears_answer(&message);
                if message.tells_an_error() {
                    awaited = None;
                }
                if let Some((wish, is_lost)) = awaited {
                    if message.tells_the_end() {
                        awaited = None;
                        let posts = match wish {
                            Wish::Commit => session.armed(),
                            Wish::Statement => Vec::new(),
                        };
                        self.lasts(posts.len(), is_lost);
                        posts.into_iter().for_each(&armed);
                    }
                    if is_lost {
                        if awaited.is_none() {
                            return Ok(());
                        }
                        continue;
                    }
                }
                client.write_all(&message.bytes).await?;
            }
        }
    }

    fn loses(&self, wish: Wish) -> bool {
        self.draws(|odds| match wish {
            Wish::Commit => odds.commit,
            Wish::Statement => odds.statement,
        })
    }

    fn draws(&self, odds: impl Fn(&Odds) -> f64) -> bool {
        let odds = odds(&self.odds.lock().unwrap_or_else(PoisonError::into_inner));
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        chance.f64() < odds
    }

    /// Counts what lasts, how many posts it armed, and whether its client will hear of it.
    fn lasts(&self, armed: usize, is_lost: bool) {
        let counts = &self.counts;
        let armed = u64::try_from(armed).unwrap_or(u64::MAX);
        counts.arms.fetch_add(armed, Ordering::Relaxed);
        counts
            .answers_lost
            .fetch_add(u64::from(is_lost), Ordering::Relaxed);
        counts
            .arms_lost
            .fetch_add(u64::from(armed > 0 && is_lost), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use sqlx::{
        Connection as _, PgConnection, PgPool,
        postgres::{PgConnectOptions, PgSslMode},
    };

    use super::*;

    struct Nobody;

    impl Witness for Nobody {
        fn process(&self, _: usize) -> Option<u32> {
            None
        }

        fn armed(&self, _: usize, _: u32, _: Uuid) {}
    }

    /// A proxy before the server of a pool, where words can be kept, and the way through it.
    async fn before(pool: &PgPool) -> (Proxy, PgConnectOptions) {
        sqlx::query("CREATE TABLE kept (word text PRIMARY KEY)")
            .execute(pool)
            .await
            .unwrap();
        let options = (*pool.connect_options()).clone();
        let host = options
            .get_host()
            .parse()
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let proxy = Proxy::new((host, options.get_port()).into(), Rng::with_seed(1));
        let port = proxy.open(0, Arc::new(Nobody)).await.unwrap();
        // As publishers do: what is sealed from end to end cannot be read here.
        let way = options.host("127.0.0.1").port(port);
        (proxy, way.ssl_mode(PgSslMode::Disable))
    }

    async fn keep(db: &mut PgConnection, word: &str) -> Result<(), sqlx::Error> {
        let kept = sqlx::query("INSERT INTO kept VALUES ($1)").bind(word);
        kept.execute(db).await.map(drop)
    }

    async fn kept(pool: &PgPool) -> Vec<String> {
        let words = sqlx::query_scalar("SELECT word FROM kept ORDER BY word");
        words.fetch_all(pool).await.unwrap()
    }

    fn told(proxy: &Proxy) -> (u64, u64) {
        let counts = proxy.counts();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&counts.answers_lost), of(&counts.cuts))
    }

    #[sqlx::test]
    async fn what_a_lost_answer_told_of_lasts_and_is_counted(pool: PgPool) {
        let (proxy, way) = before(&pool).await;
        let mut link = PgConnection::connect_with(&way).await.unwrap();
        keep(&mut link, "heard").await.unwrap();
        assert_eq!(
            (kept(&pool).await, told(&proxy)),
            (vec!["heard".to_owned()], (0, 0))
        );

        proxy.set_odds(Odds {
            statement: 1.0,
            ..Odds::default()
        });
        let refused = keep(&mut link, "heard").await.unwrap_err();
        assert!(refused.as_database_error().is_some(), "{refused}");
        assert_eq!(told(&proxy), (0, 0), "nothing lasts that was refused");
        let lost = keep(&mut link, "alone").await.unwrap_err();
        assert!(lost.as_database_error().is_none(), "{lost}");
        assert_eq!(
            (kept(&pool).await, told(&proxy)),
            (vec!["alone".to_owned(), "heard".to_owned()], (1, 0))
        );

        proxy.set_odds(Odds {
            commit: 1.0,
            ..Odds::default()
        });
        let mut link = PgConnection::connect_with(&way).await.unwrap();
        let mut transaction = link.begin().await.unwrap();
        keep(&mut transaction, "together").await.unwrap();
        transaction.commit().await.unwrap_err();
        assert_eq!(kept(&pool).await, ["alone", "heard", "together"]);
        assert_eq!(told(&proxy), (2, 0));
    }

    #[sqlx::test]
    async fn what_was_cut_off_does_not_last(pool: PgPool) {
        let (proxy, way) = before(&pool).await;
        let mut link = PgConnection::connect_with(&way).await.unwrap();
        proxy.set_odds(Odds {
            cut: 1.0,
            ..Odds::default()
        });
        keep(&mut link, "cut").await.unwrap_err();
        assert_eq!((kept(&pool).await, told(&proxy)), (Vec::new(), (0, 1)));
    }
}

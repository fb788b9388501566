//! Statements one after another, each sent in the way that what stands before the database bears.

use std::future::ready;

use futures_util::{
    future::BoxFuture,
    stream::{BoxStream, StreamExt as _, TryStreamExt as _, iter, once},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, Postgres, SqlStr, Transaction,
    error::BoxDynError,
    pool::PoolConnection,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use crate::Pool;

/// Rows, and how many a statement touched.
type Step = Either<PgQueryResult, PgRow>;

/// Takes statements one after another: each by itself, or all in one transaction, which is undone
/// when this is dropped without [`Link::commit`].
#[derive(Debug)]
pub struct Link(pub(crate) Line);

#[derive(Debug)]
pub(crate) enum Line {
    /// Each by itself, on one connection.
    Connection(PoolConnection<Postgres>),
    /// Each by itself, on any connection.
    Pool(Pool),
    /// All in one transaction.
    Transaction(Transaction<'static, Postgres>),
    /// All in one transaction, through a pooler that keeps no prepared statements.
    Unprepared(Transaction<'static, Postgres>),
}

impl Link {
    /// Makes what the transaction did last; without one, each statement has seen to that itself.
    ///
    /// # Errors
    /// An error may mean that only the answer was lost: then it is open whether the transaction lasts.
    pub async fn commit(self) -> Result<(), Error> {
        match self.0 {
            Line::Connection(_) | Line::Pool(_) => Ok(()),
            Line::Transaction(transaction) | Line::Unprepared(transaction) => {
                transaction.commit().await
            }
        }
    }
}

impl<'c> Executor<'c> for &'c mut Link {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match &mut self.0 {
            Line::Connection(connection) => connection.fetch_many(query),
            Line::Pool(pool) => (&*pool).fetch_many(query),
            Line::Transaction(transaction) => transaction.fetch_many(query),
            Line::Unprepared(transaction) => transaction.fetch_many(Unnamed(query)),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match &mut self.0 {
            Line::Connection(connection) => connection.fetch_optional(query),
            Line::Pool(pool) => (&*pool).fetch_optional(query),
            Line::Transaction(transaction) => transaction.fetch_optional(query),
            Line::Unprepared(transaction) => transaction.fetch_optional(Unnamed(query)),
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        match &mut self.0 {
            Line::Connection(connection) => connection.prepare_with(sql, parameters),
            Line::Pool(pool) => (&*pool).prepare_with(sql, parameters),
            Line::Transaction(transaction) => transaction.prepare_with(sql, parameters),
            Line::Unprepared(_) => unprepared(),
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        match &mut self.0 {
            Line::Connection(connection) => connection.describe(sql),
            Line::Pool(pool) => (&*pool).describe(sql),
            Line::Transaction(transaction) => transaction.describe(sql),
            Line::Unprepared(_) => unprepared(),
        }
    }
}

impl<'c> Executor<'c> for &'_ Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if let Some(sessions) = self.sessions() {
            return sessions.fetch_many(query);
        }
        let pool = self.clone();
        // Told only when it lasts.
        let told = async move {
            let mut link = pool.begin().await?;
            let steps: Vec<Step> = link.fetch_many(query).try_collect().await?;
            link.commit().await?;
            Ok::<_, Error>(iter(steps.into_iter().map(Ok)))
        };
        once(told).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if let Some(sessions) = self.sessions() {
            return sessions.fetch_optional(query);
        }
        let pool = self.clone();
        Box::pin(async move {
            let mut link = pool.begin().await?;
            let row = link.fetch_optional(query).await?;
            link.commit().await?;
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        match self.sessions() {
            Some(sessions) => sessions.prepare_with(sql, parameters),
            None => unprepared(),
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        match self.sessions() {
            Some(sessions) => sessions.describe(sql),
            None => unprepared(),
        }
    }
}

fn unprepared<'e, T: Send + 'e>() -> BoxFuture<'e, Result<T, Error>> {
    let reason = "a pooler in transaction mode keeps no prepared statements";
    Box::pin(ready(Err(Error::Configuration(reason.into()))))
}

/// A statement that the session forgets with the next one.
///
/// Parsed and run in two messages: without a transaction around both, a pooler may give the second
/// to another session, which never heard of the first.
struct Unnamed<E>(E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Unnamed<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}

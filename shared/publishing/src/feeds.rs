//! Asking networks to tell us of what happens in an account's feed, and calling it off again.

use domain::Platform;
use platforms::{App, AppContext};
use store::{StoreError, subscriptions};
use time::{Duration, OffsetDateTime};

use crate::Publisher;

/// How many feeds one sweep asks for; the next minute takes the rest.
const AT_MOST: i64 = 50;
/// How long before its end a subscription is asked for anew.
const MARGIN: Duration = Duration::DAY;

impl Publisher {
    /// Asks for the feeds of accounts that were connected and calls off those that nobody is connected to any
    /// more; tells how many. The networks answer by a question to our webhook address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look_after_feeds(&self) -> Result<usize, StoreError> {
        let parts = &self.parts;
        // A hub outside reaches nobody's laptop.
        if parts.public_url.scheme() != "https" {
            return Ok(0);
        }
        let now = store::now(&parts.pool).await?;
        let mut feeds = 0;
        for platform in Platform::ALL {
            let login = platforms::profile(platform).usual_login();
            let Some(app) = parts
                .apps
                .find(login)
                .filter(|app| platforms::has_feeds(platform, app))
            else {
                continue;
            };
            for topic in subscriptions::wanted(&parts.pool, platform, MARGIN, AT_MOST).await? {
                self.feed(platform, &topic, app, true, now).await;
                feeds += 1;
            }
            for topic in subscriptions::unwanted(&parts.pool, platform, AT_MOST).await? {
                self.feed(platform, &topic, app, false, now).await;
                feeds += 1;
            }
        }
        Ok(feeds)
    }

    /// News is a hint that polls find out as well, so that an ask which fails is only asked again later.
    async fn feed(
        &self,
        platform: Platform,
        topic: &str,
        app: &App,
        begins: bool,
        now: OffsetDateTime,
    ) {
        let callback = self
            .parts
            .public_url
            .join(&format!("/api/webhooks/{platform}"));
        let Ok(callback) = callback else { return };
        let Some(call) = platforms::feed(platform, topic, &callback, app, begins) else {
            return;
        };
        if let Err(fault) = self
            .parts
            .wire
            .converse(call, &AppContext { now, app })
            .await
        {
            tracing::warn!(%platform, topic, begins, code = fault.code, evidence = fault.evidence, "a feed could not be asked for");
        }
    }
}

//! Opening the engine that the settings name.

use aws_types::SdkConfig;
use settings::DoorbellSettings;
use store::Pool;

#[cfg(feature = "redis")]
use crate::RedisSettings;
use crate::{AwsSettings, Doorbell, Reach, Timers};

/// Why the engine that the settings name cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQS is asked for where nothing tells how AWS is reached.
    #[error("DOORBELL=aws is set, but this program does not reach AWS")]
    NoCloud,
    /// `DOORBELL=redis` in a build without it.
    #[error("DOORBELL=redis needs a build with the feature `redis`: cargo dev --features redis")]
    NotBuiltIn,
}

/// The doorbell that the settings name; AWS is reached as `config` says. Nothing is connected to yet.
///
/// # Errors
/// [`OpenError`].
pub fn open(
    settings: DoorbellSettings,
    config: Option<&SdkConfig>,
    pool: Pool,
) -> Result<Doorbell, OpenError> {
    match settings {
        DoorbellSettings::Aws(aws) => {
            let config = config.ok_or(OpenError::NoCloud)?;
            let timers = aws.timers.map(|timers| Timers {
                group: timers.group,
                queue_arn: timers.queue_arn,
                role_arn: timers.role_arn,
                dead_letter_arn: timers.dead_letter_arn,
            });
            let settings = AwsSettings {
                queue_url: aws.queue_url,
                immediate_queue_url: aws.immediate_queue_url,
                delivery_queue_url: aws.delivery_queue_url,
                timers,
                reach: Reach::default(),
            };
            Ok(Doorbell::aws(settings, config, pool))
        }
        DoorbellSettings::Postgres => Ok(Doorbell::postgres(pool)),
        #[cfg(feature = "redis")]
        DoorbellSettings::Redis { url } => Ok(Doorbell::redis(RedisSettings::at(url), pool)),
        #[cfg(not(feature = "redis"))]
        DoorbellSettings::Redis { .. } => Err(OpenError::NotBuiltIn),
    }
}

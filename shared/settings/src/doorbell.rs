//! What rings for posts.

use crate::Reader;

/// What rings for posts.
#[derive(Debug, Clone)]
pub enum DoorbellSettings {
    /// SQS and EventBridge Scheduler.
    Aws(AwsDoorbell),
    /// The database itself.
    Postgres,
    /// A Redis.
    Redis {
        /// `REDIS_URL`.
        url: String,
    },
}

/// Where to ring in the cloud.
#[derive(Debug, Clone)]
pub struct AwsDoorbell {
    /// `QUEUE_URL`: the queue of rings that are due later.
    pub queue_url: String,
    /// `IMMEDIATE_QUEUE_URL`: the queue of rings that are due at once.
    pub immediate_queue_url: String,
    /// `DELIVERY_QUEUE_URL`: the queue of rings for deliveries to users' own servers.
    pub delivery_queue_url: String,
    /// What schedules are made of, for the functions that ring far ahead.
    pub timers: Option<TimerSettings>,
}

/// What one-shot schedules are made of: all four or none.
#[derive(Debug, Clone)]
pub struct TimerSettings {
    /// `SCHEDULE_GROUP`: the name of the group they are in.
    pub group: String,
    /// `SCHEDULE_QUEUE_ARN`: the queue they send to.
    pub queue_arn: String,
    /// `SCHEDULE_ROLE_ARN`: the role that may send.
    pub role_arn: String,
    /// `SCHEDULE_DEAD_LETTER_ARN`: the queue of what could not be sent.
    pub dead_letter_arn: String,
}

impl DoorbellSettings {
    /// Reads them. `DOORBELL` is `aws`, `postgres` or `redis`; default `postgres`.
    pub fn from_vars(reader: &mut Reader<'_>) -> Self {
        match reader.vars().find("DOORBELL") {
            None | Some("postgres") => Self::Postgres,
            Some("aws") => Self::Aws(AwsDoorbell {
                queue_url: reader.required("QUEUE_URL", String::new()),
                immediate_queue_url: reader.required("IMMEDIATE_QUEUE_URL", String::new()),
                delivery_queue_url: reader.required("DELIVERY_QUEUE_URL", String::new()),
                timers: timers(reader),
            }),
            Some("redis") => Self::Redis {
                url: reader.with_default("REDIS_URL", "redis://127.0.0.1:6379".to_owned()),
            },
            Some(_) => {
                reader.wrong("DOORBELL", "must be aws, postgres or redis");
                Self::Postgres
            }
        }
    }
}

fn timers(reader: &mut Reader<'_>) -> Option<TimerSettings> {
    reader.vars().under("SCHEDULE_").next()?;
    Some(TimerSettings {
        group: reader.required("SCHEDULE_GROUP", String::new()),
        queue_arn: reader.required("SCHEDULE_QUEUE_ARN", String::new()),
        role_arn: reader.required("SCHEDULE_ROLE_ARN", String::new()),
        dead_letter_arn: reader.required("SCHEDULE_DEAD_LETTER_ARN", String::new()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vars;

    fn read(pairs: &[(&str, &str)]) -> Result<DoorbellSettings, crate::SettingsError> {
        let pairs = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let vars = Vars::from_pairs(pairs);
        let mut reader = Reader::new(&vars);
        let settings = DoorbellSettings::from_vars(&mut reader);
        reader.finish(settings)
    }

    #[test]
    fn without_a_word_the_database_rings() {
        assert!(matches!(read(&[]), Ok(DoorbellSettings::Postgres)));
    }

    #[test]
    fn an_unknown_engine_is_refused_by_name() {
        let error = read(&[("DOORBELL", "rabbit")]).unwrap_err();
        assert_eq!(error.0[0].name, "DOORBELL");
    }

    #[test]
    fn the_cloud_needs_all_queues_and_all_of_the_timers_or_none() {
        let error = read(&[("DOORBELL", "aws"), ("SCHEDULE_GROUP", "posts")]).unwrap_err();
        let missing: Vec<_> = error
            .0
            .iter()
            .map(|problem| problem.name.as_str())
            .collect();
        let expected = [
            "QUEUE_URL",
            "IMMEDIATE_QUEUE_URL",
            "DELIVERY_QUEUE_URL",
            "SCHEDULE_QUEUE_ARN",
            "SCHEDULE_ROLE_ARN",
            "SCHEDULE_DEAD_LETTER_ARN",
        ];
        assert_eq!(missing, expected);
        let queues = [
            ("DOORBELL", "aws"),
            ("QUEUE_URL", "a"),
            ("IMMEDIATE_QUEUE_URL", "b"),
            ("DELIVERY_QUEUE_URL", "c"),
        ];
        let Ok(DoorbellSettings::Aws(aws)) = read(&queues) else {
            panic!("queues alone are enough");
        };
        assert!(aws.timers.is_none());
    }
}

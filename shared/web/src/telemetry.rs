//! The log.

use std::{error::Error, fmt};

use settings::Stage;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, JsonFields, Writer},
    },
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// Starts to write the log: JSON for machines in production, lines for people in development.
/// `RUST_LOG` chooses what is written.
pub fn telemetry(stage: Stage) {
    let registry = tracing_subscriber::registry().with(filter(wanted().as_deref()));
    if stage.is_development() {
        registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_target(false)
                    .compact()
                    .with_writer(std::io::stderr),
            )
            .init();
    } else {
        registry.with(json()).init();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is written is settled before settings are read, whose faults are written"
)]
fn wanted() -> Option<String> {
    std::env::var("RUST_LOG").ok()
}

/// `info` and quieter where nothing was said, or what nobody understands. `Targets` knows levels by target, such
/// as `info,sqlx=warn`; the library's other filter also knows fields, and weighs a megabyte.
fn filter(wanted: Option<&str>) -> Targets {
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}

fn json<S>() -> tracing_subscriber::fmt::Layer<S, JsonFields, WithCauses<Format<Json>>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .map_event_format(WithCauses)
}

/// Lines of JSON that also tell why: the library's own name only the outermost of a chain of errors (0.3, read
/// 2026-11-28).
struct WithCauses<F>(F);

impl<S, N, F> FormatEvent<S, N> for WithCauses<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let mut causes = Causes::default();
        event.record(&mut causes);
        match line.strip_suffix("}\n") {
            Some(fields) if !causes.0.is_empty() => {
                let causes = serde_json::json!(causes.0);
                writeln!(writer, "{fields},\"causes\":{causes}}}")
            }
            Some(_) | None => writer.write_str(&line),
        }
    }
}

/// What lies behind the errors of an event, the nearest first.
#[derive(Default)]
struct Causes(Vec<String>);

impl Visit for Causes {
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}

    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        let mut deeper = error.source();
        while let Some(cause) = deeper {
            self.0.push(cause.to_string());
            deeper = cause.source();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("a look ended early")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("the database said \"no\"")]
    struct Middle(#[source] io::Error);

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_written_is_chosen_by_target_and_is_info_otherwise() {
        let shown = |wanted| filter(wanted).to_string();
        assert_eq!(shown(None), "info");
        assert_eq!(shown(Some("info,sqlx=warn")), "sqlx=warn,info");
        assert_eq!(shown(Some("boo!=7")), "info");
    }

    fn written(log: impl FnOnce()) -> Value {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let layer = json().with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let bytes = buffer.0.lock().unwrap().clone();
        assert!(bytes.ends_with(b"\n"));
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_line_tells_the_whole_chain_of_an_error() {
        let error = Outer(Middle(io::Error::other("the pipe is broken")));
        let line = written(|| {
            tracing::error!(post.id = 7, error = &error as &dyn Error, "a ring was lost");
        });
        assert_eq!(line["error"], "a look ended early");
        assert_eq!(
            line["causes"],
            json!(["the database said \"no\"", "the pipe is broken"])
        );
        assert_eq!(
            (&line["post.id"], &line["level"]),
            (&json!(7), &json!("ERROR"))
        );
    }

    #[test]
    fn a_line_without_an_error_has_its_fields_at_the_top_and_no_causes() {
        let line = written(|| tracing::info!(late_ms = 12, "published"));
        assert_eq!(
            (&line["late_ms"], &line["message"]),
            (&json!(12), &json!("published"))
        );
        assert!(line.get("causes").is_none());
    }
}

//! What becomes of a post when LinkedIn answers with each of its refusals, row by row, through the whole flow.

use domain::Platform;
use platforms::{Answer, Usage, UsageOf, usage};
use serde_json::{Value, json};
use simulator::FaultScript;
use time::{Duration, macros::datetime};

use crate::{
    flows::{Make, linkedin::*},
    harness::{Outcome, Run, Stage},
};

/// One refusal, and what must become of the post.
struct Row {
    arranged: fn(Stage) -> Stage,
    content: Make,
    host: &'static str,
    route: &'static str,
    status: u16,
    body: Value,
    times: u32,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It fails with this code, and nothing is live.
    Fails(&'static str),
    /// It is published all the same.
    Goes,
    /// It is published once the trouble of this code is over.
    GoesOut(&'static str),
    /// It is published once the person has connected again.
    GoesOutConnectedAgain,
    /// Nobody can tell, and the post is not sent again.
    IsOpen,
    /// It waits for an operator or a person, with this code.
    Waits(&'static str),
}

fn row(status: u16, body: Value, end: End) -> Row {
    Row {
        arranged: member,
        content: text,
        host: API,
        route: POST,
        status,
        body,
        times: 1,
        end,
    }
}

impl Row {
    fn at(self, route: &'static str, content: Make) -> Self {
        let host = if route == UPLOAD { WWW } else { API };
        Self {
            content,
            host,
            route,
            ..self
        }
    }

    fn of(self, content: Make) -> Self {
        Self { content, ..self }
    }

    fn of_page(self) -> Self {
        Self {
            arranged: page,
            ..self
        }
    }

    fn renewable(self) -> Self {
        Self {
            arranged: renewable,
            ..self
        }
    }

    fn again_and_again(self) -> Self {
        Self { times: 100, ..self }
    }

    async fn run(&self) -> (Stage, Run) {
        let stage = (self.arranged)(Stage::new());
        let mut connection = connected(&stage).await;
        let fault = answer(self.status, self.body.clone());
        let script = FaultScript::first(self.host, self.route, fault);
        stage.simulator.script(script.times(self.times));
        let content = (self.content)(&stage);
        let run = stage.publish(&mut connection, &content).await;
        (stage, run)
    }
}

fn token(service: i64, code: &str) -> Value {
    json!({"status": 401, "serviceErrorCode": service, "code": code, "message": "Words"})
}

fn denied(resource: &str) -> Value {
    json!({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED",
        "message": format!("Not enough permissions to access: {resource}.20260701")})
}

/// As the documents interface is documented to refuse.
fn document_forbidden() -> Value {
    json!({"status": 403, "message": "Accessing this document resource is forbidden. Please check your permissions for this resource"})
}

fn app_limit() -> Value {
    json!({"status": 429, "serviceErrorCode": 101, "message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."})
}

#[expect(clippy::too_many_lines, reason = "one table, one row a refusal")]
fn rows() -> Vec<Row> {
    use End::{Fails, Goes, GoesOut, GoesOutConnectedAgain, IsOpen, Waits};
    let create = || denied("partnerApiPostsExternal.CREATE");
    vec![
        // 400: malformed.
        row(400, bad_input(400, "MISSING_FIELD"), Fails("post_refused")),
        row(400, refused(400, "MISSING_FIELD"), Fails("post_refused")),
        row(
            400,
            bad_input(400, "INVALID_VALUE_FOR_FIELD"),
            Fails("post_refused"),
        ),
        row(
            400,
            bad_input(400, "INVALID_URN_TYPE"),
            Fails("post_refused"),
        ),
        row(400, bad_input(400, "INVALID_URN_ID"), Fails("post_refused")),
        row(400, bad_input(400, "MISSING_FIELD"), Fails("post_refused")).at(IMAGES, picture),
        row(
            400,
            bad_input(400, "INVALID_VALUE_FOR_FIELD"),
            Fails("post_refused"),
        )
        .at(VIDEOS, titled_video),
        // 400: too long.
        row(
            400,
            bad_input(400, "FIELD_LENGTH_TOO_LONG"),
            Fails("caption_too_long"),
        ),
        // 400: media.
        row(
            400,
            bad_input(400, "INVALID_IMAGE_ID"),
            Fails("media_unknown"),
        )
        .of(picture)
        .again_and_again(),
        row(
            400,
            bad_input(400, "INVALID_VIDEO_ID"),
            Fails("media_unknown"),
        )
        .of(titled_video)
        .again_and_again(),
        row(
            400,
            bad_input(400, "INVALID_IMAGE_ID"),
            Fails("media_unknown"),
        ),
        row(
            400,
            bad_input(400, "MEDIA_ASSET_WAITING_UPLOAD"),
            GoesOut("media_not_ready"),
        )
        .of(titled_video),
        row(
            400,
            bad_input(400, "MEDIA_ASSET_WAITING_UPLOAD"),
            GoesOut("media_not_ready"),
        )
        .of(picture)
        .of_page(),
        row(
            400,
            bad_input(400, "MEDIA_ASSET_PROCESSING_FAILED"),
            Fails("media_unusable"),
        )
        .of(picture),
        row(
            400,
            bad_input(400, "UPDATING_ASSET_FAILED"),
            Fails("media_unusable"),
        )
        .of(picture),
        row(
            400,
            refused(400, "EXPIRED_UPLOAD_URL"),
            Fails("upload_refused"),
        )
        .at(UPLOAD, picture)
        .again_and_again(),
        row(
            403,
            refused(403, "EXPIRED_UPLOAD_URL"),
            Fails("upload_refused"),
        )
        .at(UPLOAD, picture)
        .again_and_again(),
        row(401, Value::Null, Fails("upload_refused"))
            .at(UPLOAD, titled_video)
            .again_and_again(),
        row(
            400,
            refused(400, "EXPIRED_UPLOAD_URL"),
            GoesOut("upload_ended"),
        ),
        row(
            400,
            refused(400, "EXPIRED_UPLOAD_URL"),
            Fails("upload_refused"),
        )
        .at(UPLOAD, document)
        .again_and_again(),
        row(
            400,
            bad_input(400, "MEDIA_ASSET_WAITING_UPLOAD"),
            GoesOut("media_not_ready"),
        )
        .of(document),
        row(
            400,
            bad_input(400, "MEDIA_ASSET_PROCESSING_FAILED"),
            Fails("media_unusable"),
        )
        .of(document),
        row(400, bad_input(400, "INVALID_URN_ID"), Fails("post_refused")).of(document),
        row(400, bad_input(400, "MISSING_FIELD"), Fails("post_refused")).at(DOCUMENTS, document),
        // 401.
        row(
            401,
            token(65600, "INVALID_ACCESS_TOKEN"),
            GoesOut("token_refused"),
        )
        .renewable(),
        row(
            401,
            token(65600, "INVALID_ACCESS_TOKEN"),
            GoesOutConnectedAgain,
        ),
        row(
            401,
            token(65601, "REVOKED_ACCESS_TOKEN"),
            GoesOutConnectedAgain,
        ),
        row(
            401,
            token(65602, "EXPIRED_ACCESS_TOKEN"),
            GoesOut("token_refused"),
        )
        .renewable(),
        row(
            401,
            token(65602, "EXPIRED_ACCESS_TOKEN"),
            GoesOutConnectedAgain,
        ),
        row(
            401,
            token(65602, "EXPIRED_ACCESS_TOKEN"),
            GoesOutConnectedAgain,
        )
        .at(IMAGES, picture),
        row(
            401,
            token(65602, "EXPIRED_ACCESS_TOKEN"),
            GoesOutConnectedAgain,
        )
        .at(UPLOAD, picture),
        // 403.
        row(403, create(), GoesOutConnectedAgain),
        row(403, create(), Waits("access_denied")).again_and_again(),
        row(403, create(), Waits("access_denied"))
            .of_page()
            .again_and_again(),
        row(
            403,
            denied("partnerApiImages.ACTION"),
            GoesOutConnectedAgain,
        )
        .at(IMAGES, picture),
        row(
            403,
            denied("partnerApiVideos.ACTION"),
            GoesOutConnectedAgain,
        )
        .at(VIDEOS, titled_video)
        .of_page(),
        row(403, document_forbidden(), GoesOutConnectedAgain).at(DOCUMENTS, document),
        row(403, document_forbidden(), Waits("access_denied"))
            .at(DOCUMENTS, document)
            .of_page()
            .again_and_again(),
        row(403, document_forbidden(), Goes).at(DOCUMENT, document),
        // 404, 413, 415.
        row(404, refused(404, "NOT_FOUND"), Fails("not_found")),
        row(
            413,
            json!({"status": 413, "message": "Words"}),
            Fails("file_refused"),
        )
        .at(UPLOAD, picture),
        row(
            415,
            json!({"status": 415, "message": "Words"}),
            Fails("file_refused"),
        )
        .at(UPLOAD, titled_video),
        row(413, refused(413, "ANYTHING"), Fails("file_refused")).at(UPLOAD, document),
        row(415, Value::Null, Fails("refused")).at(UPLOAD, document),
        // 409: once.
        row(409, refused(409, "CONFLICT"), GoesOut("conflict")).at(IMAGES, picture),
        row(409, refused(409, "CONFLICT"), IsOpen),
        // 422.
        row(422, bad_input(422, "ANYTHING"), Fails("post_refused")),
        row(422, bad_input(422, "DUPLICATE_POST"), IsOpen),
        // 426.
        row(
            426,
            refused(426, "NONEXISTENT_VERSION"),
            Waits("version_retired"),
        ),
        row(
            426,
            refused(426, "NONEXISTENT_VERSION"),
            Waits("version_retired"),
        )
        .at(VIDEO, titled_video),
        row(
            400,
            refused(400, "VERSION_MISSING"),
            Waits("version_missing"),
        ),
        // 429.
        row(429, limited(), GoesOut("daily_limit")),
        row(429, app_limit(), GoesOut("app_daily_limit")),
        row(429, limited(), GoesOut("daily_limit")).at(IMAGES, picture),
        row(429, Value::Null, GoesOut("daily_limit")).at(VIDEOS, titled_video),
        // 5xx: unknown for the post, a pause for all else.
        row(500, json!({"status": 500}), IsOpen),
        row(503, Value::Null, IsOpen),
        row(504, Value::Null, IsOpen),
        row(500, json!({"status": 500}), GoesOut("unavailable")).at(IMAGES, picture),
        row(503, Value::Null, GoesOut("unavailable")).at(UPLOAD, titled_video),
        row(504, Value::Null, GoesOut("unavailable")).at(VIDEO, titled_video),
        row(429, limited(), GoesOut("daily_limit")).at(DOCUMENTS, document),
        row(500, json!({"status": 500}), GoesOut("unavailable")).at(DOCUMENTS, document),
        row(503, Value::Null, GoesOut("unavailable")).at(UPLOAD, document),
        row(504, Value::Null, GoesOut("unavailable")).at(DOCUMENT, document),
        row(503, Value::Null, IsOpen).of(document),
        // What is not listed.
        row(400, bad_input(400, "SOMETHING_NEW"), IsOpen),
        row(418, json!({}), IsOpen),
        row(418, json!({}), Fails("refused")).at(IMAGES, picture),
    ]
}

#[tokio::test]
async fn each_refusal_ends_as_it_must() {
    for row in rows() {
        let (stage, run) = row.run().await;
        let what = format!(
            "{} {} {}\n{:?}\n{}",
            row.route, row.status, row.body, run.outcome, run.transcript
        );
        let said = run.transcript.to_string();
        let live = stage.simulator.ledger().posts().len();
        let is_so = match (row.end, &run.outcome) {
            (End::Fails(code), Outcome::Failed(fault))
            | (End::Waits(code), Outcome::Waiting(fault)) => fault.code == code && live == 0,
            (End::Goes, Outcome::Published(_)) => live == 1 && !said.contains("fault "),
            (End::GoesOut(code), Outcome::Published(_)) => {
                said.contains(&format!("fault {code}\n"))
                    && live == 1
                    && !said.contains("connected again")
            }
            (End::GoesOutConnectedAgain, Outcome::Published(_)) => {
                said.contains("connected again") && live == 1
            }
            (End::IsOpen, Outcome::Unconfirmed(candidates)) => {
                candidates.is_empty() && count(&run, "create_post") == 1
            }
            _ => false,
        };
        assert!(is_so, "{what}");
    }
}

#[tokio::test]
async fn the_token_endpoint_is_understood() {
    let exchange = "POST /oauth/v2/accessToken";
    for (status, body, code) in [
        (
            400,
            json!({"error": "invalid_request", "error_description": "Unable to retrieve access token: appId or redirect uri does not match authorization code or authorization code expired"}),
            "grant_ended",
        ),
        (
            400,
            json!({"error": "invalid_request", "error_description": "A required parameter \"client_secret\" is missing"}),
            "app_refused",
        ),
        (
            401,
            json!({"error": "invalid_client", "error_description": "Client authentication failed"}),
            "app_refused",
        ),
        (503, Value::Null, "unavailable"),
    ] {
        let stage = renewable(Stage::new());
        let mut connection = connected(&stage).await;
        let script = || FaultScript::first(WWW, exchange, answer(status, body.clone()));
        stage.simulator.script(script());
        let (refused, _) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
        assert_eq!(refused.expect_err("refused").code, code);
        stage.simulator.script(script());
        let refused = stage.refresh(&mut connection).await.expect("a refresh");
        assert_eq!(refused.expect_err("refused").code, code);
    }
}

#[test]
fn a_used_up_day_holds_the_member_or_the_app() {
    let now = datetime!(2026-03-04 05:06:07 UTC);
    let told = |status, body: Value, now| {
        let answer = Answer {
            status,
            headers: http::HeaderMap::new(),
            body: body.to_string().into_bytes(),
        };
        usage(Platform::Linkedin, &answer, now)
    };
    let held = |of, wait| {
        vec![Usage {
            of,
            percent: 100,
            free_in: Some(wait),
        }]
    };
    assert_eq!(
        told(429, limited(), now),
        held(UsageOf::Account, Duration::HOUR)
    );
    assert_eq!(
        told(429, app_limit(), now),
        held(UsageOf::App, Duration::HOUR)
    );
    let late = datetime!(2026-03-04 23:50 UTC);
    assert_eq!(
        told(429, limited(), late),
        held(UsageOf::Account, Duration::minutes(10))
    );
    assert_eq!(told(201, Value::Null, now), vec![]);
    assert_eq!(told(403, limited(), now), vec![]);
}

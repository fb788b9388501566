//! What becomes of a post when Pinterest answers with each of its refusals, row by row, through the whole flow.

use domain::Platform;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use crate::{
    flows::{Make, pinterest::*},
    harness::{Outcome, Run, Stage},
};

const REGISTER: &str = "POST /v5/media";
const STATUS: &str = "GET /v5/media/{id}";
const LOOK: &str = "GET /v5/boards/{board}/pins";
const FORM: &str = "POST /";

/// One refusal, and what must become of the post.
struct Row {
    content: Make,
    host: &'static str,
    route: &'static str,
    status: u16,
    body: Value,
    times: u32,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// It fails with this code, and nothing is live.
    Fails(String),
    /// It is published once the trouble is over.
    GoesOut,
    /// It is published once the person has connected again.
    GoesOutConnectedAgain,
    /// It is published with a renewed token.
    GoesOutRenewed,
    /// A person is to look what became of it.
    Unconfirmed,
    /// It waits for an operator, with this code.
    Waits(String),
}

fn fails(code: &str) -> End {
    End::Fails(code.to_owned())
}

fn waits(code: &str) -> End {
    End::Waits(code.to_owned())
}

fn row(status: u16, code: i64, message: &str, end: End) -> Row {
    Row {
        content: picture,
        host: API,
        route: CREATE,
        status,
        body: json!({"code": code, "message": message}),
        times: 1,
        end,
    }
}

impl Row {
    fn of(self, content: Make) -> Self {
        Self { content, ..self }
    }

    fn at(self, route: &'static str) -> Self {
        Self {
            content: video,
            route,
            ..self
        }
    }

    fn at_the_store(self) -> Self {
        let row = self.at(FORM);
        Self { host: STORE, ..row }
    }

    fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    async fn run(&self) -> (Stage, Run) {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let fault = Fault::Answer {
            status: self.status,
            headers: vec![],
            body: self.body.clone(),
        };
        let script = FaultScript::first(self.host, self.route, fault);
        stage.simulator.script(script.times(self.times));
        let content = (self.content)(&stage);
        let run = stage.publish(&mut connection, &content).await;
        (stage, run)
    }
}

/// The rows about the Pin itself.
fn of_the_pin() -> Vec<Row> {
    use End::{GoesOut, GoesOutConnectedAgain, GoesOutRenewed, Unconfirmed};
    let pattern = "Invalid request: {...} ('abc' does not match '^\\d+$')";
    let scope = "Your token does not have sufficient permissions to perform this operation. Please ensure your token is authorized with the correct set of scopes.";
    let permitted = "You are not permitted to access that resource.";
    let trial = "Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox https://api-sandbox.pinterest.com instead.";
    let limit = "You have exceeded your rate limit. Try again later.";
    vec![
        row(400, 1, pattern, fails("pin_refused")),
        row(
            400,
            1,
            "Whoops! That's an invalid URL.",
            fails("pin_refused"),
        ),
        row(
            400,
            1,
            "This site doesn't allow saves to Pinterest.",
            fails("link_refused"),
        ),
        row(400, 1, "Unable to reach the URL", GoesOut),
        row(
            400,
            235,
            "Unable to reach the URL. Please check it.",
            GoesOut,
        )
        .times(3),
        row(
            400,
            1,
            "Unable to reach the URL",
            fails("image_unreachable"),
        )
        .times(100),
        row(
            400,
            1,
            "'cover_image_url' is a required property",
            waits("cover_missing"),
        )
        .of(video),
        row(400, 1, "constraint: maxItems=5", fails("carousel_refused")).of(carousel),
        row(
            400,
            1104,
            "Access token is not valid or expired",
            GoesOutRenewed,
        ),
        row(401, 2, "Authentication failed.", GoesOutRenewed),
        row(401, 3, scope, GoesOutConnectedAgain),
        row(403, 3, scope, GoesOutConnectedAgain),
        row(
            401,
            7,
            "Not authorized to access board or Pin.",
            fails("board_forbidden"),
        ),
        row(
            403,
            7,
            "Not authorized to access board or Pin.",
            fails("board_forbidden"),
        ),
        row(403, 29, permitted, fails("board_forbidden")),
        row(403, 29, trial, waits("app_on_trial")),
        row(
            403,
            2625,
            "Your merchant is disapproved.",
            fails("account_restricted"),
        ),
        row(
            403,
            2626,
            "Your merchant is under review.",
            fails("account_restricted"),
        ),
        row(404, 40, "Board not found.", fails("board_gone")),
        row(404, 404, "Board not found.", fails("board_gone")),
        row(404, 2031, "Board section not found.", fails("section_gone")),
        row(404, 50, "Pin not found.", fails("pin_gone")),
        row(404, 404, "Pin not found.", fails("pin_gone")),
        row(404, 404, "Media not found.", fails("media_gone")).of(video),
        row(409, 409, "The board is busy.", Unconfirmed),
        row(429, 8, limit, GoesOut),
        row(429, 30, limit, GoesOut),
        row(500, 11, "Something went wrong.", Unconfirmed),
        row(502, 0, "", Unconfirmed),
        row(503, 4197, "This endpoint is switched off.", Unconfirmed),
        row(504, 0, "", Unconfirmed),
    ]
}

/// The rows about calls that may be sent again.
fn before_the_pin() -> Vec<Row> {
    use End::{GoesOut, GoesOutConnectedAgain, GoesOutRenewed};
    let busy = |status| row(status, 4197, "This endpoint is switched off.", GoesOut);
    let scope = "Your token does not have sufficient permissions";
    let denied =
        json!("<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>");
    let of_store = |status, times, end| Row {
        body: denied.clone(),
        ..row(status, 0, "", end).times(times).at_the_store()
    };
    vec![
        row(401, 2, "Authentication failed.", GoesOutRenewed).at(REGISTER),
        row(401, 3, scope, GoesOutConnectedAgain).at(REGISTER),
        row(429, 8, "Try again later.", GoesOut).at(REGISTER),
        row(409, 409, "Busy.", GoesOut).at(REGISTER),
        busy(503).at(REGISTER),
        busy(500).at(STATUS),
        row(401, 2, "Authentication failed.", GoesOutRenewed).at(STATUS),
        row(429, 8, "Try again later.", GoesOut).at(STATUS),
        row(404, 404, "Media not found.", GoesOut).at(STATUS),
        row(404, 404, "Media not found.", fails("upload_refused"))
            .at(STATUS)
            .times(100),
        of_store(403, 1, GoesOut),
        of_store(400, 2, GoesOut),
        of_store(403, 100, fails("upload_refused")),
        of_store(500, 2, GoesOut),
        of_store(503, 1, GoesOut),
    ]
}

#[tokio::test]
async fn every_refusal_of_a_pin_leads_where_it_must() {
    judge(of_the_pin()).await;
}

#[tokio::test]
async fn every_refusal_before_a_pin_leads_where_it_must() {
    judge(before_the_pin()).await;
}

async fn judge(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        let (stage, run) = row.run().await;
        let live = stage.simulator.ledger().posts().len();
        let said = run.transcript.to_string();
        let end = match &run.outcome {
            Outcome::Failed(fault) => fails(&fault.code),
            Outcome::Waiting(fault) => waits(&fault.code),
            Outcome::Published(_) if said.contains("connected again") => End::GoesOutConnectedAgain,
            Outcome::Published(_) if said.contains("renewed the token") => End::GoesOutRenewed,
            Outcome::Published(_) => End::GoesOut,
            Outcome::Unconfirmed(_) => End::Unconfirmed,
            Outcome::Stuck(why) => panic!("{why}\n{said}"),
        };
        let is_out = matches!(run.outcome, Outcome::Published(_));
        if end != row.end || live != usize::from(is_out) {
            wrong.push(format!(
                "{} {} {}: {end:?} with {live} live, not {:?}\n{said}",
                row.route, row.status, row.body, row.end
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What no table lists may have had an effect, whatever its status says.
#[tokio::test]
async fn an_unlisted_answer_to_a_pin_leads_to_looking() {
    let shown = json!({"data": {"id": "1"}});
    for (status, body) in [
        (400, json!({"code": 77, "message": "new"})),
        (400, json!({"message": "no code"})),
        (401, Value::Null),
        (403, json!({"code": 99, "message": "new"})),
        (404, json!("<html>")),
        (429, json!("wait")),
        (301, Value::Null),
        (200, shown),
        (201, json!({"id": ""})),
    ] {
        let row = Row {
            body: body.clone(),
            ..row(status, 0, "", End::Unconfirmed)
        };
        let (_, run) = row.run().await;
        assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]), "{status} {body}");
        assert!(run.transcript.to_string().contains("look_for_pin"));
    }
}

#[tokio::test]
async fn a_pin_that_was_made_before_pinterest_broke_down_is_found() {
    for status in [409, 500, 502, 503, 504] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let broken = Fault::AnswerAfterEffect {
            status,
            body: Value::Null,
        };
        stage
            .simulator
            .script(FaultScript::first(API, CREATE, broken));
        let run = stage.publish(&mut connection, &carousel(&stage)).await;
        let live = stage.simulator.ledger().posts().to_vec();
        assert_eq!(run.receipt().external_id.as_ref(), Some(&live[0].post_id));
    }
}

#[tokio::test]
async fn a_refused_look_says_nothing_of_the_pin() {
    for (status, code) in [(404, 40), (403, 29), (400, 1), (503, 4197), (429, 8)] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        stage
            .simulator
            .script(FaultScript::first(API, CREATE, Fault::LoseAnswer));
        let refusal = Fault::Answer {
            status,
            headers: vec![],
            body: json!({"code": code, "message": "Board not found."}),
        };
        stage
            .simulator
            .script(FaultScript::first(API, LOOK, refusal));
        let run = stage.publish(&mut connection, &picture(&stage)).await;
        let live = stage.simulator.ledger().posts().to_vec();
        assert_eq!(run.receipt().external_id.as_ref(), Some(&live[0].post_id));
    }
}

#[tokio::test]
async fn what_a_person_reads_is_what_pinterest_said_without_its_markup() {
    let row = row(400, 1, "Nope <b>not</b>\u{7} here", fails("pin_refused"));
    let (_, run) = row.run().await;
    let fault = run.failure();
    assert_eq!(fault.message, "Pinterest refused the Pin: Nope bnot/b here");
    let evidence = fault.evidence.as_deref().expect("evidence");
    assert!(evidence.starts_with("400 1: Nope"), "{evidence}");
}

/// What the simulated Pinterest refuses by itself.
#[tokio::test]
async fn each_refusal_of_the_simulator_reaches_the_person() {
    for (options, code) in [
        (
            json!({ "boardId": "813744364859010001" }),
            "board_forbidden",
        ),
        (json!({ "boardId": "999" }), "board_gone"),
        (
            json!({ "boardId": RECIPES, "boardSectionId": "9" }),
            "section_gone",
        ),
        (
            json!({ "boardId": RECIPES, "title": "t".repeat(101) }),
            "pin_refused",
        ),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Pinterest, STUDIO).await;
        let mut content = picture(&stage);
        content.options = options;
        let run = stage.publish(&mut connection, &content).await;
        assert_eq!(run.failure().code, code, "{}", run.transcript);
    }
}

//! What becomes of a post when X answers with each of its refusals, row by row, through the whole flow.

use domain::Platform;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, networks::x::Hold};
use time::Duration;

use crate::{
    flows::{Make, x::*},
    harness::{Outcome, Run, Stage},
};

const UPLOAD: &str = "POST /2/media/upload";
const INITIALIZE: &str = "POST /2/media/upload/initialize";
const APPEND: &str = "POST /2/media/upload/{id}/append";
const FINALIZE: &str = "POST /2/media/upload/{id}/finalize";
const STATUS: &str = "GET /2/media/upload";
const TIMELINE: &str = "GET /2/users/{id}/tweets";

/// One refusal, and what must become of the post.
struct Row {
    content: Make,
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
    /// It is published once the trouble is over.
    GoesOut,
    /// It is published once the person has connected again.
    GoesOutConnectedAgain,
    /// It waits for an operator, with this code.
    Waits(&'static str),
}

fn row(status: u16, body: Value, end: End) -> Row {
    Row {
        content: text,
        route: POSTS,
        status,
        body,
        times: 1,
        end,
    }
}

impl Row {
    fn at(self, route: &'static str, content: Make) -> Self {
        Self {
            content,
            route,
            ..self
        }
    }

    fn again_and_again(self) -> Self {
        self.times(100)
    }

    fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    async fn run(&self) -> (Stage, Run) {
        let stage = with_an_older_post(Stage::new());
        let mut connection = stage.connection(Platform::X, STUDIO).await;
        let fault = Fault::Answer {
            status: self.status,
            headers: vec![],
            body: self.body.clone(),
        };
        let script = FaultScript::first(HOST, self.route, fault);
        stage.simulator.script(script.times(self.times));
        let content = (self.content)(&stage);
        let run = stage.publish(&mut connection, &content).await;
        (stage, run)
    }
}

fn blank(detail: &str) -> Value {
    json!({ "title": "Forbidden", "type": "about:blank", "status": 403, "detail": detail })
}

fn typed(title: &str, kind: &str) -> Value {
    // The live interface and its description name different hosts.
    json!({ "title": title, "detail": title, "type": format!("https://api.x.com/2/problems/{kind}") })
}

fn invalid(message: &str) -> Value {
    json!({
        "errors": [{ "message": message, "parameters": {} }],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    })
}

fn rows() -> Vec<Row> {
    use End::{Fails, GoesOut, GoesOutConnectedAgain, Waits};
    let media = || invalid("Your media IDs are invalid.");
    let finalize = || invalid("Request body must be a JSON object.");
    let too_many = json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429 });
    let old = json!({ "errors": [{ "code": 88, "message": "Rate limit exceeded" }] });
    let capped = json!({ "title": "UsageCapExceeded", "period": "Daily", "scope": "Product", "type": "https://api.twitter.com/2/problems/usage-capped" });
    vec![
        row(400, media(), GoesOut).at(POSTS, pictures),
        row(400, media(), Fails("media_refused"))
            .at(POSTS, pictures)
            .again_and_again(),
        row(400, media(), Fails("media_refused")),
        row(400, invalid("text is odd"), Fails("post_refused")),
        row(400, invalid("media_type is odd"), Fails("post_refused")).at(INITIALIZE, video),
        row(400, finalize(), Waits("call_refused")).at(FINALIZE, video),
        row(401, json!({ "title": "Unauthorized", "type": "about:blank", "status": 401 }), GoesOut),
        row(401, json!({ "title": "Unauthorized", "type": "about:blank", "status": 401 }), GoesOutConnectedAgain).times(2),
        row(401, json!({ "error": "unauthorized_client" }), Waits("app_refused")),
        row(402, typed("CreditsDepleted", "credits"), Waits("credits_depleted")),
        row(402, json!({ "title": "CreditsDepleted" }), Waits("credits_depleted")),
        row(402, typed("CreditsDepleted", "credits"), Waits("credits_depleted")).at(UPLOAD, pictures),
        row(403, blank("You are not allowed to create a Tweet with duplicate content."), Fails("duplicate_text")),
        row(403, blank("You are not permitted to perform this action."), Fails("post_refused")),
        row(403, blank("Forbidden"), GoesOutConnectedAgain),
        row(403, blank("Forbidden"), GoesOutConnectedAgain).at(UPLOAD, pictures),
        row(403, typed("Unsupported Authentication", "unsupported-authentication"), Waits("call_refused")),
        row(403, typed("Client Forbidden", "client-forbidden"), Waits("app_refused")),
        row(403, typed("Forbidden", "oauth1-permissions"), Waits("app_read_only")),
        row(403, blank("Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged."), Fails("reply_not_allowed")).at(POSTS, reply),
        row(403, blank("You can only reply to or quote posts where you are mentioned or are the author."), Fails("reply_not_allowed")).at(POSTS, reply),
        row(403, blank("Quoting this post is not allowed because you have not been mentioned."), Fails("reply_not_allowed")).at(POSTS, quote),
        row(403, blank("You are not permitted to access this feature."), Fails("account_restricted")),
        row(403, blank("Your account is suspended."), Fails("account_restricted")),
        row(403, blank("To protect our users, this account is temporarily locked."), Fails("account_restricted")),
        row(403, json!({ "title": "SpendCapReached" }), Waits("spend_cap_reached")),
        row(403, blank("This user is not allowed to post a video longer than 2 minutes."), Fails("video_too_long")).at(POSTS, video),
        row(404, typed("Not Found Error", "resource-not-found"), Fails("post_gone")).at(POSTS, reply),
        row(413, Value::Null, GoesOut).at(APPEND, video),
        row(413, Value::Null, Fails("file_too_large")).at(APPEND, video).again_and_again(),
        row(413, Value::Null, Fails("file_too_large")).at(UPLOAD, pictures),
        row(429, too_many.clone(), GoesOut),
        row(429, old, GoesOut),
        row(429, too_many, GoesOut).at(UPLOAD, pictures),
        row(429, capped, GoesOut),
        row(500, json!({}), GoesOut).at(UPLOAD, pictures),
        row(502, Value::Null, GoesOut).at(APPEND, video),
        row(503, Value::Null, GoesOut).at(STATUS, video),
        row(504, Value::Null, GoesOut).at(INITIALIZE, video),
        // A file that X does not know, or no longer knows, begins anew.
        row(404, typed("Not Found Error", "resource-not-found"), GoesOut).at(STATUS, video),
        row(400, invalid("Invalid media id"), GoesOut).at(APPEND, video),
        row(404, Value::Null, GoesOut).at(FINALIZE, video),
        row(400, invalid("Invalid media id"), GoesOut).at(FINALIZE, video),
        row(404, Value::Null, Fails("media_refused")).at(STATUS, video).again_and_again(),
    ]
}

#[tokio::test]
async fn every_refusal_leads_where_it_must() {
    let mut wrong = Vec::new();
    for row in rows() {
        let (stage, run) = row.run().await;
        let posts = stage.simulator.ledger().posts().len();
        let said = run.transcript.to_string();
        let again = said.contains("connected again");
        let end = match &run.outcome {
            Outcome::Failed(fault) => format!("{:?}", End::Fails(leaked(&fault.code))),
            Outcome::Waiting(fault) => format!("{:?}", End::Waits(leaked(&fault.code))),
            Outcome::Published(_) if again => format!("{:?}", End::GoesOutConnectedAgain),
            Outcome::Published(_) => format!("{:?}", End::GoesOut),
            other @ (Outcome::Stuck(_) | Outcome::Unconfirmed(_)) => format!("{other:?}"),
        };
        let is_out = matches!(row.end, End::GoesOut | End::GoesOutConnectedAgain);
        if end != format!("{:?}", row.end) || posts != usize::from(is_out) {
            wrong.push(format!(
                "{} {} {}: {end} with {posts} live, not {:?}\n{said}",
                row.route, row.status, row.body, row.end
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn leaked(code: &str) -> &'static str {
    code.to_owned().leak()
}

/// X broke down in the middle of the one call that counts: nothing is known, and nothing is sent again.
#[tokio::test]
async fn a_breakdown_at_the_commit_leads_to_looking() {
    for status in [500, 502, 503, 504] {
        let (stage, run) = row(status, Value::Null, End::GoesOut).run().await;
        assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]), "{status}");
        assert!(stage.simulator.ledger().posts().is_empty());
        let after_effect = Fault::AnswerAfterEffect {
            status,
            body: Value::Null,
        };
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::X, STUDIO).await;
        stage
            .simulator
            .script(FaultScript::first(HOST, POSTS, after_effect));
        let run = stage.publish(&mut connection, &text(&stage)).await;
        let live = stage.simulator.ledger().posts().to_vec();
        assert_eq!(run.receipt().external_id.as_ref(), Some(&live[0].post_id));
    }
}

/// What no table lists may have had an effect, whatever its status says.
#[tokio::test]
async fn an_unlisted_answer_to_the_commit_leads_to_looking() {
    for (status, body) in [
        (400, json!({ "code": 0, "message": "odd" })),
        (403, blank("Something new.")),
        (409, json!({})),
        (200, json!({ "data": {} })),
        (201, json!({ "data": { "id": "" } })),
    ] {
        let (_, run) = row(status, body, End::GoesOut).run().await;
        assert_eq!(run.outcome, Outcome::Unconfirmed(vec![]), "{status}");
    }
}

/// Only an id proves that a post was made; errors that stand beside it do not matter.
#[tokio::test]
async fn a_post_with_an_id_is_live_whatever_stands_beside_it() {
    let body =
        json!({ "data": { "id": "20", "text": "a" }, "errors": [{ "title": "Not Found Error" }] });
    let (_, run) = row(201, body, End::GoesOut).run().await;
    assert_eq!(run.receipt().external_id.as_deref(), Some("20"));
}

#[tokio::test]
async fn a_refused_look_says_nothing_of_the_post() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    stage
        .simulator
        .script(FaultScript::first(HOST, POSTS, Fault::LoseAnswer));
    let refusal = Fault::Answer {
        status: 404,
        headers: vec![],
        body: typed("Not Found Error", "resource-not-found"),
    };
    stage
        .simulator
        .script(FaultScript::first(HOST, TIMELINE, refusal));
    let run = stage.publish(&mut connection, &text(&stage)).await;
    let live = stage.simulator.ledger().posts().to_vec();
    assert_eq!(run.receipt().external_id.as_ref(), Some(&live[0].post_id));
}

/// Until when a limit lasts is told by its headers, whichever of them is used up.
#[tokio::test]
async fn a_limit_is_waited_for_as_long_as_its_headers_say() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    stage.simulator.world().states().x().limit_posts_a_day(1);
    let first = stage.content("One", Value::Null, vec![]);
    stage.publish(&mut connection, &first).await.receipt();
    let began_at = stage.now();
    let second = stage.content("Two", Value::Null, vec![]);
    let run = stage.publish(&mut connection, &second).await;
    assert!(stage.now() - began_at >= Duration::hours(24) - Duration::minutes(1));
    let waited_out = matches!(&run.outcome, Outcome::Stuck(why) if why.contains("not settled"));
    assert!(waited_out, "{:?}", run.outcome);
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
    // The day is over.
    stage.publish(&mut connection, &second).await.receipt();
}

#[tokio::test]
async fn a_monthly_cap_is_waited_for_and_nothing_fails() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    let hold = Some(Hold::MonthlyCap);
    stage.simulator.world().states().x().hold(hold);
    let run = stage.publish(&mut connection, &text(&stage)).await;
    assert!(run.transcript.to_string().contains("usage_capped"));
    assert!(!matches!(run.outcome, Outcome::Failed(_)));
    assert!(stage.simulator.ledger().posts().is_empty());
}

/// At the token endpoint the same words concern the account or the whole installation.
#[tokio::test]
async fn a_dead_refresh_token_asks_for_a_new_connection_and_wrong_credentials_for_the_operator() {
    use platforms::FaultKind;
    for (status, error, kind) in [
        (400, "invalid_request", FaultKind::Reconnect),
        (401, "unauthorized_client", FaultKind::Operator),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::X, STUDIO).await;
        let refusal = Fault::Answer {
            status,
            headers: vec![],
            body: json!({ "error": error, "error_description": "Words" }),
        };
        let route = "POST /2/oauth2/token";
        stage
            .simulator
            .script(FaultScript::first(HOST, route, refusal));
        let refreshed = stage.refresh(&mut connection).await.expect("X refreshes");
        assert_eq!(refreshed.expect_err("a refusal").kind, kind);
    }
}

//! `POST /api/webhooks/:platform/data-deletion` and `GET /api/deletions/:code`.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse as _, Response},
};
use domain::Platform;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use store::{StoreError, deletions, webhook_receipts};
use time::macros::format_description;
use utoipa::ToSchema;
use web::{Json, Path, Problem, ProblemBody, escaped};

use crate::{Env, news, withdrawal};

const PAGE: &str = include_str!("deletion.html");

/// Where a person can ask what became of the deletion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Confirmation {
    /// A page for people.
    url: String,
    /// What the page is asked by.
    confirmation_code: String,
}

/// Deletes all that the network gave us of a person who asks for it there: tokens, names, pictures, ids and addresses
/// of accounts and posts.
#[utoipa::path(
    post, operation_id = "deleteData", path = "/api/webhooks/{platform}/data-deletion", tag = "webhooks", params(("platform" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`signed_request`, as Meta signs it."),
    responses(
        (status = 200, description = "Deleted.", body = Confirmation),
        (status = 400, description = "It is no signed request.", body = ProblemBody),
        (status = 401, description = "The signature is wrong.", body = ProblemBody),
        (status = 404, description = "This network has no such callback, or is not set up.", body = ProblemBody)
    )
)]
pub(crate) async fn delete(
    State(env): State<Env>,
    Path(platform): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Confirmation>, Problem> {
    let (platform, login, asked) = withdrawal::read(&env, &platform, &headers, body)?;
    let mut tx = env.web.pool.begin().await.map_err(StoreError::from)?;
    // The address for withdrawn access is told of the same wish, so the two have names of their own.
    let key = news::kept(&format!("deletion:{}", asked.key));
    if webhook_receipts::first_time(&mut tx, platform, &key).await? {
        let before = asked.at + news::SKEW;
        deletions::delete(
            &mut tx,
            &asked.code,
            platform,
            login.grant_family,
            &asked.subject,
            before,
        )
        .await?;
        tx.commit().await.map_err(StoreError::from)?;
        env.doorbell.announce(None).await;
        tracing::info!(%platform, deletion.code = asked.code, "deleted what the network gave us of a person");
    }
    let url = env
        .web
        .settings
        .public_url
        .join(&format!("/api/deletions/{}", asked.code))
        .map_err(|error| Problem::internal(&error))?;
    Ok(Json(Confirmation {
        url: url.into(),
        confirmation_code: asked.code,
    }))
}

/// Tells a person what became of a deletion, on a page.
#[utoipa::path(
    get, operation_id = "showDeletion", path = "/api/deletions/{code}", tag = "webhooks", params(("code" = String, Path)),
    responses(
        (status = 200, description = "A page: the data was deleted, and when.", content_type = "text/html"),
        (status = 404, description = "A page: nothing was deleted under this code.", content_type = "text/html")
    )
)]
pub(crate) async fn show(
    State(env): State<Env>,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let Some(done) = deletions::find(&env.web.pool, &code).await? else {
        let page = page(
            "Nothing was deleted under this code",
            "Check that the address is complete. A year after a deletion we forget its code too.",
        );
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    };
    let network = done
        .platform
        .parse::<Platform>()
        .map_or("the network", Platform::display_name);
    let day = done
        .done_at
        .format(format_description!(
            "[day padding:none] [month repr:long] [year], [hour]:[minute]"
        ))
        .map_err(|error| Problem::internal(&error))?;
    let text = if done.connections == 0 {
        format!(
            "You asked for it through {network} on {day} UTC. We had nothing of yours from there."
        )
    } else {
        format!(
            "You asked for it through {network}. On {day} UTC we deleted the access to your accounts there, their names and pictures, and the addresses of posts."
        )
    };
    Ok(page(
        "Your data was deleted",
        &format!("{text} Confirmation code: {code}."),
    ))
}

fn page(title: &str, text: &str) -> Response {
    web::page(
        PAGE.replace("{title}", &escaped(title))
            .replace("{text}", &escaped(text)),
    )
}

//! `GET` and `POST /api/connections/:connectionId/boards`, `GET …/boards/:boardId/sections`.

use axum::extract::State;
use domain::{Platform, UserId};
use http::StatusCode;
use platforms::Errand;
use serde::{Deserialize, Serialize};
use store::connections::Connection;
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody};

use crate::{Env, errand};

/// The longest name of a board, in characters.
const NAME: usize = 50;
/// The longest description of a board, in characters.
const DESCRIPTION: usize = 500;
/// Who may see a board.
const PRIVACIES: [&str; 3] = ["PUBLIC", "PROTECTED", "SECRET"];
/// The longest id of a board.
const ID: usize = 32;

/// The boards of an account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Boards {
    /// As Pinterest lists them.
    boards: Vec<Board>,
    /// Whether there are others that are not told.
    #[serde(default)]
    more: bool,
}

/// A board.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Board {
    /// What `options.boardId` names.
    id: String,
    /// What its owner calls it.
    name: String,
    /// What it is about.
    description: Option<String>,
    /// `PUBLIC`, `PROTECTED` or `SECRET`.
    privacy: Option<String>,
    /// Its sections; absent where they were not read along.
    sections: Option<Vec<Section>>,
}

/// The sections of a board.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Sections {
    /// As Pinterest lists them.
    sections: Vec<Section>,
}

/// A section of a board.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Section {
    /// What `options.boardSectionId` names.
    id: String,
    /// What its owner calls it.
    name: String,
}

/// A board that somebody wants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoardRequest {
    /// What to call it; up to 50 characters.
    #[schema(example = "Recipes")]
    name: String,
    /// What it is about; up to 500 characters.
    #[serde(default)]
    description: Option<String>,
    /// `PUBLIC` (default), `PROTECTED` or `SECRET`.
    #[serde(default)]
    privacy: Option<String>,
}

/// A board that was made, or that has this name already.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct MadeBoard {
    /// It.
    board: Board,
}

/// The boards of a Pinterest account that a Pin can stand on, with the sections of the first ones.
#[utoipa::path(
    get, operation_id = "listBoards", path = "/api/connections/{connectionId}/boards", tag = "connections", params(("connectionId" = String, Path)),
    responses(
        (status = 200, body = Boards),
        (status = 404, description = "No such account, or one of a network without boards.", body = ProblemBody),
        (status = 409, description = "The account has to be connected again.", body = ProblemBody),
        (status = 502, description = "The network refused.", body = ProblemBody),
        (status = 503, description = "The network does not answer now; ask again.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Boards>, Problem> {
    let connection = with_boards(&env, caller.user, &id).await?;
    errand::run(&env, &connection, &Errand::Boards)
        .await
        .map(Json)
}

/// Makes a board; one that has the name already is answered in its place.
#[utoipa::path(
    post, operation_id = "createBoard", path = "/api/connections/{connectionId}/boards", tag = "connections", request_body = BoardRequest,
    params(("connectionId" = String, Path)),
    responses(
        (status = 201, body = MadeBoard),
        (status = 404, description = "No such account, or one of a network without boards.", body = ProblemBody),
        (status = 409, description = "The account has to be connected again.", body = ProblemBody),
        (status = 422, description = "A field breaks a rule.", body = ProblemBody),
        (status = 502, description = "The network refused, or nobody knows what it did.", body = ProblemBody),
        (status = 503, description = "The network does not answer now; ask again.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<BoardRequest>,
) -> Result<(StatusCode, Json<MadeBoard>), Problem> {
    let connection = with_boards(&env, caller.user, &id).await?;
    let wish = checked(request)?;
    let made = errand::run(&env, &connection, &wish).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// The sections of one board.
#[utoipa::path(
    get, operation_id = "listBoardSections", path = "/api/connections/{connectionId}/boards/{boardId}/sections", tag = "connections",
    params(("connectionId" = String, Path), ("boardId" = String, Path)),
    responses(
        (status = 200, body = Sections),
        (status = 404, description = "No such account, or one of a network without boards.", body = ProblemBody),
        (status = 409, description = "The account has to be connected again.", body = ProblemBody),
        (status = 502, description = "The network refused; it may not know the board.", body = ProblemBody),
        (status = 503, description = "The network does not answer now; ask again.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn sections(
    State(env): State<Env>,
    caller: Caller,
    Path((id, board_id)): Path<(String, String)>,
) -> Result<Json<Sections>, Problem> {
    let connection = with_boards(&env, caller.user, &id).await?;
    let is_id =
        (1..=ID).contains(&board_id.len()) && board_id.bytes().all(|byte| byte.is_ascii_digit());
    if !is_id {
        return Err(Problem::not_found());
    }
    errand::run(&env, &connection, &Errand::BoardSections { board_id })
        .await
        .map(Json)
}

async fn with_boards(env: &Env, user: UserId, id: &str) -> Result<Connection, Problem> {
    let connection = errand::askable(env, user, id).await?;
    if connection.platform == Platform::Pinterest {
        return Ok(connection);
    }
    Err(Problem::new(
        StatusCode::NOT_FOUND,
        "no_boards",
        format!(
            "Only Pinterest accounts have boards; this one is at {}.",
            connection.platform.display_name()
        ),
    ))
}

fn checked(request: BoardRequest) -> Result<Errand, Problem> {
    let name = request.name.trim().to_owned();
    let length = name.chars().count();
    if !(1..=NAME).contains(&length) {
        return Err(Problem::field(
            "name",
            "name_length",
            format!("is {length} characters long; Pinterest takes 1 to {NAME}"),
            "Choose a name of that length.",
        ));
    }
    let description = request.description.filter(|text| !text.trim().is_empty());
    let too_long = description
        .as_ref()
        .map(|text| text.chars().count())
        .filter(|length| *length > DESCRIPTION);
    if let Some(length) = too_long {
        return Err(Problem::field(
            "description",
            "description_too_long",
            format!("is {length} characters long; Pinterest takes {DESCRIPTION}"),
            "Shorten it.",
        ));
    }
    let unknown = request
        .privacy
        .as_deref()
        .is_some_and(|privacy| !PRIVACIES.contains(&privacy));
    if unknown {
        return Err(Problem::field(
            "privacy",
            "unknown_privacy",
            "is none that Pinterest knows",
            "Choose one of PUBLIC, PROTECTED, SECRET.",
        ));
    }
    Ok(Errand::CreateBoard {
        name,
        description,
        privacy: request.privacy,
    })
}

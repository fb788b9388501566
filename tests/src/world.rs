//! The networks on a socket, and the pictures and videos that people publish.

use ::settings::Apps;
use axum::{Router, body::Body, response::IntoResponse as _, routing::get};
use domain::Platform;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, header};
use http_body_util::BodyExt as _;
use secrecy::ExposeSecret as _;
use simulator::{Clock, Pull, Pulled, Registration, Settings, Simulator};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::settings::MEDIA_ORIGIN;

/// A socket, and its address.
pub async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (listener, base)
}

/// How the networks fetch our files from a router.
pub fn from_router(files: Router) -> Box<dyn Pull> {
    let pull = move |url: String| -> BoxFuture<'static, Result<Pulled, String>> {
        pull(files.clone(), url).boxed()
    };
    Box::new(pull)
}

/// Serves the networks, which fetch our files by `pull`.
pub fn serve(
    listener: TcpListener,
    base: &str,
    apps: &Apps,
    clock: &Clock,
    pull: Box<dyn Pull>,
) -> Simulator {
    let simulator = Simulator::new(Settings {
        clock: clock.clone(),
        pull,
        registrations: Platform::ALL
            .into_iter()
            .flat_map(|platform| apps.at(platform))
            .map(|(login, app)| Registration {
                network: login.variables.to_lowercase(),
                client_id: app.client_id.clone(),
                client_secret: app.client_secret.expose_secret().to_owned(),
                redirect_uris: vec![app.redirect_uri.to_string()],
            })
            .collect(),
        base_url: base.to_owned(),
    });
    drop(simulator::serve_with(&simulator, samples(), listener).unwrap());
    simulator
}

async fn pull(files: Router, url: String) -> Result<Pulled, String> {
    let path = url
        .strip_prefix(MEDIA_ORIGIN)
        .ok_or_else(|| format!("nothing at {url}"))?;
    let request = Request::get(path)
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let response = files
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {});
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = response.into_body().collect().await;
    Ok(Pulled {
        status,
        content_type,
        bytes: body.map_err(|error| error.to_string())?.to_bytes(),
    })
}

fn samples() -> Router {
    let jpeg = || async {
        let kind = [(header::CONTENT_TYPE, "image/jpeg")];
        (kind, media::samples::photo_jpeg()).into_response()
    };
    let mp4 = || async {
        let kind = [(header::CONTENT_TYPE, "video/mp4")];
        (kind, media::samples::clip_mp4()).into_response()
    };
    let pdf = || async {
        let kind = [(header::CONTENT_TYPE, "application/pdf")];
        (kind, media::samples::pages_pdf()).into_response()
    };
    Router::new()
        .route("/_simulator/samples/clip.mp4", get(mp4))
        .route("/_simulator/samples/pages.pdf", get(pdf))
        .route("/_simulator/samples/photo.jpg", get(jpeg))
}

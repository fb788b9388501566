//! The simulated networks on a port of their own, with samples to publish.

use axum::{Router, response::IntoResponse as _, routing::get};
use domain::Platform;
use futures_util::future::BoxFuture;
use http::header;
use secrecy::ExposeSecret as _;
use settings::Apps;
use simulator::{Clock, Pulled, Registration, Server, Settings, Simulator};
use tokio::net::TcpListener;

use crate::{Failure, variables::MEDIA_ORIGIN};

/// Serves the simulated networks, at which our apps are registered.
pub(crate) async fn serve(apps: &Apps, port: u16, app_port: u16) -> Result<Server, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            format!(
                "port {port} for the simulated networks cannot be had ({error}); set SIMULATOR_PORT"
            )
        })?;
    let registrations = Platform::ALL
        .into_iter()
        .flat_map(|platform| apps.at(platform))
        .map(|(login, app)| Registration {
            network: login.variables.to_lowercase(),
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.expose_secret().to_owned(),
            redirect_uris: vec![app.redirect_uri.to_string()],
        })
        .collect();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let pull = move |url: String| -> BoxFuture<'static, Result<Pulled, String>> {
        let client = client.clone();
        let url = url.replacen(MEDIA_ORIGIN, &format!("http://127.0.0.1:{app_port}"), 1);
        Box::pin(async move {
            fetch(&client, &url)
                .await
                .map_err(|error| error.without_url().to_string())
        })
    };
    let simulator = Simulator::new(Settings {
        clock: Clock::default(),
        pull: Box::new(pull),
        registrations,
        base_url: format!("http://127.0.0.1:{port}"),
    });
    Ok(simulator::serve_with(&simulator, samples(), listener)?)
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Pulled, reqwest::Error> {
    let response = client.get(url).send().await?;
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    Ok(Pulled {
        status,
        content_type,
        bytes: response.bytes().await?,
    })
}

fn samples() -> Router {
    let jpeg = || async {
        (
            [(header::CONTENT_TYPE, "image/jpeg")],
            media::samples::photo_jpeg(),
        )
            .into_response()
    };
    let mp4 = || async {
        (
            [(header::CONTENT_TYPE, "video/mp4")],
            media::samples::clip_mp4(),
        )
            .into_response()
    };
    let pdf = || async {
        (
            [(header::CONTENT_TYPE, "application/pdf")],
            media::samples::pages_pdf(),
        )
            .into_response()
    };
    Router::new()
        .route("/_simulator/samples/clip.mp4", get(mp4))
        .route("/_simulator/samples/pages.pdf", get(pdf))
        .route("/_simulator/samples/photo.jpg", get(jpeg))
}

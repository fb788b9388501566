//! What was answered.

use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use url::Url;

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as text.
    pub body: String,
}

impl Answer {
    /// Reads one to its end.
    pub async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> &str {
        let (_, rest) = self
            .body
            .split_once(&format!("\"{name}\":\""))
            .unwrap_or_else(|| panic!("no {name}: {}", self.body));
        rest.split_once('"').unwrap().0
    }

    /// The rule that was broken.
    pub fn rule(&self) -> String {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}",
            self.body
        );
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.strip_prefix("/problems/").unwrap().to_owned()
    }

    /// Where a browser is sent on to.
    pub fn location(&self) -> Url {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        Url::parse(self.headers[header::LOCATION].to_str().unwrap()).unwrap()
    }

    /// The form of a consent page, filled in as a browser sends it: what is hidden, what is checked,
    /// and the button.
    pub fn form(&self, pressed: &[(&str, &str)]) -> String {
        let mut fields = Vec::new();
        for tag in self.body.split("<input ").skip(1) {
            let tag = tag.split('>').next().unwrap();
            let hidden = tag.contains("type=\"hidden\"");
            let checked = tag.ends_with(" checked");
            if hidden || checked {
                fields.push((attribute(tag, "name"), attribute(tag, "value")));
            }
        }
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .extend_pairs(pressed)
            .finish()
    }

    /// All that an eavesdropper on the answer would read.
    pub fn everything(&self) -> String {
        format!("{:?}{}", self.headers, self.body)
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

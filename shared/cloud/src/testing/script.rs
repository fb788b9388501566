//! AWS as a script.

use std::{fmt, future};

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::HttpRequest,
};
use http::{Request, Response};

/// A client that reaches nobody: `answer` answers in AWS's place, or never where it gives nothing.
pub fn scripted(
    answer: impl Fn(&Request<Vec<u8>>) -> Option<Response<String>> + Send + Sync + 'static,
) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Script(Box::new(answer)));
    http_client_fn(move |_, _| connector.clone())
}

type Answers = dyn Fn(&Request<Vec<u8>>) -> Option<Response<String>> + Send + Sync;

struct Script(Box<Answers>);

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = request.try_into_http1x().expect("a request");
        let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
        match (self.0)(&request) {
            Some(answer) => {
                let answer = answer.map(Into::into).try_into();
                HttpConnectorFuture::ready(Ok(answer.expect("an answer")))
            }
            None => HttpConnectorFuture::new(future::pending()),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

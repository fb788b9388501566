//! The answer to `CloudFormation`.

use std::{error::Error, time::Duration};

use secrecy::ExposeSecret as _;
use serde::Serialize;
use settings::Stage;
use url::Url;

use crate::Request;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the resource is called, once and for all: another name would make `CloudFormation` delete the one before.
const NAME: &str = "schema";
/// Answers go to a bucket of AWS's.
const AWS: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

/// Answers `CloudFormation`.
#[derive(Debug)]
pub struct Reporter {
    client: reqwest::Client,
    stage: Stage,
}

/// The answer did not arrive. Lambda asks the function again.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The address is not one of AWS's.
    #[error("the answer is asked for at an address that is not one of AWS's")]
    Address,
    /// The bucket did not take it.
    #[error("the answer was refused with status {0}")]
    Refused(u16),
    /// It could not be sent.
    #[error("the answer could not be sent")]
    Send(#[source] reqwest::Error),
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html> (read 2026-11-24)
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
}

impl Reporter {
    /// One that sends to AWS alone; in development to any address.
    ///
    /// # Errors
    /// When TLS has no usable defaults.
    pub fn new(stage: Stage) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { client, stage })
    }

    /// Tells that the request was fulfilled, or why it was not.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn report(
        &self,
        request: &Request,
        failure: Option<&str>,
    ) -> Result<(), ReportError> {
        let address = self.address(request)?;
        let answer = Answer {
            status: failure.map_or("SUCCESS", |_| "FAILED"),
            reason: failure,
            physical_resource_id: request.physical_resource_id.as_deref().unwrap_or(NAME),
            stack_id: &request.stack_id,
            request_id: &request.request_id,
            logical_resource_id: &request.logical_resource_id,
        };
        // The signature in the address covers an empty content type, so none is sent.
        let body = serde_json::json!(answer).to_string();
        let sent = self.client.put(address).body(body).send().await;
        // What reqwest says of a fault begins with the address.
        let response = sent.map_err(|error| ReportError::Send(error.without_url()))?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(ReportError::Refused(status.as_u16()))
        }
    }

    fn address(&self, request: &Request) -> Result<Url, ReportError> {
        let address = Url::parse(request.response_url.expose_secret());
        let address = address.map_err(|_| ReportError::Address)?;
        let is_aws = address.scheme() == "https"
            && address
                .host_str()
                .is_some_and(|host| AWS.iter().any(|aws| host.ends_with(aws)));
        if is_aws || self.stage.is_development() {
            Ok(address)
        } else {
            Err(ReportError::Address)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::RequestType;

    use super::*;

    fn asked_at(address: &str) -> Request {
        Request {
            request_type: RequestType::Create,
            response_url: address.to_owned().into(),
            stack_id: "stack".to_owned(),
            request_id: "request".to_owned(),
            logical_resource_id: "Schema".to_owned(),
            physical_resource_id: None,
        }
    }

    #[test]
    fn answers_go_to_aws_alone() {
        let reporter = Reporter::new(Stage::Production).unwrap();
        for good in [
            "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a?X-Amz-Signature=b",
            "https://cloudformation-custom-resource-response-cn.s3.cn-north-1.amazonaws.com.cn/a",
        ] {
            assert!(reporter.address(&asked_at(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://bucket.s3.amazonaws.com/a",
            "https://amazonaws.com.example.com/a",
            "https://eamazonaws.com/a",
            "https://169.254.169.254/a",
            "https://user@example.com/.amazonaws.com",
            "file:///etc/passwd",
            "nothing",
        ] {
            assert!(reporter.address(&asked_at(bad)).is_err(), "{bad}");
        }
    }
}

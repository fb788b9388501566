//! How AWS is reached.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// How long one try of a call may take.
const TRY: Duration = Duration::from_secs(4);
/// How long a call may take with all its tries: API Gateway gives up after 30 seconds.
const CALL: Duration = Duration::from_secs(12);
/// How often a call is tried; between tries the client waits, longer each time and by chance.
const TRIES: u32 = 4;

/// The configuration of every AWS client: region, credentials and addresses come from the
/// environment that Lambda sets, the roots of trust from this build.
///
/// Every call made with it may be repeated; none of them publishes anything.
pub async fn config() -> SdkConfig {
    let trust = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .fold(TrustStore::empty(), |trust, root| {
            trust.with_pem_certificate(pem(root))
        });
    let tls = TlsContext::builder().with_trust_store(trust).build();
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls.expect("a list of certificates makes a context"))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(client)
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(TRY)
                .operation_timeout(CALL)
                .build(),
        )
        .load()
        .await
}

fn pem(certificate: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

//! How AWS is reached.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_secretsmanager::config::SharedCredentialsProvider;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_types::sdk_config;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use settings::Vars;

/// How long one try of a call may take.
const TRY: Duration = Duration::from_secs(4);
/// How long a call may take with all its tries: API Gateway gives up after 30 seconds.
const CALL: Duration = Duration::from_secs(12);
/// How often a call is tried; between tries the client waits, longer each time and by chance.
const TRIES: u32 = 4;
/// Who signs the certificates of AWS's services, and whom older machines know in their place:
/// <https://www.amazontrust.com/repository/> (read 2026-11-28). Fewer roots are read in less time, at each start.
const AUTHORITIES: [&[u8]; 2] = [b"Amazon Root CA", b"Starfield Services Root"];

/// The configuration of every AWS client: region, credentials and address come from the environment
/// that Lambda sets, the roots of trust from this build.
///
/// Nowhere else are credentials looked for: whatever could look would weigh a megabyte in every function.
/// Every call made with it may be repeated; none of them publishes anything.
pub fn config() -> SdkConfig {
    let vars = Vars::process();
    let trust = roots().fold(TrustStore::empty(), |trust, root| {
        trust.with_pem_certificate(pem(root))
    });
    let tls = TlsContext::builder().with_trust_store(trust).build();
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls.expect("a list of certificates makes a context"))
        .build_https();
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut config = patient()
        .http_client(client)
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    config.set_region(
        vars.find("AWS_REGION")
            .map(|name| Region::new(name.to_owned())),
    );
    config.set_endpoint_url(vars.find("AWS_ENDPOINT_URL").map(str::to_owned));
    config.build()
}

/// How every client tries: how often, and for how long.
pub(crate) fn patient() -> sdk_config::Builder {
    let limits = TimeoutConfig::builder()
        .operation_attempt_timeout(TRY)
        .operation_timeout(CALL)
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
        .timeout_config(limits)
}

fn roots() -> impl Iterator<Item = &'static [u8]> {
    let all = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    all.map(AsRef::as_ref).filter(|root: &&[u8]| {
        AUTHORITIES
            .iter()
            .any(|name| root.windows(name.len()).any(|window| window == *name))
    })
}

fn pem(certificate: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryMode;

    use crate::testing::patient;

    use super::*;

    #[test]
    fn the_roots_are_those_of_amazon() {
        assert_eq!(roots().count(), 5);
    }

    #[test]
    fn a_call_is_tried_four_times_and_ends_before_its_caller_gives_up() {
        let config = patient(|config| config);
        let retries = config.retry_config().expect("retries");
        assert_eq!(retries.mode(), RetryMode::Standard);
        assert_eq!(retries.max_attempts(), 4);
        // A fixed base would take the chance out of the pauses, and all who were refused would come back at once.
        assert!(!retries.use_static_exponential_base());
        let limits = config.timeout_config().expect("limits");
        assert_eq!(limits.operation_attempt_timeout(), Some(TRY));
        assert_eq!(limits.operation_timeout(), Some(CALL));
        let api = Duration::from_secs(30);
        assert!(TRY < CALL && CALL * 2 < api, "an API call has to answer");
    }
}

//! Keys in AWS KMS.
//!
//! Credentials and the region come from the usual sources of AWS tools: the environment, `~/.aws`, a credential process, the machine's role.
//! A root is longer than the largest message that KMS accepts, so its digest is sent.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyUsageType, MessageType, SigningAlgorithmSpec};
use aws_smithy_http_client::Builder as HttpClient;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_types::body::SdkBody;
use chrono::TimeDelta;
use http_body_util::Limited;
use rootline_ceremonies::{Signer, SignerError};
use rootline_metadata::Scheme;
use rootline_metadata::{PublicKey, sha256};
use tokio::runtime::Runtime;

use super::Details;
use super::uri::AwsKmsUri;
use crate::failure::Failure;
use crate::journal;
use crate::text::plain;

/// Most characters of a service's error that are shown.
const MAX_ERROR: usize = 500;

/// Most bytes of a response, which holds one public key or one signature.
const MAX_RESPONSE: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct AwsKmsSigner {
    runtime: Runtime,
    client: Client,
    uri: AwsKmsUri,
    public: PublicKey,
}

/// Asks KMS for the public key.
pub(super) fn open(uri: &AwsKmsUri, timeout: TimeDelta) -> Result<(AwsKmsSigner, Details), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(
            format!("cannot prepare a connection to AWS KMS: {error}"),
            "free memory or file handles on this machine and run this again",
        )
    })?;
    let (client, region) = runtime.block_on(client(uri, timeout.to_std().unwrap_or(Duration::MAX)))?;
    let asked = runtime.block_on(client.get_public_key().key_id(&uri.key).send());
    let response = asked.map_err(|error| refused(uri, &error))?;
    let unusable = |found: String| {
        Failure::new(
            format!("{} in AWS KMS is {found}", uri.key),
            "make one with: aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY",
        )
    };
    if response.key_usage() != Some(&KeyUsageType::SignVerify) {
        return Err(unusable("not a signing key".to_owned()));
    }
    let der = response.public_key().map(Blob::as_ref).unwrap_or_default();
    let spec = || {
        response
            .key_spec()
            .map_or("a key of an unknown kind".to_owned(), |spec| format!("a key of kind {}", spec.as_str()))
            + ", which cannot sign metadata"
    };
    let public = PublicKey::from_spki_der(der).map_err(|_| unusable(spec()))?;
    if public.scheme() != Scheme::EcdsaP256Sha256 {
        return Err(unusable(spec()));
    }
    let mut details = vec![("region", region)];
    details.extend(response.key_id().map(|arn| ("arn", plain(arn))));
    Ok((AwsKmsSigner { runtime, client, uri: uri.clone(), public }, details))
}

impl Signer for AwsKmsSigner {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let request = self.client.sign().key_id(&self.uri.key).message_type(MessageType::Digest);
        let request = request.signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        let request = request.message(Blob::new(sha256(message)));
        let response = self.runtime.block_on(request.send()).map_err(|error| refused(&self.uri, &error))?;
        let signature = response.signature().map(|signature| signature.as_ref().to_vec());
        signature.ok_or_else(|| SignerError::NotSigned {
            what: format!("AWS KMS returned no signature by {}", self.uri.key),
            hint: "run this again".to_owned(),
        })
    }
}

async fn client(uri: &AwsKmsUri, timeout: Duration) -> Result<(Client, String), Failure> {
    let http = HttpClient::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = aws_config::timeout::TimeoutConfig::builder().operation_timeout(timeout).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts);
    if let Some(region) = region_of(&uri.key) {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(endpoint) = &uri.endpoint {
        loader = loader.endpoint_url(format!("{}://{endpoint}", scheme_of(endpoint)));
    }
    let config = loader.load().await;
    let region = config.region().map(|region| region.as_ref().to_owned()).ok_or_else(|| {
        Failure::new(
            format!("no AWS region is set for {}", uri.key),
            "set AWS_REGION, set it in ~/.aws/config, or name the key by its ARN",
        )
    })?;
    let config = aws_sdk_kms::config::Builder::from(&config)
        .interceptor(RequestNotes::default())
        .interceptor(BoundedResponses)
        .build();
    Ok((Client::from_conf(config), region))
}

/// Notes each request with its status, bytes and time, every attempt by itself. Of the request only the method, the place and the operation
/// are noted: headers and bodies hold what `--verbose` must not show.
#[derive(Debug, Default)]
struct RequestNotes {
    sent: Mutex<Option<(String, Instant)>>,
}

impl Intercept for RequestNotes {
    fn name(&self) -> &'static str {
        "RequestNotes"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let operation = request.headers().get("x-amz-target").unwrap_or_default();
        let text = format!("{} {} {operation}", request.method(), place(request.uri()));
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some((text, Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An attempt that fails before, as without credentials, sends nothing.
        let Some((request, begun)) = sent else { return Ok(()) };
        let response = match context.response() {
            Some(response) => {
                let bytes = response.body().content_length().unwrap_or_default();
                format!("{} {bytes} bytes", response.status().as_u16())
            }
            None => "no answer 0 bytes".to_owned(),
        };
        journal::note(format_args!("{request} {response} {} ms", begun.elapsed().as_millis()));
        Ok(())
    }
}

/// Reads no more of a response than there may be.
#[derive(Debug)]
struct BoundedResponses;

impl Intercept for BoundedResponses {
    fn name(&self) -> &'static str {
        "BoundedResponses"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, MAX_RESPONSE));
        Ok(())
    }
}

/// A URL without credentials and without what follows its path.
fn place(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    plain(&format!("{scheme}://{host}{path}"))
}

/// Returns the region that an ARN names.
fn region_of(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

/// Plain HTTP is for this machine alone; everything else uses TLS.
fn scheme_of(endpoint: &str) -> &'static str {
    let host =
        endpoint.rsplit_once(':').map_or(endpoint, |(host, port)| if port.contains(']') { endpoint } else { host });
    if matches!(host, "localhost" | "127.0.0.1" | "[::1]") { "http" } else { "https" }
}

/// Maps an error of KMS to what failed, with a hint.
fn refused<E>(uri: &AwsKmsUri, error: &SdkError<E>) -> SignerError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let key = &uri.key;
    let why = why(error);
    let (what, hint) = match (error, error.code()) {
        (SdkError::ServiceError(_), Some("NotFoundException")) => {
            (format!("AWS KMS has no key {key}"), "check the key, the region and the account: aws kms list-aliases")
        }
        (SdkError::ServiceError(_), Some("AccessDeniedException")) => (
            format!("AWS KMS does not allow these credentials to use {key}"),
            "grant them kms:GetPublicKey and kms:Sign on this key",
        ),
        (SdkError::ServiceError(_), Some("DisabledException" | "KMSInvalidStateException")) => {
            (format!("{key} in AWS KMS is disabled, or about to be deleted"), "enable it, or name another key")
        }
        (SdkError::ServiceError(_), Some("UnsupportedOperationException" | "InvalidKeyUsageException")) => (
            format!("{key} in AWS KMS is not a signing key"),
            "make one with: aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY",
        ),
        (
            SdkError::ServiceError(_),
            Some(
                "UnrecognizedClientException"
                | "InvalidSignatureException"
                | "ExpiredTokenException"
                | "IncompleteSignature",
            ),
        ) => (
            "AWS KMS rejected the credentials".to_owned(),
            "log in again, as for the AWS CLI; see which are used: aws sts get-caller-identity",
        ),
        (SdkError::ServiceError(_), Some(code)) => {
            let said: String = plain(error.message().unwrap_or_default()).chars().take(MAX_ERROR).collect();
            (format!("AWS KMS refused with {}: {said}", plain(code)), "see the AWS KMS documentation for this error")
        }
        (SdkError::TimeoutError(_), _) => (
            format!("AWS KMS did not respond for {key} in time"),
            "check the network, or allow more time: --signer-timeout 5m",
        ),
        (SdkError::DispatchFailure(_), _) if why.contains("credential") => (
            format!("no AWS credentials for {key}: {why}"),
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws in AWS_PROFILE",
        ),
        (SdkError::DispatchFailure(_), _) => {
            let where_to = uri.endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
            (format!("AWS KMS cannot be reached{where_to}: {why}"), "check the network, the region and the endpoint")
        }
        _ => (format!("AWS KMS sent an unreadable response: {why}"), "run this again; check the endpoint"),
    };
    let hint = hint.to_owned();
    match error {
        SdkError::TimeoutError(_) => SignerError::Unreachable { what, hint },
        SdkError::DispatchFailure(_) if !why.contains("credential") => SignerError::Unreachable { what, hint },
        _ => SignerError::NotSigned { what, hint },
    }
}

/// The causes of an error, the deepest last.
fn why(error: &dyn Error) -> String {
    let (mut causes, mut next) = (Vec::new(), error.source());
    while let Some(cause) = next {
        causes.push(plain(&cause.to_string()));
        next = cause.source();
    }
    causes.join(": ").chars().take(MAX_ERROR).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_its_region() {
        assert_eq!(region_of("arn:aws:kms:us-east-2:111122223333:alias/a"), Some("us-east-2"));
        assert_eq!(region_of("alias/a"), None);
    }

    #[test]
    fn a_request_is_shown_without_credentials() {
        for (url, shown) in [
            ("https://kms.eu-central-1.amazonaws.com/", "https://kms.eu-central-1.amazonaws.com/"),
            ("http://user:secret@localhost:4566/a?token=secret#secret", "http://localhost:4566/a"),
            ("https://user:secret@host", "https://host"),
        ] {
            assert_eq!(place(url), shown);
        }
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for endpoint in ["localhost", "localhost:4566", "127.0.0.1:4566", "[::1]", "[::1]:4566"] {
            assert_eq!(scheme_of(endpoint), "http", "{endpoint}");
        }
        for endpoint in
            ["kms.example.org", "kms.example.org:4566", "localhost.example.org", "127.0.0.1.example.org:1", "[::2]:1"]
        {
            assert_eq!(scheme_of(endpoint), "https", "{endpoint}");
        }
    }
}

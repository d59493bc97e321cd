//! How a bucket is reached: by what each cloud's own programs read from the environment.

use std::sync::Arc;
use std::time::Duration;

use object_store::{ClientConfigKey, ObjectStore, RetryConfig};

use super::{Bucket, Cloud, DestinationError, Fault, Place, Settings};

/// Opens a bucket with the settings and credentials of the environment.
pub(super) fn open(
    place: &Place,
    address: &Bucket,
    settings: Settings,
) -> Result<Arc<dyn ObjectStore>, DestinationError> {
    // One TLS for all; refused when the program has chosen one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let opened = match address.cloud {
        #[cfg(feature = "s3")]
        Cloud::S3 => {
            use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
            let builder =
                time_limits(settings).into_iter().fold(AmazonS3Builder::from_env(), |builder, (key, value)| {
                    builder.with_config(Key::Client(key), value)
                });
            let is_set =
                |key| builder.get_config_value(&key).is_some_and(|value| !value.is_empty() && value != "false");
            if let Some(what) = missing_s3_credentials(is_set) {
                return Err(DestinationError::new(place, Fault::Credentials, what));
            }
            builder.with_bucket_name(&address.name).with_retry(retry(settings)).build().map(shared)
        }
        #[cfg(feature = "gcs")]
        Cloud::Gcs => {
            use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey as Key};
            let builder = time_limits(settings)
                .into_iter()
                .fold(GoogleCloudStorageBuilder::from_env(), |builder, (key, value)| {
                    builder.with_config(Key::Client(key), value)
                });
            builder.with_bucket_name(&address.name).with_retry(retry(settings)).build().map(shared)
        }
        #[cfg(feature = "azure")]
        Cloud::Azure => {
            use object_store::azure::{AzureConfigKey as Key, MicrosoftAzureBuilder};
            let builder =
                time_limits(settings).into_iter().fold(MicrosoftAzureBuilder::from_env(), |builder, (key, value)| {
                    builder.with_config(Key::Client(key), value)
                });
            builder.with_container_name(&address.name).with_retry(retry(settings)).build().map(shared)
        }
        #[cfg(not(all(feature = "s3", feature = "gcs", feature = "azure")))]
        cloud => return Err(super::not_built(place, cloud)),
    };
    // What the store says of it may repeat a setting, and a setting may be a secret.
    opened.map_err(|_| {
        let variables = variables(address.cloud);
        let what = format!("the settings in the environment cannot be used: look at {variables}");
        DestinationError::new(place, Fault::Unusable, what)
    })
}

fn shared(store: impl ObjectStore) -> Arc<dyn ObjectStore> {
    Arc::new(store)
}

/// What is worth another try is tried for so long, with pauses that double.
fn retry(settings: Settings) -> RetryConfig {
    RetryConfig { max_retries: 5, retry_timeout: settings.request_timeout * 2, ..RetryConfig::default() }
}

/// The longest request whose bytes keep coming.
const MAX_REQUEST: Duration = Duration::from_secs(60 * 60);

/// A request may take long while bytes come: a large target is read back in one.
fn time_limits(settings: Settings) -> [(ClientConfigKey, String); 3] {
    let text = |limit: Duration| format!("{}ms", limit.as_millis());
    [
        (ClientConfigKey::ConnectTimeout, text(settings.connect_timeout)),
        (ClientConfigKey::ReadTimeout, text(settings.request_timeout)),
        (ClientConfigKey::Timeout, text(MAX_REQUEST.max(settings.request_timeout))),
    ]
}

/// What is missing of the credentials for S3. An instance's role counts only where `AWS_METADATA_ENDPOINT` names its service: on any other machine
/// that service does not answer, and would be waited for.
#[cfg(feature = "s3")]
fn missing_s3_credentials(is_set: impl Fn(object_store::aws::AmazonS3ConfigKey) -> bool) -> Option<&'static str> {
    use object_store::aws::AmazonS3ConfigKey as Key;
    match (is_set(Key::AccessKeyId), is_set(Key::SecretAccessKey)) {
        (true, true) => return None,
        (true, false) => return Some("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"),
        (false, true) => return Some("AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not"),
        (false, false) => {}
    }
    let has_role = is_set(Key::MetadataEndpoint)
        || is_set(Key::SkipSignature)
        || is_set(Key::ContainerCredentialsRelativeUri)
        || (is_set(Key::ContainerCredentialsFullUri) && is_set(Key::ContainerAuthorizationTokenFile))
        || (is_set(Key::WebIdentityTokenFile) && is_set(Key::RoleArn));
    (!has_role).then_some("no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
}

/// The variables that say how a cloud is reached.
fn variables(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::S3 => "AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and the other variables that begin with AWS_",
        Cloud::Gcs => "GOOGLE_APPLICATION_CREDENTIALS and the other variables that begin with GOOGLE_",
        Cloud::Azure => {
            "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY and the other variables that begin with AZURE_"
        }
    }
}

#[cfg(all(test, feature = "s3"))]
mod tests {
    use object_store::aws::AmazonS3ConfigKey as Key;

    use super::*;

    #[test]
    fn credentials_for_s3_are_complete_or_what_is_missing_is_named() {
        let missing = |set: &[Key]| missing_s3_credentials(|key| set.contains(&key));
        for complete in [
            &[Key::AccessKeyId, Key::SecretAccessKey][..],
            &[Key::WebIdentityTokenFile, Key::RoleArn],
            &[Key::ContainerCredentialsRelativeUri],
            &[Key::ContainerCredentialsFullUri, Key::ContainerAuthorizationTokenFile],
            &[Key::MetadataEndpoint],
            &[Key::SkipSignature],
        ] {
            assert_eq!(missing(complete), None, "{complete:?}");
        }
        for (part, named) in [
            (&[Key::AccessKeyId][..], "AWS_SECRET_ACCESS_KEY is not"),
            (&[Key::SecretAccessKey, Key::MetadataEndpoint], "AWS_ACCESS_KEY_ID is not"),
            (&[Key::RoleArn], "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"),
            (&[Key::WebIdentityTokenFile], "are not set"),
            (&[Key::ContainerCredentialsFullUri], "are not set"),
            (&[], "are not set"),
        ] {
            assert!(missing(part).is_some_and(|told| told.contains(named)), "{part:?}");
        }
    }
}

//! How a bucket is reached: by what each cloud's own programs read from the environment.

use std::sync::Arc;
use std::time::Duration;

use object_store::{ObjectStore, RetryConfig};

use super::{Bucket, Cloud, DestinationError, Fault, Place};

/// Opens a bucket with the settings and credentials of the environment.
pub(super) fn open(place: &Place, address: &Bucket) -> Result<Arc<dyn ObjectStore>, DestinationError> {
    // One TLS for all; refused when the program has chosen one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let opened = match address.cloud {
        #[cfg(feature = "s3")]
        Cloud::S3 => {
            let builder = object_store::aws::AmazonS3Builder::from_env();
            builder.with_bucket_name(&address.name).with_retry(retry()).build().map(shared)
        }
        #[cfg(feature = "gcs")]
        Cloud::Gcs => {
            let builder = object_store::gcp::GoogleCloudStorageBuilder::from_env();
            builder.with_bucket_name(&address.name).with_retry(retry()).build().map(shared)
        }
        #[cfg(feature = "azure")]
        Cloud::Azure => {
            let builder = object_store::azure::MicrosoftAzureBuilder::from_env();
            builder.with_container_name(&address.name).with_retry(retry()).build().map(shared)
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
fn retry() -> RetryConfig {
    RetryConfig { max_retries: 5, retry_timeout: Duration::from_secs(60), ..RetryConfig::default() }
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

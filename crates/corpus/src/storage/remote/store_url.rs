//! Resolves a URL to its store and object.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::path::Path as ObjectKey;
use object_store::{ClientOptions, ObjectStore};

use super::client::runtime;
use super::error::describe;
use super::hub::HubDataset;
use crate::storage::location::{parse_location, split_scheme};

/// An object or a prefix.
#[derive(Clone)]
pub(super) struct StoreUrl {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) key: ObjectKey,
    /// Whether it cannot be an object.
    pub(super) is_prefix: bool,
    /// The dataset, if the store is the Hugging Face Hub.
    pub(super) dataset: Option<Arc<HubDataset>>,
    scheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    S3,
    Google,
    Azure,
    Hub,
    Web,
}

/// A client of a store, and the dataset if it is one.
type Client = (Arc<dyn ObjectStore>, Option<Arc<HubDataset>>);

impl StoreUrl {
    /// Finds the store of a URL. Clients are cached until the process ends.
    pub(super) fn parse(path: &Path) -> io::Result<Self> {
        /// Keyed by process, because a client does not survive a fork, and by the URL of the store.
        static CLIENTS: Mutex<Option<HashMap<(u32, String), Client>>> = Mutex::new(None);
        let path = parse_location(path.as_os_str()).map_err(io::Error::other)?;
        let text = path.to_str().unwrap_or_default().replace(std::path::MAIN_SEPARATOR, "/");
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not a URL of a store");
        let (name, rest) = split_scheme(&text).ok_or_else(invalid)?;
        let scheme = match name {
            "s3" => Scheme::S3,
            "gs" => Scheme::Google,
            "az" => Scheme::Azure,
            "hf" => Scheme::Hub,
            "http" | "https" => Scheme::Web,
            _ => return Err(invalid()),
        };
        // A dataset takes three path segments, a bucket one.
        let depth = if scheme == Scheme::Hub { 3 } else { 1 };
        let end = rest.match_indices('/').nth(depth - 1).map_or(rest.len(), |(at, _)| at);
        let (place, key) = (&rest[..end], rest[end..].trim_start_matches('/'));
        let address = format!("{name}://{place}");
        let key_of_client = (std::process::id(), address.clone());
        let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
        let clients = clients.get_or_insert_default();
        let (store, dataset) = match clients.get(&key_of_client) {
            Some(client) => client.clone(),
            None => {
                let client = connect(scheme, &address, place)?;
                clients.insert(key_of_client, client.clone());
                client
            }
        };
        let object_key = match scheme {
            Scheme::Web => ObjectKey::from_url_path(key),
            _ => ObjectKey::parse(key),
        };
        let object_key = object_key.map_err(|error| io::Error::other(error.to_string()))?;
        let is_prefix = key.is_empty() || key.ends_with('/');
        Ok(Self { store, key: object_key, is_prefix, dataset, scheme })
    }

    /// Whether the store can list objects.
    pub(super) fn has_listings(&self) -> bool {
        self.scheme != Scheme::Web
    }

    /// Whether the object is immutable: a dataset is read at a commit.
    pub(super) fn is_immutable(&self) -> bool {
        self.scheme == Scheme::Hub
    }

    /// Rejects read-only stores.
    pub(super) fn require_writable(&self) -> io::Result<()> {
        let message = match self.scheme {
            Scheme::Hub => "Hugging Face datasets are read-only",
            Scheme::Web => "web servers are read-only",
            Scheme::S3 | Scheme::Google | Scheme::Azure => return Ok(()),
        };
        let message = format!("{message}; write to s3://, gs://, az:// or a local directory");
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }
}

/// Creates the client of a store, with settings and credentials from the environment.
fn connect(scheme: Scheme, address: &str, place: &str) -> io::Result<Client> {
    fn shared(store: impl ObjectStore) -> Arc<dyn ObjectStore> {
        Arc::new(store)
    }
    runtime()?;
    let web = |address: &str| {
        let options = ClientOptions::new().with_allow_http(address.starts_with("http://"));
        HttpBuilder::new().with_url(address).with_client_options(options)
    };
    let store = match scheme {
        Scheme::S3 => AmazonS3Builder::from_env().with_bucket_name(place).build().map(shared),
        Scheme::Google => {
            GoogleCloudStorageBuilder::from_env().with_bucket_name(place).build().map(shared)
        }
        Scheme::Azure => {
            MicrosoftAzureBuilder::from_env().with_container_name(place).build().map(shared)
        }
        Scheme::Web => web(address).build().map(shared),
        Scheme::Hub => {
            let dataset = HubDataset::open(place)?;
            let store = dataset.client_builder().build().map_err(|error| describe(&error))?;
            return Ok((shared(store), Some(Arc::new(dataset))));
        }
    };
    store.map(|store| (store, None)).map_err(|error| describe(&error))
}

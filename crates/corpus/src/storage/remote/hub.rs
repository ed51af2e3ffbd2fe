//! Read-only access to datasets on the Hugging Face Hub.
//!
//! A dataset is read at the commit that its revision refers to when it is opened, so its files
//! cannot change during a run.

use std::io;
use std::path::Path;
use std::time::Duration;

use object_store::ClientOptions;
use object_store::http::HttpBuilder;
use object_store::path::Path as ObjectKey;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LINK};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::child;
use super::client::block_on;
use crate::storage::DirEntry;

/// A dataset at a commit.
pub(super) struct HubDataset {
    /// The base URL of the hub.
    endpoint: String,
    /// The owner and name.
    name: String,
    commit: String,
    headers: HeaderMap,
}

/// The hub's response about a revision.
#[derive(Deserialize)]
struct HubRevision {
    sha: String,
}

/// The hub's response about a file or directory.
#[derive(Deserialize)]
struct HubEntry {
    r#type: String,
    path: String,
    #[serde(default)]
    size: u64,
}

impl HubDataset {
    /// Opens the dataset `datasets/OWNER/NAME` or `datasets/OWNER/NAME@REVISION`.
    pub(super) fn open(place: &str) -> io::Result<Self> {
        let name = place.trim_start_matches("datasets/");
        let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
        let endpoint = std::env::var("HF_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty());
        let endpoint = endpoint.unwrap_or_else(|| "https://huggingface.co".into());
        let mut dataset = Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            name: name.to_owned(),
            commit: String::new(),
            headers: headers()?,
        };
        let address = format!("{}/api/datasets/{name}/revision/{revision}", dataset.endpoint);
        let HubRevision { sha } = block_on(async { json(dataset.get(&address).await?).await })??;
        dataset.commit = sha;
        Ok(dataset)
    }

    /// Returns the settings of a client for the files.
    pub(super) fn client_builder(&self) -> HttpBuilder {
        let Self { endpoint, name, commit, headers } = self;
        let options = ClientOptions::new()
            .with_default_headers(headers.clone())
            .with_allow_http(endpoint.starts_with("http://"));
        HttpBuilder::new()
            .with_url(format!("{endpoint}/datasets/{name}/resolve/{commit}"))
            .with_client_options(options)
    }

    /// Lists the entries of the directory with the URL `path`.
    pub(super) fn list(&self, path: &Path, directory: &ObjectKey) -> io::Result<Vec<DirEntry>> {
        let Self { endpoint, name, commit, .. } = self;
        let address = format!("{endpoint}/api/datasets/{name}/tree/{commit}/{directory}");
        let mut next = Some(address.trim_end_matches('/').to_owned());
        let mut entries = Vec::new();
        while let Some(address) = next.take() {
            let page: io::Result<(Option<String>, Vec<HubEntry>)> = block_on(async {
                let answer = match self.get(&address).await {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Ok((None, vec![]));
                    }
                    answer => answer?,
                };
                Ok((next_page(answer.headers()), json(answer).await?))
            })?;
            let (following, found) = page?;
            next = following.filter(|following| following.starts_with(endpoint));
            for HubEntry { r#type, path: key, size } in found {
                let Some(name) = key.rsplit('/').next().map(str::to_owned) else { continue };
                let is_dir = r#type == "directory";
                entries.push(DirEntry {
                    path: child(path, &name),
                    name,
                    is_dir,
                    size: if is_dir { 0 } else { size },
                    modified: None,
                });
            }
        }
        Ok(entries)
    }

    /// Sends a request, and retries if the hub is unavailable.
    async fn get(&self, address: &str) -> io::Result<Response> {
        const PAUSES: [Duration; 3] =
            [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];
        let client = Client::builder().default_headers(self.headers.clone()).build();
        let client = client.map_err(|error| failed(error.without_url()))?;
        for pause in PAUSES {
            match client.get(address).send().await {
                Ok(answer)
                    if !answer.status().is_server_error()
                        && answer.status() != StatusCode::TOO_MANY_REQUESTS =>
                {
                    return self.accept(answer);
                }
                _ => tokio::time::sleep(pause).await,
            }
        }
        let answer = client.get(address).send().await;
        self.accept(answer.map_err(|error| failed(error.without_url()))?)
    }

    /// Turns the response to a failed request into an error.
    fn accept(&self, answer: Response) -> io::Result<Response> {
        match answer.status() {
            StatusCode::NOT_FOUND => {
                let message =
                    format!("no Hugging Face dataset {} with this revision and path", self.name);
                Err(io::Error::new(io::ErrorKind::NotFound, message))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "no access to the Hugging Face dataset {}; set HF_TOKEN to a token with read access",
                    self.name
                ),
            )),
            status if status.is_success() => Ok(answer),
            status => Err(failed(status)),
        }
    }
}

/// Returns the headers of all requests: the token in the environment, if there is one.
fn headers() -> io::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(token) = std::env::var("HF_TOKEN").ok().filter(|token| !token.is_empty()) {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
        let mut value = value.map_err(|_| io::Error::other("HF_TOKEN is not a valid token"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// Returns the URL of the next page of a listing.
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get(LINK)?.to_str().ok()?;
    let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    let (address, _) = next.trim().strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

async fn json<T: DeserializeOwned>(answer: Response) -> io::Result<T> {
    let bytes = answer.bytes().await.map_err(|error| failed(error.without_url()))?;
    serde_json::from_slice(&bytes).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("cannot reach the Hugging Face Hub: {error}"))
}

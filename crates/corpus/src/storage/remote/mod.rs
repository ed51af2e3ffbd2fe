//! Blocking access to object stores. The crate `object_store` implements the protocols, finds
//! credentials, and retries failed requests.

mod blocks;
mod client;
mod error;
mod hub;
mod remote_file;
mod store_url;
mod upload;

use std::io;
use std::path::{Path, PathBuf};

use object_store::ObjectStoreExt;

use super::{DirEntry, ObjectMetadata, ObjectVersion, UrlKind};
use client::block_on;
use error::{describe, is_missing};
use store_url::StoreUrl;

pub(crate) use remote_file::RemoteFile;
pub(super) use upload::{put, upload};

/// Checks that the store of a URL can be written to.
pub(super) fn check(path: &Path) -> io::Result<()> {
    StoreUrl::parse(path)?.require_writable()
}

/// Requests the size and version of an object.
pub(super) fn metadata(path: &Path) -> io::Result<ObjectMetadata> {
    let url = StoreUrl::parse(path)?;
    if url.key.is_root() {
        return Err(error::missing());
    }
    let found = block_on(url.store.head(&url.key))?.map_err(|error| describe(&error))?;
    let version = ObjectVersion { etag: found.e_tag, generation: found.version };
    Ok(ObjectMetadata { size: found.size, version })
}

/// Returns what a URL refers to; `None` if there is nothing.
pub(super) fn kind(path: &Path) -> io::Result<Option<UrlKind>> {
    let url = StoreUrl::parse(path)?;
    if !url.is_prefix {
        match block_on(url.store.head(&url.key))? {
            Ok(found) => return Ok(Some(UrlKind::Object(found.size))),
            Err(error) if !is_missing(&error) => return Err(describe(&error)),
            Err(_) if !url.has_listings() => return Ok(None),
            Err(_) => {}
        }
    }
    let is_prefix = !list(path)?.is_empty() || url.key.is_root();
    Ok(is_prefix.then_some(UrlKind::Prefix))
}

/// Lists the objects and prefixes directly below a prefix.
pub(super) fn list(path: &Path) -> io::Result<Vec<DirEntry>> {
    let url = StoreUrl::parse(path)?;
    if let Some(dataset) = &url.dataset {
        return dataset.list(path, &url.key);
    }
    if !url.has_listings() {
        return Err(io::Error::other("cannot list directories of a web server"));
    }
    let prefix = (!url.key.is_root()).then_some(&url.key);
    let found = block_on(url.store.list_with_delimiter(prefix))?;
    let found = found.map_err(|error| describe(&error))?;
    let mut entries = Vec::with_capacity(found.objects.len() + found.common_prefixes.len());
    for object in found.objects {
        // The S3 console marks a directory with an object that has the name of the prefix.
        if object.location == url.key {
            continue;
        }
        let Some(name) = object.location.filename() else { continue };
        entries.push(DirEntry {
            path: child(path, name),
            name: name.to_owned(),
            is_dir: false,
            size: object.size,
            modified: Some(object.last_modified.into()),
        });
    }
    for prefix in found.common_prefixes {
        let Some(name) = prefix.filename() else { continue };
        entries.push(DirEntry {
            path: child(path, name),
            name: name.to_owned(),
            is_dir: true,
            size: 0,
            modified: None,
        });
    }
    Ok(entries)
}

/// Returns the URL of `name` below `path`, with a slash on every platform.
fn child(path: &Path, name: &str) -> PathBuf {
    let above = path.to_string_lossy();
    PathBuf::from(format!("{}/{name}", above.trim_end_matches('/')))
}

/// Removes an object.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let url = StoreUrl::parse(path)?;
    url.require_writable()?;
    match block_on(url.store.delete(&url.key))? {
        Err(error) if !is_missing(&error) => Err(describe(&error)),
        _ => Ok(()),
    }
}

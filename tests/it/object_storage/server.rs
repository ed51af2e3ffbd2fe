//! A test server with the parts of the S3 and Hugging Face Hub protocols that dechaff uses, and
//! with fault injection.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::http::{Request, Response};

/// A fault that the server injects into a request.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// Answers that it is too busy.
    Busy,
    /// Denies access, and says why.
    Denied,
    /// Closes the connection after this many bytes of the body.
    Cut(usize),
    /// Replaces an object before it answers.
    Replaced(String, Vec<u8>),
    /// Answers properly, but says that it was too busy.
    Lost,
    /// Never answers.
    Hang,
}

/// The secret of the client, which must never be printed.
pub(super) const SECRET: &str = "ThisIsTheSecretOfTheClient";

#[derive(Default)]
struct Stored {
    objects: BTreeMap<String, (Vec<u8>, String)>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    faults: Vec<(String, Fault)>,
    log: Vec<String>,
    versions: usize,
}

#[derive(Default)]
struct Shared {
    stored: Mutex<Stored>,
    hanging: (Mutex<usize>, Condvar),
}

pub(super) struct Server {
    address: String,
    shared: Arc<Shared>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, shared }
    }

    /// A server run by another program, without faults.
    pub(super) fn outside(address: String) -> Self {
        Self { address, shared: Arc::default() }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        command.current_dir(folder).args(arguments);
        command.env("AWS_ENDPOINT_URL", &self.address).env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_ACCESS_KEY_ID", "reader").env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("AWS_REGION", "us-east-1").env("HF_ENDPOINT", &self.address);
        command.env("HF_TOKEN", SECRET);
        command
    }

    pub(super) fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let output = self.command(folder, arguments).output().unwrap();
        for text in [&output.stdout, &output.stderr] {
            assert!(!String::from_utf8_lossy(text).contains(SECRET), "the secret was printed");
        }
        output
    }

    fn stored(&self) -> std::sync::MutexGuard<'_, Stored> {
        self.shared.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        self.stored().put(key, content.into());
    }

    /// Puts all files of a folder below `prefix`.
    pub(super) fn put_folder(&self, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let key = format!("{prefix}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                self.put_folder(&path, &key);
            } else {
                self.put(&key, std::fs::read(&path).unwrap());
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.stored().objects.get(key).map(|(content, _)| content.clone())
    }

    pub(super) fn keys(&self, prefix: &str) -> Vec<String> {
        let stored = self.stored();
        stored.objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    /// The number of uploads in parts that are not complete.
    pub(super) fn open_uploads(&self) -> usize {
        self.stored().uploads.len()
    }

    /// Applies `fault` to the next request that begins with `request`, such as `GET bucket/a`.
    pub(super) fn fail(&self, request: &str, fault: Fault) {
        self.stored().faults.push((request.to_owned(), fault));
    }

    /// Whether all faults occurred.
    pub(super) fn has_failed(&self) -> bool {
        self.stored().faults.is_empty()
    }

    /// Returns the requests that begin with `request`.
    pub(super) fn requests(&self, request: &str) -> Vec<String> {
        let stored = self.stored();
        stored.log.iter().filter(|line| line.starts_with(request)).cloned().collect()
    }

    /// Waits until `count` requests hang.
    pub(super) fn wait_for_hanging(&self, count: usize) {
        let (lock, changed) = &self.shared.hanging;
        let hanging = lock.lock().unwrap();
        let limit = Duration::from_secs(60);
        let (hanging, _) =
            changed.wait_timeout_while(hanging, limit, |hanging| *hanging < count).unwrap();
        assert!(*hanging >= count, "no request hangs");
    }
}

fn serve(stream: TcpStream, shared: &Shared) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Request::read(&mut reader) {
        let line = format!("{} {}", request.method, request.path);
        let (fault, mut response) = {
            let mut stored = shared.stored.lock().unwrap_or_else(PoisonError::into_inner);
            let range = request.header("range").unwrap_or("");
            stored.log.push(format!("{line} {range}").trim_end().to_owned());
            let at = stored.faults.iter().position(|(start, _)| line.starts_with(start));
            let fault = at.map(|at| stored.faults.remove(at).1);
            if let Some(Fault::Replaced(key, content)) = &fault {
                stored.put(key, content.clone());
            }
            let skips = matches!(fault, Some(Fault::Busy | Fault::Denied | Fault::Hang));
            let response = match skips {
                true => Response::new(503, "busy"),
                false => stored.answer(&request),
            };
            (fault, response)
        };
        match fault {
            Some(Fault::Denied) => {
                response = Response::new(403, format!("<Error>{SECRET}</Error>"))
            }
            Some(Fault::Lost) => response = Response::new(503, "busy"),
            Some(Fault::Cut(at)) if at < response.body.len() => {
                response.announced = Some(response.body.len());
                response.body.truncate(at);
            }
            Some(Fault::Hang) => {
                let (lock, changed) = &shared.hanging;
                *lock.lock().unwrap() += 1;
                changed.notify_all();
                loop {
                    std::thread::park();
                }
            }
            _ => {}
        }
        if !response.write(&mut writer, request.method == "HEAD").unwrap_or(false) {
            return;
        }
    }
}

impl Stored {
    fn put(&mut self, key: &str, content: Vec<u8>) -> String {
        self.versions += 1;
        let etag = format!("\"version-{}\"", self.versions);
        self.objects.insert(key.to_owned(), (content, etag.clone()));
        etag
    }

    fn answer(&mut self, request: &Request) -> Response {
        if let Some(hub) = request.path.strip_prefix("api/datasets/") {
            return self.hub(hub, request.header("host").unwrap_or_default());
        }
        if let Some((dataset, file)) = request.path.split_once("/resolve/c0ffee/") {
            // Files are elsewhere, as on the hub.
            return Response::new(302, "").with("Location", format!("/{dataset}/{file}"));
        }
        match request.method.as_str() {
            "GET" if request.parameter("list-type").is_some() => self.list(request),
            "GET" | "HEAD" => self.read(request),
            "PUT" => self.write(request),
            "POST" => self.post(request),
            "DELETE" => {
                let upload = request.parameter("uploadId").and_then(|id| self.uploads.remove(id));
                if upload.is_none() {
                    self.objects.remove(&request.path);
                }
                Response::new(204, "")
            }
            _ => Response::new(400, ""),
        }
    }

    fn read(&self, request: &Request) -> Response {
        let Some((content, etag)) = self.objects.get(&request.path) else {
            return Response::new(404, "<Error><Code>NoSuchKey</Code></Error>");
        };
        if request.header("if-match").is_some_and(|expected| expected != etag) {
            return Response::new(412, "");
        }
        let response = |status, body: &[u8]| {
            let response = Response::new(status, body).with("ETag", etag.clone());
            response.with("Last-Modified", "Tue, 01 Sep 2026 08:00:00 GMT")
        };
        let Some(range) = request.header("range").and_then(|range| range.strip_prefix("bytes="))
        else {
            return response(200, content);
        };
        let (start, end) = range.split_once('-').unwrap();
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        if start >= content.len() {
            return Response::new(416, "<Error><Code>InvalidRange</Code></Error>");
        }
        let end = content.len().min(end + 1);
        let place = format!("bytes {start}-{}/{}", end - 1, content.len());
        response(206, &content[start..end]).with("Content-Range", place)
    }

    fn write(&mut self, request: &Request) -> Response {
        if let (Some(id), Some(part)) =
            (request.parameter("uploadId"), request.parameter("partNumber"))
        {
            let Some(upload) = self.uploads.get_mut(id) else { return Response::new(404, "") };
            upload.insert(part.parse().unwrap(), request.body.clone());
            return Response::new(200, "").with("ETag", format!("\"part-{part}\""));
        }
        let existing = self.objects.get(&request.path).map(|(_, etag)| etag.as_str());
        let is_refused = match (request.header("if-none-match"), request.header("if-match")) {
            (Some(_), _) => existing.is_some(),
            (_, Some(expected)) => existing != Some(expected),
            _ => false,
        };
        if is_refused {
            return Response::new(412, "<Error><Code>PreconditionFailed</Code></Error>");
        }
        let etag = self.put(&request.path, request.body.clone());
        Response::new(200, "").with("ETag", etag)
    }

    fn post(&mut self, request: &Request) -> Response {
        let body = String::from_utf8_lossy(&request.body);
        if request.parameter("delete").is_some() {
            let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            for key in keys {
                self.objects.remove(&format!("{}/{key}", request.path.trim_end_matches('/')));
            }
            return Response::new(200, "<DeleteResult></DeleteResult>");
        }
        match request.parameter("uploadId") {
            None => {
                let id = format!("upload-{}", self.uploads.len());
                self.uploads.insert(id.clone(), BTreeMap::new());
                let xml = format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId>\
                     </InitiateMultipartUploadResult>"
                );
                Response::new(200, xml)
            }
            Some(id) => {
                let Some(parts) = self.uploads.remove(id) else { return Response::new(404, "") };
                let etag = self.put(&request.path, parts.into_values().flatten().collect());
                let xml = format!(
                    "<CompleteMultipartUploadResult><ETag>{etag}</ETag>\
                     </CompleteMultipartUploadResult>"
                );
                Response::new(200, xml)
            }
        }
    }

    /// Lists three keys at a time.
    fn list(&self, request: &Request) -> Response {
        const PAGE: usize = 3;
        let bucket = request.path.trim_end_matches('/');
        let prefix = request.parameter("prefix").unwrap_or("");
        let mut found = BTreeSet::new();
        for key in self.objects.keys() {
            let Some(key) = key.strip_prefix(bucket).and_then(|key| key.strip_prefix('/')) else {
                continue;
            };
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            match rest.split_once('/') {
                Some((name, _)) => found.insert((format!("{prefix}{name}/"), true)),
                None => found.insert((key.to_owned(), false)),
            };
        }
        let after = request.parameter("continuation-token").unwrap_or("");
        let mut rest = found.iter().filter(|(key, _)| key.as_str() > after).peekable();
        let (mut xml, mut last) = (String::new(), "");
        for (key, is_prefix) in rest.by_ref().take(PAGE) {
            last = key;
            if *is_prefix {
                xml += &format!("<CommonPrefixes><Prefix>{key}</Prefix></CommonPrefixes>");
                continue;
            }
            let (content, etag) = &self.objects[&format!("{bucket}/{key}")];
            xml += &format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><ETag>{etag}</ETag>\
                 <LastModified>2026-09-01T08:00:00.000Z</LastModified></Contents>",
                content.len()
            );
        }
        if rest.peek().is_some() {
            xml += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        Response::new(200, format!("<ListBucketResult>{xml}</ListBucketResult>"))
    }

    /// Answers questions about the datasets, whose files are objects below `datasets/`. Listings
    /// have two entries a page.
    fn hub(&self, question: &str, host: &str) -> Response {
        if let Some((_, revision)) = question.split_once("/revision/") {
            let is_known = ["main", "refs/convert/parquet"].contains(&revision);
            return match is_known {
                true => Response::new(200, r#"{"sha": "c0ffee"}"#),
                false => Response::new(404, ""),
            };
        }
        let Some((dataset, directory)) = question.split_once("/tree/c0ffee") else {
            return Response::new(404, "");
        };
        let (directory, page) = directory.split_once(";page=").unwrap_or((directory, "0"));
        let directory = directory.trim_matches('/');
        let above = format!("datasets/{dataset}/");
        let mut found = BTreeMap::new();
        for (key, (content, _)) in &self.objects {
            let Some(file) = key.strip_prefix(&above) else { continue };
            let rest = match directory {
                "" => Some(file),
                _ => file.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')),
            };
            let Some(rest) = rest else { continue };
            let name = rest.split('/').next().unwrap();
            let kind = if name == rest { "file" } else { "directory" };
            let path = &file[..file.len() - rest.len() + name.len()];
            found.insert(
                path,
                serde_json::json!({"type": kind, "path": path, "size": content.len()}),
            );
        }
        let page: usize = page.parse().unwrap();
        let entries: Vec<_> = found.values().skip(2 * page).take(2).collect();
        let response = Response::new(200, serde_json::to_vec(&entries).unwrap());
        match found.len() > 2 * page + 2 {
            true => {
                let next = format!("{dataset}/tree/c0ffee/{directory};page={}", page + 1);
                let next = format!("<http://{host}/api/datasets/{next}>; rel=\"next\"");
                response.with("Link", next)
            }
            false => response,
        }
    }
}

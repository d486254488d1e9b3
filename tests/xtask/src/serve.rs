//! A server of static files for this machine alone: GET and HEAD, one folder, the page's own headers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::places;
use crate::shell::Run;

/// Longest request head that is read.
const HEAD_MAX: u64 = 16 * 1024;

/// The headers of every answer, from where the page's own policy stands.
pub(crate) fn headers() -> Result<String> {
    let script = "import('./csp.mjs').then(({ headers }) => console.log(JSON.stringify(headers)))";
    let (_, text) = Run::new("node", &["-e", script])
        .within(&places::web())
        .quiet()
        .context("node is missing")?;
    let headers: Value = serde_json::from_str(&text).context("web/csp.mjs gave no headers")?;
    let headers = headers.as_object().context("web/csp.mjs gave no headers")?;
    let line = |(name, value): (&String, &Value)| Some(format!("{name}: {}\r\n", value.as_str()?));
    Ok(headers.iter().filter_map(line).collect())
}

/// Serves `site` until the process ends; `ready` is told the address.
pub(crate) fn serve(site: &Path, headers: &str, port: u16, ready: impl FnOnce(&str)) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("port {port} is taken; choose another with --port"))?;
    ready(&format!("http://{}/", listener.local_addr()?));
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            // A caller that goes away is no trouble of ours.
            scope.spawn(move || answer(stream, site, headers).ok());
        }
    });
    Ok(())
}

/// Reads one request, answers it, closes.
fn answer(mut stream: TcpStream, site: &Path, headers: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new((&stream).take(HEAD_MAX));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut words = request.split_ascii_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let found =
        file_of(site, target).and_then(|file| Some((std::fs::read(&file).ok()?, kind(&file))));
    let (status, kind, body) = match (method, found) {
        ("GET" | "HEAD", Some((body, kind))) => ("200 OK", kind, body),
        ("GET" | "HEAD", None) => ("404 Not Found", TEXT, b"not found\n".to_vec()),
        _ => (
            "405 Method Not Allowed",
            TEXT,
            b"only GET and HEAD\n".to_vec(),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-type: {kind}\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file that a request's target names; `None` for whatever lies outside `site` or is spelt unusually.
fn file_of(site: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let usual = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !path.chars().all(usual) {
        return None;
    }
    let path = Path::new(path);
    if !path
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let mut file = site.join(path);
    if file.is_dir() {
        file.push("index.html");
    }
    // Links do not lead out either.
    let file = file.canonicalize().ok()?;
    file.starts_with(site.canonicalize().ok()?).then_some(file)
}

const TEXT: &str = "text/plain; charset=utf-8";

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("vkey" | "txt") => TEXT,
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    //! What is served and what is not, over a real connection.
    use super::*;

    fn ask(request: &str) -> String {
        let site = std::env::temp_dir().join(format!("xtask-serve-{}", std::process::id()));
        std::fs::create_dir_all(site.join("sub")).unwrap();
        std::fs::write(site.join("index.html"), "<p>hello").unwrap();
        std::fs::write(site.join("sub/a.wasm"), "wasm").unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(request.as_bytes()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        answer(stream, &site, "x-policy: strict\r\n").unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn files_with_their_kind_and_the_headers() {
        let text = ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\nx-policy: strict\r\ncontent-type: text/html"));
        assert!(text.ends_with("\r\n\r\n<p>hello"));
        assert!(ask("GET /sub/a.wasm?x HTTP/1.1\r\n\r\n").contains("application/wasm"));
        assert!(ask("HEAD / HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    }

    #[test]
    fn nothing_else() {
        for path in [
            "/../../etc/passwd",
            "/%2e%2e/x",
            "//etc/passwd",
            "/sub/",
            "/none",
            "etc/passwd",
            "/a\\b",
        ] {
            let text = ask(&format!("GET {path} HTTP/1.1\r\n\r\n"));
            assert!(text.starts_with("HTTP/1.1 404 "), "{path}: {text}");
            assert!(text.contains("x-policy: strict"));
        }
        assert!(ask("POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    }
}

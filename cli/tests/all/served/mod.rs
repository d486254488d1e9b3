//! The real witness as a process of its own, on a free port.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests; each file uses a part of it"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use ledgerline::wire::hex;
use ledgerline_cli::ledger::sha256;

use crate::common::Place;

/// A running witness; killed when dropped.
pub struct Served {
    child: Child,
    err: Option<std::thread::JoinHandle<String>>,
    /// Submission prefix.
    pub url: String,
    /// Monitoring prefix.
    pub monitoring: String,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Http {
    pub status: u16,
    pub kind: String,
    pub body: String,
}

impl Served {
    pub fn start(place: &Place, dir: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ledgerline"))
            .args(["witness", dir, "--listen", "127.0.0.1:0", "--json"])
            .args(arguments)
            .current_dir(place.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("it has started");
        let url = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self {
            child,
            err: Some(err),
            url: url("submission"),
            monitoring: url("monitoring"),
        }
    }

    /// Posts to `add-checkpoint`.
    pub fn add(&self, body: &[u8]) -> Http {
        post(&format!("{}/add-checkpoint", self.url), body)
    }

    /// What monitors get.
    pub fn newest(&self, origin: &str) -> Http {
        get(&format!(
            "{}/{}/checkpoint",
            self.monitoring,
            hash_of(origin)
        ))
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Asks it to end, and gives what it said on standard error.
    pub fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.child.wait().unwrap();
        let err = self.err.take().unwrap().join().unwrap();
        assert!(status.success(), "{status}: {err}");
        err
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn hash_of(origin: &str) -> String {
    hex(&sha256(origin.as_bytes()))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into()
}

fn http(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Http {
    let mut response = response.unwrap();
    let kind = response.headers().get_all("content-type");
    let kinds: Vec<_> = kind
        .iter()
        .map(|k| k.to_str().unwrap().to_owned())
        .collect();
    Http {
        status: response.status().as_u16(),
        kind: kinds.join(","),
        body: response.body_mut().read_to_string().unwrap(),
    }
}

pub fn post(url: &str, body: &[u8]) -> Http {
    http(agent().post(url).send(body))
}

pub fn get(url: &str) -> Http {
    http(agent().get(url).call())
}

/// The bytes of a POST request.
pub fn request_of(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

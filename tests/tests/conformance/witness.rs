//! What our witness answers to a sequence of requests: the program itself, over HTTP.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;

use ledgerline_tests::program;
use ledgerline_tests::witnessed::Running;

/// An answer to a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// A witness of one log that has seen nothing, and what it is asked, in this order.
pub(crate) struct Sequence {
    /// The log's key.
    pub(crate) log: String,
    /// The witness's secret key; a new one if there is none.
    pub(crate) secret: Option<String>,
    pub(crate) bodies: Vec<String>,
    pub(crate) answers: OnceLock<Vec<Answer>>,
}

impl Sequence {
    /// The answer to this request, from 0. The first that is asked for has all of them sent.
    pub(crate) fn answer(&self, number: usize) -> Answer {
        self.answers.get_or_init(|| self.play())[number].clone()
    }

    fn play(&self) -> Vec<Answer> {
        let dir = tempfile::tempdir().unwrap();
        let init = ["witness", "init", "w", "--name", "witness.example"];
        let _ = program::run(dir.path(), &init).fine();
        if let Some(secret) = &self.secret {
            fs::write(dir.path().join("w/key"), format!("{secret}\n")).unwrap();
        }
        let _ = program::run(dir.path(), &["witness", "add-log", "w", &self.log]).fine();
        let witness = Running::start(dir.path(), "w");
        let bodies = self.bodies.iter();
        bodies
            .map(|body| add_checkpoint(witness.url(), body))
            .collect()
    }
}

fn add_checkpoint(url: &str, body: &str) -> Answer {
    let (host, prefix) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /{prefix}/add-checkpoint HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    let kind = head
        .lines()
        .find_map(|line| line.strip_prefix("content-type: "));
    Answer {
        status: status.parse().unwrap(),
        content_type: kind.unwrap_or_default().to_owned(),
        body: body.to_owned(),
    }
}

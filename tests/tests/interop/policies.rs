//! Policies: what torchwood and transparency-dev/formats take and find enough, beside ours.

use std::fs;

use ledgerline::log::{
    Checkpoint, CosigningKey, Hash, KeyName, Note, NoteSignature, Policy, SignatureType,
    SigningKey, TreeHead,
};
use tempfile::TempDir;

use crate::go::Go;
use crate::world::ORIGIN;

/// A time for cosignatures: 2026-05-01.
const TIME: u64 = 1_777_593_600;

const URL: &str = "https://witness.example/";

/// A log and four witnesses, from fixed seeds.
struct Keys {
    log: SigningKey,
    witnesses: Vec<CosigningKey>,
}

impl Keys {
    fn new() -> Keys {
        let name = |text: &str| KeyName::parse(text).unwrap();
        let witness = |number: u8| {
            let name = name(&format!("w{number}.example"));
            CosigningKey::from_seed(name, SignatureType::CosignatureEd25519, &[number; 32]).unwrap()
        };
        Keys {
            log: SigningKey::from_seed(name(ORIGIN), &[9; 32]),
            witnesses: (1..=4).map(witness).collect(),
        }
    }

    /// The lines of the log and of the witnesses `w1` to `w4`.
    fn lines(&self) -> String {
        let mut text = format!("log {}\n", self.log.verifier());
        for (number, witness) in (1..).zip(&self.witnesses) {
            text += &format!("witness w{number} {} {URL}\n", witness.verifier());
        }
        text
    }

    /// A checkpoint that these witnesses have cosigned, as bits.
    fn checkpoint(&self, cosigners: usize) -> Note {
        let head = TreeHead {
            size: 1,
            root: Hash::leaf(b"a leaf"),
        };
        let checkpoint = Checkpoint::new(ORIGIN, head).unwrap();
        let mut note = Note::sign(&checkpoint.to_string(), &[&self.log]).unwrap();
        for (number, witness) in self.witnesses.iter().enumerate() {
            if cosigners >> number & 1 == 1 {
                note.add(witness.cosign(&checkpoint, TIME).unwrap())
                    .unwrap();
            }
        }
        note
    }
}

/// For every set of four witnesses, torchwood, transparency-dev/formats and we agree on whether it is
/// enough; so they also verify our cosignatures.
#[test]
fn torchwood_and_formats_find_the_same_witnesses_enough() {
    let Some(go) = Go::programs() else { return };
    let dir = TempDir::new().unwrap();
    let keys = Keys::new();
    let notes: Vec<Note> = (0..16).map(|set| keys.checkpoint(set)).collect();
    let files: Vec<String> = (0..16).map(|set| format!("cosigned-{set}")).collect();
    for (file, note) in files.iter().zip(&notes) {
        fs::write(dir.path().join(file), note.to_string()).unwrap();
    }
    for rest in [
        "quorum none\n",
        "quorum w3\n",
        "group g any w1 w2\nquorum g\n",
        "group g all w1 w2 w4\nquorum g\n",
        "group g 2 w1 w2 w3 w4\nquorum g\n",
        "group a 1 w1 w2\ngroup b all w3 w4\ngroup both all a b\nquorum both\n",
        "group a 2 w1 w2\ngroup either any a w3\nquorum either\n",
    ] {
        let text = keys.lines() + rest;
        let policy = Policy::parse(text.as_bytes()).unwrap();
        fs::write(dir.path().join("policy"), text).unwrap();
        let mut expected = String::new();
        for (file, note) in files.iter().zip(&notes) {
            let enough = policy.examine(note).unwrap().has_quorum;
            expected += &format!("{file} torchwood {enough} formats {enough}\n");
        }
        let mut arguments = vec!["quorum", "policy"];
        arguments.extend(files.iter().map(String::as_str));
        assert_eq!(
            go.interop(dir.path(), &arguments).fine(),
            expected,
            "{rest}"
        );
    }
}

/// transparency-dev/formats reads our cosigning keys, and either verifies what the other has cosigned.
#[test]
fn formats_and_we_verify_each_others_cosignatures() {
    let Some(go) = Go::programs() else { return };
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    for kind in [
        SignatureType::CosignatureEd25519,
        SignatureType::CosignatureMlDsa44,
    ] {
        let name = KeyName::parse("cosigner.example").unwrap();
        let cosigner = CosigningKey::from_seed(name, kind, &[5; 32]).unwrap();
        let vkey = cosigner.verifier().to_string();
        fs::write(path("key"), cosigner.to_secret_text().as_bytes()).unwrap();
        let signed = Keys::new().checkpoint(0);
        fs::write(path("checkpoint"), signed.to_string()).unwrap();

        let theirs = go
            .interop(dir.path(), &["cosign", "key", "checkpoint"])
            .fine();
        let mut note = signed.clone();
        note.add(NoteSignature::parse(theirs.trim_end()).unwrap())
            .unwrap();
        note.verify(std::slice::from_ref(cosigner.verifier()))
            .unwrap();

        let checkpoint = Checkpoint::parse(signed.text()).unwrap();
        let mut note = signed;
        note.add(cosigner.cosign(&checkpoint, TIME).unwrap())
            .unwrap();
        let genuine = note.to_string();
        fs::write(path("cosigned"), &genuine).unwrap();
        fs::write(path("changed"), genuine.replacen("\n1\n", "\n2\n", 1)).unwrap();
        let check = |file: &str| go.interop(dir.path(), &["cosigned", file, &vkey]);
        assert_eq!(check("cosigned").code, 0, "{}", check("cosigned"));
        assert_eq!(check("changed").code, 1);
    }
}

/// What each makes of a file. Where they differ, the specification is with us.
#[test]
fn torchwood_and_formats_read_the_same_policies() {
    let Some(go) = Go::programs() else { return };
    let dir = TempDir::new().unwrap();
    let keys = Keys::new();
    let lines = keys.lines();
    let log = keys.log.verifier().to_string();
    let witness = keys.witnesses[0].verifier().to_string();
    let renamed = {
        let name = KeyName::parse("other.example").unwrap();
        let kind = SignatureType::CosignatureEd25519;
        let same = CosigningKey::from_seed(name, kind, &[1; 32]).unwrap();
        same.verifier().to_string()
    };
    let (takes, refuses) = (true, false);
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    // What it shows, the file, then we, torchwood, formats.
    for (what, text, ours, torchwood, formats) in [
        (
            "nothing but a quorum",
            "quorum none\n".to_owned(),
            takes,
            takes,
            takes,
        ),
        (
            "all of it",
            lines.clone() + "quorum w1\n",
            takes,
            takes,
            takes,
        ),
        (
            "groups of groups",
            lines.clone() + "group a 2 w1 w2 w3\ngroup b all a w4\nquorum b\n",
            takes,
            takes,
            takes,
        ),
        (
            "blanks and comments",
            format!("# why\n\n \t# indented\n \tlog\t{log}  \nquorum none\n"),
            takes,
            takes,
            takes,
        ),
        ("no quorum", lines.clone(), refuses, refuses, refuses),
        ("an empty file", String::new(), refuses, refuses, refuses),
        (
            "an unknown quorum",
            lines.clone() + "quorum w5\n",
            refuses,
            refuses,
            refuses,
        ),
        (
            "an unknown member",
            lines.clone() + "group g any w1 w5\nquorum g\n",
            refuses,
            refuses,
            refuses,
        ),
        (
            "a group before its members",
            format!("group g any w1\n{lines}quorum g\n"),
            refuses,
            refuses,
            refuses,
        ),
        (
            "a name twice",
            format!("{lines}group w1 any w2\nquorum w1\n"),
            refuses,
            refuses,
            refuses,
        ),
        (
            "an unknown keyword",
            lines.clone() + "mirror w1\nquorum none\n",
            refuses,
            refuses,
            refuses,
        ),
        (
            "a witness without key",
            "witness w1\nquorum none\n".to_owned(),
            refuses,
            refuses,
            refuses,
        ),
        (
            "more asked than there are",
            lines.clone() + "group g 3 w1 w2\nquorum g\n",
            refuses,
            refuses,
            refuses,
        ),
        (
            "a number that is none",
            lines.clone() + "group g two w1 w2\nquorum g\n",
            refuses,
            refuses,
            refuses,
        ),
        // formats makes the witness's key out of it, and takes any key id.
        (
            "a wrong key id",
            format!(
                "witness w1 {} {URL}\nquorum none\n",
                witness.replacen("w1", "w2", 1)
            ),
            refuses,
            refuses,
            takes,
        ),
        (
            "a log's key for a witness",
            format!("witness w1 {log} {URL}\nquorum none\n"),
            refuses,
            refuses,
            takes,
        ),
        // formats wants addresses, since its users are logs, and does not look at log lines.
        (
            "a witness without address",
            format!("witness w1 {witness}\nquorum w1\n"),
            takes,
            takes,
            refuses,
        ),
        (
            "a log without key",
            "log\nquorum none\n".to_owned(),
            refuses,
            refuses,
            takes,
        ),
        (
            "a witness's key for a log",
            format!("log {witness}\nquorum none\n"),
            refuses,
            refuses,
            takes,
        ),
        (
            "a group that asks for none",
            lines.clone() + "group g 0 w1\nquorum g\n",
            refuses,
            refuses,
            takes,
        ),
        (
            "a group without members",
            lines.clone() + "group g all\nquorum g\n",
            refuses,
            refuses,
            takes,
        ),
        (
            "a second quorum",
            lines.clone() + "quorum w1\nquorum w2\n",
            refuses,
            refuses,
            takes,
        ),
        // The rest is laxness of both.
        (
            "a comment behind something",
            lines.clone() + "quorum w1 # why\n",
            refuses,
            takes,
            takes,
        ),
        (
            "a key twice",
            format!("{lines}witness w5 {renamed} {URL}\nquorum w1\n"),
            refuses,
            takes,
            takes,
        ),
        (
            "a member twice",
            lines.clone() + "group g any w1 w1\nquorum g\n",
            refuses,
            takes,
            takes,
        ),
        (
            "a number in another form",
            lines.clone() + "group g 02 w1 w2\nquorum g\n",
            refuses,
            takes,
            takes,
        ),
        (
            "no newline at the end",
            lines.clone() + "quorum w1",
            refuses,
            takes,
            takes,
        ),
        (
            "Windows lines",
            lines.replace('\n', "\r\n") + "quorum w1\r\n",
            refuses,
            takes,
            takes,
        ),
    ] {
        fs::write(dir.path().join("policy"), &text).unwrap();
        let foreign = go.interop(dir.path(), &["policy", "policy"]).fine();
        let verdict = |takes| if takes { "takes" } else { "refuses" };
        found.push(format!(
            "{what}: ours {} {foreign}",
            verdict(Policy::parse(text.as_bytes()).is_ok())
        ));
        expected.push(format!(
            "{what}: ours {} policy torchwood {} formats {}\n",
            verdict(ours),
            verdict(torchwood),
            verdict(formats)
        ));
    }
    assert_eq!(found.concat(), expected.concat());
}

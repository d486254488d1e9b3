//! The pages say what the tables say, whatever names the registry has, and carry nothing but text.

use std::fs;
use std::path::Path;

use ledgerline::log::{Hash, Note};
use ledgerline_tests::{hex, program, tiny};

use crate::world;

/// What somebody may be called who wants to be markup; without a comma or a quotation mark, which CSV has.
const HOSTILE: &str = "<img src=x onerror=alert(1)>&amp;'</td></table><script>";

/// The tiny world, whose holders, titles and artists are hostile.
fn hostile(dir: &Path) {
    tiny::make_with(dir, |_, content| {
        ["Label", "Writer", "Eins", "Änne", "Deux"]
            .iter()
            .fold(content.to_owned(), |text, name| text.replace(name, HOSTILE))
    });
}

/// Names of all tags in order; each must close, but for `meta`.
fn tags(page: &str) -> Vec<String> {
    let mut open = Vec::new();
    let mut all = Vec::new();
    for after in page.split('<').skip(1) {
        let (tag, _) = after.split_once('>').unwrap();
        let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "{page}");
        } else if !["!DOCTYPE", "meta"].contains(&name.as_str()) {
            open.push(name.clone());
        }
        all.push(name);
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

fn check_page(page: &str) {
    const KNOWN: [&str; 20] = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table",
        "thead", "tbody", "tr", "th", "td", "bdi", "code", "ol", "li",
    ];
    for tag in tags(page) {
        assert!(KNOWN.contains(&tag.trim_start_matches('/')), "<{tag}>");
    }
    for word in ["http://", "https://", "url(", "@import", "href=", "src=\""] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let dir = tempfile::tempdir().unwrap();
    hostile(dir.path());
    let words = [
        "export", "run", "--format", "html", "--all", "--out", "pages",
    ];
    let _ = program::run(dir.path(), &words).fine();
    let mut files: Vec<_> = fs::read_dir(dir.path().join("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        ["00000000000000a1.html", "00000000000000b2.html", "run.html"]
    );
    for file in &files {
        let page = fs::read_to_string(dir.path().join("pages").join(file)).unwrap();
        check_page(&page);
        assert!(
            page.contains("&lt;img src=x onerror=alert(1)&gt;&amp;amp;&#39;"),
            "{file}"
        );
    }
    // A page of its own is the same page.
    let one = [
        "export",
        "run",
        "--format",
        "html",
        "--holder",
        "00000000000000a1",
        "--out",
        "a1.html",
    ];
    let _ = program::run(dir.path(), &one).fine();
    let alone = fs::read(dir.path().join("a1.html")).unwrap();
    assert_eq!(
        alone,
        fs::read(dir.path().join("pages/00000000000000a1.html")).unwrap()
    );

    let nobody = [
        "export",
        "run",
        "--format",
        "html",
        "--holder",
        "00000000000000ff",
        "--out",
        "x.html",
    ];
    let ran = program::run(dir.path(), &nobody);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.err.contains("none of 00000000000000ff"), "{ran}");
    let again = program::run(dir.path(), &one);
    assert_eq!(again.code, 2, "nothing is overwritten: {again}");
}

#[test]
fn pages_have_the_tables_amounts() {
    let dir = tempfile::tempdir().unwrap();
    let (pages, _) = world::export(dir.path(), "--format html --all");
    let tables = tempfile::tempdir().unwrap();
    let (tables, _) = world::export(tables.path(), "--format csv");
    let note = fs::read(world::dir().join("run/run.note")).unwrap();
    let note = Note::parse(&note).unwrap();
    let hash = hex(Hash::of(note.text().as_bytes()).as_bytes());
    let read = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
    let run = read("run.html");
    assert!(run.contains(&hash));
    let holders = world::rows(&tables.join("holders.csv"));
    let lines = world::rows(&tables.join("lines.csv"));
    for row in &holders {
        let page = read(&format!("{}.html", row[0]));
        check_page(&page);
        assert!(page.contains(&hash));
        for amount in [&row[4], &row[5], &row[7]] {
            let cell = format!("<td class=\"n\">{amount}</td>");
            assert!(
                page.contains(&cell) && run.contains(&cell),
                "{} {amount}",
                row[0]
            );
        }
        assert!(
            page.contains(&format!("({})</td>", row[6])),
            "payable with six places"
        );
        let own = lines.iter().filter(|line| line[0] == row[0]);
        for line in own {
            assert!(page.contains(&format!(
                "<td class=\"n\">{}</td><td>{}</td></tr>",
                line[9], line[6]
            )));
        }
    }
    let suspense: u64 = world::rows(&tables.join("suspense.csv"))
        .iter()
        .filter(|row| row[0] == "unclaimed" && row[6] == "EUR")
        .map(|row| row[7].replace('.', "").parse::<u64>().unwrap())
        .sum();
    let amount = format!("{}.{:06}", suspense / 1_000_000, suspense % 1_000_000);
    assert!(run.contains(&format!("<td>EUR</td><td class=\"n\">{amount}</td>")));
}

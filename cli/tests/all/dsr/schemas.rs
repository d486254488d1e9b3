//! Our table of records and profiles says what DDEX's XML schemas say, where they are at hand.
//!
//! The schemas are read by a scan of their tags: they use elements, sequences, choices and one
//! pattern a type, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ledgerline_cli::dsr::table::{Kind, Profile, Variant, table};

/// A tag with its attributes and what is inside.
#[derive(Debug, Default)]
struct Node {
    tag: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Node>,
}

impl Node {
    fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    fn child(&self, tag: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.tag == tag)
    }

    /// All below with this tag, in order.
    fn all<'a>(&'a self, tag: &str, found: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.tag == tag {
                found.push(child);
            } else {
                child.all(tag, found);
            }
        }
    }
}

/// Reads XML as far as these schemas have it.
fn parse(text: &str) -> Node {
    let mut open = vec![Node::default()];
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (tag, after) = rest[at + 1..].split_once('>').unwrap();
        if let Some(comment) = rest[at..].strip_prefix("<!--") {
            rest = comment.split_once("-->").unwrap().1;
            continue;
        }
        rest = after;
        if tag.starts_with('?') {
            continue;
        }
        if tag.starts_with('/') {
            let done = open.pop().unwrap();
            open.last_mut().unwrap().children.push(done);
            continue;
        }
        let (whole, alone) = match tag.strip_suffix('/') {
            Some(whole) => (whole, true),
            None => (tag, false),
        };
        let name = whole.split_whitespace().next().unwrap();
        let mut node = Node {
            tag: name.strip_prefix("xs:").unwrap_or(name).to_owned(),
            ..Node::default()
        };
        let mut left = &whole[name.len()..];
        while let Some((name, after)) = left.split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap();
            node.attributes
                .insert(name.trim().to_owned(), value.to_owned());
            left = after;
        }
        match alone {
            true => open.last_mut().unwrap().children.push(node),
            false => open.push(node),
        }
    }
    assert_eq!(open.len(), 1, "all tags are closed");
    open.pop().unwrap().children.remove(0)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap()
}

fn kind_of(element: &Node) -> Kind {
    let pattern = element
        .child("simpleType")
        .and_then(|simple| simple.child("restriction"))
        .and_then(|restriction| restriction.child("pattern"));
    if let Some(pattern) = pattern {
        return match pattern.get("value") {
            ".*::.*" => Kind::Namespaced,
            "PADPIDA[a-zA-Z0-9]+" => Kind::Dpid,
            "[a-zA-Z]{2}[a-zA-Z0-9]{3}[0-9]{7}" => Kind::Isrc,
            "T[0-9]{10}" => Kind::Iswc,
            "[0-9]{12,14}" => Kind::Icpn,
            "dsrf/" => Kind::MessageVersion,
            "1" => Kind::One,
            // ISAN, and versions that some schemas list.
            _ => Kind::Text,
        };
    }
    match element.get("type") {
        "xs:string" => Kind::Text,
        "xs:integer" => Kind::Integer,
        "xs:decimal" => Kind::Decimal,
        "xs:boolean" => Kind::Boolean,
        "xs:duration" => Kind::Duration,
        "xs:dateTime" => Kind::DateTime,
        other => match local(other) {
            "ddex_IsoDate" => Kind::Date,
            "CurrencyCode" => Kind::Currency,
            "CurrentTerritoryCode" => Kind::Territory,
            _ if other.starts_with("avs:") => Kind::Allowed,
            _ => panic!("a type of cells that the table does not know: {other}"),
        },
    }
}

/// `SU0202` in the schemas is SU02.02.
fn record_name(name: &str) -> String {
    let name = name.trim_start_matches("RecordType-").replace('.', "");
    match name.len() {
        4 => name,
        _ => format!("{}.{}", &name[..4], &name[4..]),
    }
}

fn each_schema(check: impl Fn(&str, &str, &Node)) {
    let Some(dir) = super::ddex() else { return };
    let mut count = 0;
    for profile in fs::read_dir(dir.join("schemas")).unwrap() {
        let profile = profile.unwrap().path();
        for version in fs::read_dir(&profile).unwrap() {
            let version = version.unwrap().path();
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            let xsd = version.join(format!("{}.xsd", name(&profile)));
            let text = fs::read_to_string(xsd).unwrap();
            check(&name(&profile), &name(&version), &parse(&text));
            count += 1;
        }
    }
    assert_eq!(count, 12);
}

#[test]
fn records_are_those_of_the_schemas() {
    each_schema(|profile, version, schema| {
        let types = schema
            .children
            .iter()
            .filter(|node| node.tag == "complexType");
        let mut seen = 0;
        for record in types.filter(|node| node.get("name").starts_with("RecordType-")) {
            let name = record_name(record.get("name"));
            let place = format!("{profile} {version} {name}");
            let mut elements = Vec::new();
            record.all("element", &mut elements);
            if elements.is_empty() {
                assert_eq!(name, "MW02", "{place}: the only one without cells");
                continue;
            }
            let ours = table().record(&name).unwrap_or_else(|| panic!("{place}"));
            assert_eq!(elements.len(), ours.cells.len() + 1, "{place}");
            for (theirs, cell) in elements.iter().skip(1).zip(&ours.cells) {
                let place = format!("{place} {}", cell.name);
                let their_name = match (theirs.get("name"), name.as_str()) {
                    // Earlier names of the same cells.
                    ("NumberOfBlocksInRecord", "FOOT") => "NumberOfBlocksInReport".to_owned(),
                    (other, "CU01") => other.replace("ReferencedWork", "ReferencedCreation"),
                    // One schema has a blank behind a name.
                    (other, _) => other.trim().to_owned(),
                };
                assert_eq!(their_name, cell.name, "{place}");
                assert_eq!(kind_of(theirs), cell.kind, "{place}");
                assert_eq!(theirs.get("minOccurs") != "0", cell.mandatory, "{place}");
                assert_eq!(
                    theirs.get("maxOccurs") == "unbounded",
                    cell.repeats,
                    "{place}"
                );
            }
            seen += 1;
        }
        assert!(seen > 3, "{profile} {version}");
    });
}

fn occurs(node: &Node) -> &'static str {
    match (node.get("minOccurs"), node.get("maxOccurs")) {
        ("" | "1", "" | "1") => "",
        ("0", "" | "1") => "?",
        ("0", "unbounded") => "*",
        ("" | "1", "unbounded") => "+",
        other => panic!("a number of times that grammars do not have: {other:?}"),
    }
}

/// The content of a type as our grammars write it.
fn model(schema: &Node, node: &Node) -> Vec<String> {
    let parts = node.children.iter();
    parts.filter_map(|child| part(schema, child)).collect()
}

fn part(schema: &Node, node: &Node) -> Option<String> {
    let many = occurs(node);
    match node.tag.as_str() {
        "sequence" => Some(format!("({}){many}", model(schema, node).join(" "))),
        "choice" => Some(format!("({}){many}", model(schema, node).join(" | "))),
        "element" if is_record(node) => Some(record_name(node.get("name")) + many),
        "element" => Some(content(schema, node) + many),
        _ => None,
    }
}

/// By its type: one schema calls an element SU03 that is RecordType-SU03.
fn is_record(element: &Node) -> bool {
    local(element.get("type")).starts_with("RecordType-")
}

/// What the type of a group or block holds, in parentheses.
fn content(schema: &Node, element: &Node) -> String {
    model(schema, named(schema, local(element.get("type")))).join(" ")
}

fn named<'a>(schema: &'a Node, name: &str) -> &'a Node {
    let mut types = schema
        .children
        .iter()
        .filter(|node| node.tag == "complexType");
    types.find(|node| node.get("name") == name).unwrap()
}

/// What is between HEAD and footer: summaries, and what follows them.
fn whole(schema: &Node, element: &Node) -> (String, String) {
    let own = element.child("complexType");
    let own = own.unwrap_or_else(|| named(schema, local(element.get("type"))));
    let sequence = own.child("sequence").unwrap();
    let inner = &sequence.children[1..sequence.children.len() - 1];
    let (body, summaries) = inner.split_last().unwrap();
    let summaries = summaries.iter().filter_map(|node| part(schema, node));
    let is_block = body.tag == "element" && !is_record(body);
    let body = if is_block {
        // A block's content, without how often blocks come.
        let content = content(schema, body);
        let bare = content
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'));
        bare.unwrap().to_owned()
    } else {
        part(schema, body).unwrap()
    };
    (summaries.collect::<Vec<_>>().join(" "), body)
}

#[test]
fn orders_are_those_of_the_schemas() {
    each_schema(|_, version, schema| {
        for element in schema.children.iter().filter(|node| node.tag == "element") {
            let name = element.get("name");
            let ours = |profile: &&Profile| profile.name == name && profile.version == version;
            let ours = table().profiles().iter().find(ours);
            let ours = ours.unwrap_or_else(|| panic!("{name} {version}"));
            let (summaries, body) = whole(schema, element);
            assert_eq!(
                ours.variant == Variant::SingleRecord,
                name.ends_with("SRB"),
                "{name}"
            );
            if (name, version) == ("AudioVisualProfileSRB", "1.1") {
                // Its choice of summaries is empty, and the summaries stand behind it.
                assert_eq!(
                    summaries,
                    "()+ SY01.01* SY02.02* SY04.01* SY05.02* SY06.02*"
                );
                assert_eq!(body, ours.body.text());
                continue;
            }
            assert_eq!(summaries, ours.summaries.text(), "{name} {version}");
            assert_eq!(body, ours.body.text(), "{name} {version}");
        }
    });
}

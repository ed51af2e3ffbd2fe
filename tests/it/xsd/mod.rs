//! As much of XML Schema as `junit-10.xsd` uses: which elements may stand in which, their
//! attributes, and where text may stand.

use std::collections::HashMap;

use roxmltree::{Document, Node};

/// Fails where the XML in `text` breaks a rule of the schema in `file`.
pub(crate) fn validate(file: &str, text: &str) {
    let schema = std::fs::read_to_string(file).unwrap();
    let schema = Document::parse(&schema).unwrap();
    let elements: HashMap<&str, Node<'_, '_>> = schema
        .root_element()
        .children()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2001/XMLSchema", "element")))
        .map(|node| (node.attribute("name").unwrap(), node))
        .collect();
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    check(&elements, document.root_element());
}

fn check(elements: &HashMap<&str, Node<'_, '_>>, node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let rule = elements.get(name).unwrap_or_else(|| panic!("no element {name} in the schema"));
    let Some(content) = rule.children().find(|child| child.tag_name().name() == "complexType")
    else {
        assert!(node.children().all(|child| child.is_text()), "{name} holds text alone");
        return;
    };
    let of = |kind: &str| {
        content.descendants().filter(|inner| inner.tag_name().name() == kind).collect::<Vec<_>>()
    };
    let attributes = of("attribute");
    for attribute in node.attributes() {
        let is_known =
            attributes.iter().any(|known| known.attribute("name") == Some(attribute.name()));
        assert!(is_known, "{name} has no attribute {}", attribute.name());
    }
    for required in attributes.iter().filter(|known| known.attribute("use") == Some("required")) {
        assert!(
            node.attribute(required.attribute("name").unwrap()).is_some(),
            "{name} lacks {required:?}"
        );
    }
    let inner = of("element");
    for child in node.children() {
        if child.is_element() {
            let child = child.tag_name().name();
            assert!(
                inner.iter().any(|known| known.attribute("ref") == Some(child)),
                "{child} stands in {name}"
            );
        } else if child.is_text() && content.attribute("mixed") != Some("true") {
            assert!(child.text().unwrap_or("").trim().is_empty(), "text stands in {name}");
        }
    }
    node.children().filter(Node::is_element).for_each(|child| check(elements, child));
}

//! The few elements that are read out of S3's XML.
//!
//! Not a parser: the documents are flat, and whatever does not look as expected yields nothing.

/// The texts of all elements of a name, in their order. Elements with attributes or children are not looked for.
pub(super) fn all(document: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = document;
    while let Some((_, after)) = rest.split_once(&open) {
        let Some((text, behind)) = after.split_once(&close) else { break };
        found.push(plain(text));
        rest = behind;
    }
    found
}

/// The text of the first element of a name.
pub(super) fn first(document: &str, name: &str) -> Option<String> {
    all(document, name).into_iter().next()
}

/// Without the five entities of XML; the ampersand last, so that nothing is taken twice.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn elements_are_found_in_their_order() {
        let document = "<A><Key>x&amp;lt;y</Key><Key></Key><ETag>&quot;e&quot;</ETag><Key>z";
        assert_eq!(all(document, "Key"), ["x&lt;y", ""]);
        assert_eq!(first(document, "ETag").as_deref(), Some("\"e\""));
        assert_eq!(first(document, "Code"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[<>/KeyA&;]{0,80}") {
            let _ = all(&text, "Key");
        }
    }
}

//! From check string to [`Check`]. Syntax: oslo.policy `_parser`.
//!
//! ```text
//!   any   = all { "or" all }          all = unary { "and" unary }
//!   unary = "not" unary | "(" any ")" | "@" | "!" | kind ":" match
//! ```

use super::check::{Check, Left, Template};

/// Longest check string; longer ones are refused, so that a policy file cannot eat the stack.
const LONGEST: usize = 16 * 1024;
const DEEPEST: u32 = 64;

/// Parses a check string; the error says what was expected where.
pub(crate) fn parse(text: &str) -> Result<Check, String> {
    if text.len() > LONGEST {
        return Err(format!("a check string has at most {LONGEST} bytes"));
    }
    let mut parser = Parser { words: words(text), next: 0 };
    if parser.words.is_empty() {
        return Ok(Check::Always);
    }
    let check = parser.any(0)?;
    match parser.words.get(parser.next) {
        None => Ok(check),
        Some(word) => Err(format!("`{word}` is one word too many")),
    }
}

/// Splits at blanks, and parentheses off the ends of words (not out of `%(name)s`).
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in text.split_whitespace() {
        let inner = piece.trim_start_matches('(');
        words.extend(std::iter::repeat_n("(".to_owned(), piece.len() - inner.len()));
        let mut end = inner.len();
        while inner[..end].ends_with(')') {
            end -= 1;
        }
        let word = &inner[..end];
        if !word.is_empty() {
            words.push(word.to_owned());
        }
        words.extend(std::iter::repeat_n(")".to_owned(), inner.len() - end));
    }
    words
}

struct Parser {
    words: Vec<String>,
    next: usize,
}

impl Parser {
    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.next).is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn any(&mut self, depth: u32) -> Result<Check, String> {
        let mut parts = vec![self.all(depth)?];
        while self.take("or") {
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Check::Any))
    }

    fn all(&mut self, depth: u32) -> Result<Check, String> {
        let mut parts = vec![self.unary(depth)?];
        while self.take("and") {
            parts.push(self.unary(depth)?);
        }
        Ok(joined(parts, Check::All))
    }

    fn unary(&mut self, depth: u32) -> Result<Check, String> {
        if depth > DEEPEST {
            return Err(format!("nested deeper than {DEEPEST}"));
        }
        if self.take("not") {
            return Ok(Check::Not(Box::new(self.unary(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err("a `)` is missing".to_owned()) };
        }
        let word = self.words.get(self.next).ok_or("it ends where a check is expected")?.clone();
        self.next += 1;
        atom(&word)
    }
}

fn joined(mut parts: Vec<Check>, make: fn(Vec<Check>) -> Check) -> Check {
    if parts.len() == 1 { parts.remove(0) } else { make(parts) }
}

fn atom(word: &str) -> Result<Check, String> {
    match word {
        "@" => return Ok(Check::Always),
        "!" => return Ok(Check::Never),
        _ => {}
    }
    let (kind, rest) = word.split_once(':').ok_or_else(|| format!("`{word}` is no check: `kind:match`"))?;
    match kind {
        "rule" => Ok(Check::Rule(rest.to_owned())),
        "role" => template(rest).map(Check::Role),
        "field" => field(rest),
        "http" | "https" => Err("remote checks (http:) are not supported".to_owned()),
        _ => Ok(Check::Equals { left: left(kind), right: template(rest)? }),
    }
}

/// `networks:shared=True`.
fn field(rest: &str) -> Result<Check, String> {
    let (name, value) = rest
        .split_once(':')
        .and_then(|(_, pair)| pair.split_once('='))
        .ok_or_else(|| format!("`field:{rest}` should read `field:resource:name=value`"))?;
    Ok(Check::Field { name: name.to_owned(), value: value.to_owned() })
}

fn left(kind: &str) -> Left {
    let quoted = |q: char| kind.len() >= 2 && kind.starts_with(q) && kind.ends_with(q);
    if quoted('\'') || quoted('"') {
        return Left::Literal(kind[1..kind.len() - 1].to_owned());
    }
    let literal = matches!(kind, "None" | "True" | "False") || kind.bytes().all(|b| b.is_ascii_digit());
    if literal { Left::Literal(kind.to_owned()) } else { Left::Attribute(kind.to_owned()) }
}

fn template(text: &str) -> Result<Template, String> {
    let Some((before, rest)) = text.split_once("%(") else {
        return Ok(Template { before: text.to_owned(), attribute: None, after: String::new() });
    };
    let (name, after) = rest.split_once(")s").ok_or_else(|| format!("`{text}`: `%(` without `)s`"))?;
    Ok(Template { before: before.to_owned(), attribute: Some(name.to_owned()), after: after.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn role(name: &str) -> Check {
        Check::Role(Template { before: name.to_owned(), attribute: None, after: String::new() })
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let check = parse("role:a or role:b and not role:c").unwrap();
        let right = Check::All(vec![role("b"), Check::Not(Box::new(role("c")))]);
        assert_eq!(check, Check::Any(vec![role("a"), right]));
    }

    #[test]
    fn parentheses_do_not_break_templates() {
        let check = parse("(role:a and (project_id:%(project_id)s))").unwrap();
        let Check::All(parts) = check else { panic!("{check:?}") };
        assert!(
            matches!(&parts[1], Check::Equals { right, .. } if right.attribute.as_deref() == Some("project_id"))
        );
    }

    #[test]
    fn empty_is_everybody_and_literals_are_literals() {
        assert_eq!(parse("").unwrap(), Check::Always);
        assert_eq!(parse("!").unwrap(), Check::Never);
        let Check::Equals { left, .. } = parse("'public':%(visibility)s").unwrap() else { panic!() };
        assert_eq!(left, Left::Literal("public".to_owned()));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("(role:a").unwrap_err().contains(')'));
        assert!(parse("role:a role:b").unwrap_err().contains("too many"));
        assert!(parse("nonsense").is_err());
        assert!(parse(&"not ".repeat(5000)).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }
}

//! A cursor over a flavor name. Every step looks at a byte at most twice, so parsing is linear.

/// A position in a text.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    text: &'a str,
    position: usize,
}

/// A piece of the text and where it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// Skips exactly this text, if it comes next.
    pub(super) fn literal(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.position += expected.len();
        }
        found
    }

    /// Skips one character, if it comes next.
    pub(super) fn letter(&mut self, expected: char) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.position += expected.len_utf8();
        }
        found
    }

    /// Takes the first of the choices whose letter comes next.
    pub(super) fn choice<T: Copy>(&mut self, choices: &[T], letter: impl Fn(T) -> char) -> Option<T> {
        choices.iter().copied().find(|choice| self.letter(letter(*choice)))
    }

    /// Takes as many characters as satisfy the condition, maybe none.
    pub(super) fn run(&mut self, accept: impl Fn(char) -> bool) -> Piece<'a> {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        let piece = Piece { text: rest.get(..length).unwrap_or_default(), at: self.position };
        self.position += length;
        piece
    }

    pub(super) fn digits(&mut self) -> Piece<'a> {
        self.run(|c| c.is_ascii_digit())
    }

    /// Whether the text ends here or goes on with the delimiter.
    pub(super) fn at_boundary(&self, delimiter: char) -> bool {
        self.rest().is_empty() || self.rest().starts_with(delimiter)
    }

    /// Tries a step and takes it back unless it yields something.
    pub(super) fn attempt<T>(&mut self, step: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.position;
        let result = step(self);
        if result.is_none() {
            self.position = before;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_moves_nothing() {
        let mut scan = Scan::new("_ib");
        assert_eq!(scan.attempt(|s| (s.letter('_') && s.literal("hwv")).then_some(())), None);
        assert_eq!(scan.position(), 0);
        assert!(scan.literal("_ib"));
        assert!(scan.at_boundary('_'));
    }

    #[test]
    fn runs_stop_before_characters_of_many_bytes() {
        let mut scan = Scan::new("12ü");
        assert_eq!(scan.digits(), Piece { text: "12", at: 0 });
        assert_eq!(scan.rest(), "ü");
        assert_eq!(scan.run(|_| true).text, "ü");
        assert_eq!(scan.digits().text, "");
    }
}

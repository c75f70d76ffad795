//! What became of something, in plain words and in the order of time: for operators.

use kogge_clock::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When; UTC.
    pub at: String,
    /// What.
    pub what: String,
}

/// What happened, in any order.
#[derive(Debug, Clone, Default)]
pub struct Story(Vec<(Timestamp, String)>);

impl Story {
    /// This happened then.
    pub fn tell(&mut self, at: Timestamp, what: impl Into<String>) {
        self.0.push((at, what.into()));
    }

    /// All of it in the order of time, and what is now.
    #[must_use]
    pub fn end(mut self, now: Timestamp, what: impl Into<String>) -> Vec<Line> {
        self.0.sort_by_key(|(at, _)| *at);
        self.tell(now, what);
        self.0.into_iter().map(|(at, what)| Line { at: at.seconds_z(), what }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_told_in_the_order_of_time_and_ends_now() {
        let mut story = Story::default();
        story.tell(Timestamp::from_seconds(20), "second");
        story.tell(Timestamp::from_seconds(10), "first");
        let lines = story.end(Timestamp::from_seconds(15), "now");
        let words: Vec<&str> = lines.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(words, ["first", "second", "now"]);
        assert_eq!(lines[0].at, "1970-01-01T00:00:10Z");
    }
}

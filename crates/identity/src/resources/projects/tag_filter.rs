//! How a list of projects is narrowed by tags.

use kogge_http::Pairs;

/// The four filters of the API working group.
#[derive(Debug, Clone, Default)]
pub(super) struct TagFilter {
    all: Vec<String>,
    any: Vec<String>,
    not_all: Vec<String>,
    not_any: Vec<String>,
}

impl TagFilter {
    /// What a query asks for.
    pub(super) fn of(query: &Pairs) -> Self {
        let read = |name: &str| {
            let text = query.get(name).unwrap_or("");
            text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
        };
        Self {
            all: read("tags"),
            any: read("tags-any"),
            not_all: read("not-tags"),
            not_any: read("not-tags-any"),
        }
    }

    /// Whether a project with these tags is listed.
    pub(super) fn fits(&self, tags: &[String]) -> bool {
        let has = |tag: &String| tags.contains(tag);
        self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
            && (self.not_all.is_empty() || !self.not_all.iter().all(has))
            && !self.not_any.iter().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_filters_are_the_api_working_groups() {
        let tags = ["a".to_owned(), "b".to_owned()];
        let fits = |query: &str| TagFilter::of(&Pairs::parse(query)).fits(&tags);
        assert!(fits("tags=a,b") && !fits("tags=a,c"));
        assert!(fits("tags-any=a,c") && !fits("tags-any=c"));
        assert!(fits("not-tags=a,c") && !fits("not-tags=a,b"));
        assert!(fits("not-tags-any=c") && !fits("not-tags-any=a,c"));
    }
}

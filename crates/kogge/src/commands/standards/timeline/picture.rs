//! A timeline as a picture of letters: one row a version, one column a month (or more, where it would be too wide).

use jiff::ToSpan;
use jiff::civil::{Date, date};
use kogge_standards::scope::{Scope, Standing, Validity};

/// Columns that fit beside the names of versions.
const WIDEST: usize = 60;

/// Draws the versions of a scope from the first entry of the timeline on, with a mark below the day.
pub(super) fn draw(scope: &Scope, on: Date) -> String {
    let Some((first, last)) = ends(scope, on) else { return "The timeline is empty.".to_owned() };
    let step = months(first, last).div_ceil(WIDEST).max(1);
    let columns: Vec<Date> =
        (0..=months(first, last) / step).map_while(|column| later(first, column * step)).collect();
    let name = |text: &str| text.chars().take(20).collect::<String>();
    let width =
        scope.versions.iter().map(|version| name(&version.version).chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!("  {:width$}  {}", "", years(&columns))];
    for version in &scope.versions {
        let sign = |column: &Date| {
            let end = later(*column, step).and_then(|next| next.yesterday().ok()).unwrap_or(*column);
            sign(&scope.standing(&version.version, end))
        };
        let row: String = columns.iter().map(sign).collect();
        lines.push(format!("  {:width$}  {row}", name(&version.version)).trim_end().to_owned());
    }
    let before = columns.iter().filter(|column| **column <= on).count();
    if before > 0 {
        lines.push(format!("  {:width$}  {}^ {on}", "", " ".repeat(before - 1)));
    }
    lines.push(format!("  {:width$}  # effective  ! warn  ~ draft  . deprecated", ""));
    lines.join("\n")
}

fn sign(standing: &Standing) -> char {
    match (&standing.validity, standing.explicit) {
        (_, false) => ' ',
        (Validity::Effective, _) => '#',
        (Validity::Warn, _) => '!',
        (Validity::Draft, _) => '~',
        (Validity::Deprecated, _) => '.',
        (Validity::Other(_), _) => '?',
    }
}

/// The first months of the picture and the last.
fn ends(scope: &Scope, on: Date) -> Option<(Date, Date)> {
    let points = scope.turning_points();
    let (first, last) = (*points.first()?, (*points.last()?).max(on));
    let month = |day: Date| date(day.year(), day.month(), 1);
    Some((month(first), later(month(last), 2).unwrap_or_else(|| month(last))))
}

/// Months from one first day of a month to another.
fn months(from: Date, to: Date) -> usize {
    let number = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
    usize::try_from(number(to) - number(from)).unwrap_or(0)
}

fn later(day: Date, months: usize) -> Option<Date> {
    day.checked_add(i64::try_from(months).ok()?.months()).ok()
}

/// The head: each year above the first of its columns, where there is room for it.
fn years(columns: &[Date]) -> String {
    let mut line = String::new();
    let mut last = None;
    for (index, column) in columns.iter().enumerate() {
        if last != Some(column.year()) && (index == 0 || line.len() < index) {
            line.push_str(&" ".repeat(index.saturating_sub(line.len())));
            line.push_str(&column.year().to_string());
            last = Some(column.year());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use kogge_standards::scope::{TimelineEntry, scs_compatible_iaas};

    use super::*;

    #[test]
    fn each_version_has_a_row_of_its_states_month_by_month() {
        let drawn = draw(scs_compatible_iaas(), date(2026, 11, 28));
        let row =
            |name: &str| drawn.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
        assert!(row("v4").ends_with("##!!!!!..........."), "{drawn}");
        assert_eq!(row("v5.1").matches('#').count(), row("v5.1").trim().len() - 6);
        assert!(row("next").contains("  ~~~~"), "{drawn}");
        let mark = row("^").find('^').unwrap();
        assert_eq!(
            mark - row("v4").find('#').unwrap(),
            23,
            "November 2026 is 23 months after December 2024\n{drawn}"
        );
    }

    #[test]
    fn long_timelines_are_squeezed_and_days_before_the_first_entry_have_no_mark() {
        let mut scope = scs_compatible_iaas().clone();
        let old =
            TimelineEntry { date: date(1900, 1, 1), versions: vec![("v3".to_owned(), Validity::Draft)] };
        scope.timeline.push(old);
        let drawn = draw(&scope, date(2026, 11, 28));
        assert!(drawn.lines().all(|line| line.len() < 80), "{drawn}");
        assert!(!draw(scs_compatible_iaas(), date(2020, 1, 1)).contains('^'));
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_trouble() {
        assert!(draw(scs_compatible_iaas(), date(9999, 12, 31)).contains("v5.1"));
        let empty = Scope { timeline: Vec::new(), ..scs_compatible_iaas().clone() };
        assert_eq!(draw(&empty, date(2026, 1, 1)), "The timeline is empty.");
    }
}

//! How long results last. Times are local without a zone; a result ends at a midnight and is void from then on.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, date};

/// Why no end can be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifetimeError {
    /// The period is none of the five.
    #[error("unknown lifetime {0:?}; known are day, week, month, quarter and year")]
    Unknown(String),
    /// The end lies beyond the calendar.
    #[error("a result of {0} would end beyond the calendar")]
    OutOfRange(DateTime),
}

/// When a result of the given time expires. A lifetime means *until the end of the next period*: a week is the rest of
/// this calendar week and the whole next one. No lifetime is a week.
///
/// # Errors
/// [`LifetimeError`] for unknown periods and at the end of the calendar.
pub fn expiry(checked_at: DateTime, lifetime: Option<&str>) -> Result<DateTime, LifetimeError> {
    let on = checked_at.date();
    let after_days = |days: i64| on.checked_add(days.days()).ok();
    let ends = match lifetime {
        Some("day") => after_days(2),
        None | Some("week") => after_days(14 - i64::from(on.weekday().to_monday_zero_offset())),
        Some("month") => first_of_month(on, 2),
        Some("quarter") => {
            let into_quarter = i32::from(on.month() - 1) % 3;
            first_of_month(on, 6 - into_quarter)
        }
        Some("year") => first_of_month(on, 14),
        Some(other) => return Err(LifetimeError::Unknown(other.to_owned())),
    };
    ends.map(|ends| ends.to_datetime(Time::midnight())).ok_or(LifetimeError::OutOfRange(checked_at))
}

/// The first day of the month that many months later.
fn first_of_month(on: Date, later: i32) -> Option<Date> {
    date(on.year(), on.month(), 1).checked_add(later.months()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_expire_as_the_standards_digest_says() {
        for (checked, lifetime, ends) in [
            (date(2026, 11, 23), Some("day"), date(2026, 11, 25)),
            (date(2026, 12, 31), Some("day"), date(2027, 1, 2)),
            (date(2026, 11, 23), Some("week"), date(2026, 12, 7)),
            (date(2026, 11, 29), Some("week"), date(2026, 12, 7)),
            (date(2026, 11, 30), None, date(2026, 12, 14)),
            (date(2026, 8, 19), None, date(2026, 8, 31)),
            (date(2026, 11, 5), Some("month"), date(2027, 1, 1)),
            (date(2026, 12, 31), Some("month"), date(2027, 2, 1)),
            (date(2026, 1, 31), Some("month"), date(2026, 3, 1)),
            (date(2026, 3, 31), Some("quarter"), date(2026, 7, 1)),
            (date(2026, 4, 1), Some("quarter"), date(2026, 10, 1)),
            (date(2026, 9, 30), Some("quarter"), date(2027, 1, 1)),
            (date(2026, 10, 1), Some("quarter"), date(2027, 4, 1)),
            (date(2026, 11, 23), Some("year"), date(2028, 1, 1)),
            (date(2026, 5, 10), Some("year"), date(2027, 7, 1)),
            (date(2026, 12, 5), Some("year"), date(2028, 2, 1)),
        ] {
            for time in [Time::midnight(), Time::constant(23, 59, 59, 999_999_999)] {
                let found = expiry(checked.to_datetime(time), lifetime);
                assert_eq!(found, Ok(ends.to_datetime(Time::midnight())), "{checked} {lifetime:?}");
            }
        }
    }

    #[test]
    fn a_week_lasts_between_eight_and_fourteen_days_and_ends_on_a_monday() {
        for offset in 0..7 {
            let on = date(2026, 11, 23).checked_add(offset.days()).unwrap();
            let ends = expiry(on.to_datetime(Time::midnight()), None).unwrap().date();
            assert_eq!(ends.weekday().to_monday_zero_offset(), 0);
            assert!((8..=14).contains(&ends.since(on).unwrap().get_days()), "{on}");
        }
    }

    #[test]
    fn unknown_lifetimes_and_the_end_of_the_calendar_are_errors() {
        let now = date(2026, 11, 23).to_datetime(Time::midnight());
        assert_eq!(expiry(now, Some("decade")), Err(LifetimeError::Unknown("decade".to_owned())));
        assert!(matches!(expiry(DateTime::MAX, Some("year")), Err(LifetimeError::OutOfRange(_))));
    }
}

//! Dates as upstream's interpreter reads them (its `strptime`), in ASCII digits.

/// One piece of a date format.
#[derive(Debug, Clone, Copy)]
enum Item {
    Year,
    /// A number of one or two digits within the range, kept in the given field.
    Number(Field, u8, u8),
    /// One character, in either case.
    Char(char),
    /// One or more blanks.
    Blank,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

const MONTH: Item = Item::Number(Field::Month, 1, 12);
const DAY: Item = Item::Number(Field::Day, 1, 31);
const HOUR: Item = Item::Number(Field::Hour, 0, 23);
const MINUTE: Item = Item::Number(Field::Minute, 0, 59);
/// Up to two leap seconds.
const SECOND: Item = Item::Number(Field::Second, 0, 61);
const DASH: Item = Item::Char('-');
const COLON: Item = Item::Char(':');

/// `YYYY-MM-DDThh:mm:ssZ`, the form of the API.
const API: &[Item] = &[
    Item::Year,
    DASH,
    MONTH,
    DASH,
    DAY,
    Item::Char('T'),
    HOUR,
    COLON,
    MINUTE,
    COLON,
    SECOND,
    Item::Char('Z'),
];
const TO_THE_SECOND: &[Item] =
    &[Item::Year, DASH, MONTH, DASH, DAY, Item::Blank, HOUR, COLON, MINUTE, COLON, SECOND];
const TO_THE_MINUTE: &[Item] = &[Item::Year, DASH, MONTH, DASH, DAY, Item::Blank, HOUR, COLON, MINUTE];
const DATE: &[Item] = &[Item::Year, DASH, MONTH, DASH, DAY];
const COMPACT: &[Item] = &[Item::Year, MONTH, DAY];

/// A date in one of the four forms that properties may have, in seconds since the epoch.
pub(super) fn property(text: &str) -> Option<i64> {
    parse(text, &[API, TO_THE_SECOND, TO_THE_MINUTE, DATE])
}

/// A time in the form of the API.
pub(super) fn api(text: &str) -> Option<i64> {
    parse(text, &[API])
}

/// Whether the text is a date stamp, as the names of replaced images carry it.
pub(super) fn is_stamp(text: &str) -> bool {
    parse(text, &[DATE, COMPACT]).is_some()
}

/// The first form that fits decides. The epoch itself counts as no date.
fn parse(text: &str, forms: &[&[Item]]) -> Option<i64> {
    let read = |form: &&[Item]| {
        let (fields, rest) = scan(form, text, Fields::default())?;
        if rest.is_empty() { fields.seconds() } else { None }
    };
    forms.iter().find_map(read).filter(|seconds| *seconds != 0)
}

#[derive(Debug, Clone, Copy, Default)]
struct Fields {
    year: i16,
    month: i8,
    day: i8,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Fields {
    fn set(mut self, field: Field, value: u8) -> Self {
        match field {
            Field::Month => self.month = i8::try_from(value).unwrap_or_default(),
            Field::Day => self.day = i8::try_from(value).unwrap_or_default(),
            Field::Hour => self.hour = value.into(),
            Field::Minute => self.minute = value.into(),
            Field::Second => self.second = value.into(),
        }
        self
    }

    /// Seconds since the epoch; `None` for days that do not exist and for the year 0.
    fn seconds(self) -> Option<i64> {
        let date = jiff::civil::Date::new(self.year, self.month, self.day).ok().filter(|_| self.year > 0)?;
        let days = date.since(jiff::civil::date(1970, 1, 1)).ok()?.get_days();
        Some(((i64::from(days) * 24 + self.hour) * 60 + self.minute) * 60 + self.second)
    }
}

/// The first way to read the items from the beginning of the text, and what is left of it. Two digits are tried
/// before one, and a day may be written as a blank and a digit.
fn scan<'a>(items: &[Item], text: &'a str, fields: Fields) -> Option<(Fields, &'a str)> {
    let Some((item, items)) = items.split_first() else { return Some((fields, text)) };
    match *item {
        Item::Char(wanted) => {
            let rest = text.strip_prefix([wanted, wanted.to_ascii_lowercase()])?;
            scan(items, rest, fields)
        }
        Item::Blank => {
            let rest = text.trim_start_matches(is_blank);
            if rest.len() == text.len() { None } else { scan(items, rest, fields) }
        }
        Item::Year => {
            let (digits, rest) = text.split_at_checked(4)?;
            scan(items, rest, Fields { year: number(digits)?, ..fields })
        }
        Item::Number(field, least, most) => {
            let spaced = text.strip_prefix(' ').filter(|_| matches!(field, Field::Day));
            let ways = [(Some(text), 2), (Some(text), 1), (spaced, 1)];
            ways.into_iter().find_map(|(text, width)| {
                let (digits, rest) = text?.split_at_checked(width)?;
                let value = number(digits).filter(|value| (least..=most).contains(value))?;
                scan(items, rest, fields.set(field, value))
            })
        }
    }
}

/// A number of ASCII digits only.
fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// What upstream's interpreter takes for white space.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_of_properties_are_read_in_utc() {
        assert_eq!(property("2026-08-01"), Some(1_785_542_400));
        assert_eq!(property("2026-08-01 12:30"), Some(1_785_542_400 + 45_000));
        assert_eq!(property("2026-08-01 12:30:15"), Some(1_785_542_400 + 45_015));
        assert_eq!(property("2026-08-01T12:30:15Z"), Some(1_785_542_400 + 45_015));
    }

    #[test]
    fn api_times_have_one_form() {
        assert_eq!(api("2026-08-01T00:00:00Z"), Some(1_785_542_400));
        for text in ["2026-08-01", "2026-08-01 00:00", "2026-08-01T00:00:00", "2026-08-01T00:00:00+00:00", ""]
        {
            assert_eq!(api(text), None, "{text}");
        }
    }

    #[test]
    fn single_digits_many_blanks_and_small_letters_are_read_as_upstream_reads_them() {
        assert_eq!(property("2026-8-1"), property("2026-08-01"));
        assert_eq!(property("2026-08- 1"), property("2026-08-01"));
        assert_eq!(property("2026-08-01 \t 1:2"), property("2026-08-01 01:02"));
        assert_eq!(property("2026-08-01t00:00:00z"), property("2026-08-01"));
        assert_eq!(property("2026-08-01 00:00:61"), property("2026-08-01").map(|seconds| seconds + 61));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            " 2026-08-01",
            "2026-08-01 ",
            "2026-13-01",
            "2026-02-30",
            "0000-01-01",
            "26-08-01",
            "2026/08/01",
            "2026-08-01 24:00",
            "2026-08-01 23:60",
            "2026-08-32",
            "20260801",
            "2026-08-01 10:00:00 UTC",
            "yesterday",
            "２０２６-08-01",
            "2026-0x-01",
            "+026-08-01",
            "2026-08-01é",
        ] {
            assert_eq!(property(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_epoch_counts_as_no_date_and_earlier_years_are_dates() {
        assert_eq!(property("1970-01-01"), None);
        assert_eq!(property("1969-12-31"), Some(-86_400));
    }

    #[test]
    fn stamps_may_be_compact() {
        for stamp in ["20260801", "2026-08-01", "2026111", "202611"] {
            assert!(is_stamp(stamp), "{stamp}");
        }
        for other in ["2026-08-01 10:00", "202608011", "20269999", "old", ""] {
            assert!(!is_stamp(other), "{other}");
        }
    }
}

//! A moment in time, and the three ways OpenStack services write it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A moment: microseconds since 1970-01-01 UTC. `Display` is [`Timestamp::seconds_z`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no time that OpenStack clients send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTimeError;

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an ISO 8601 date and time such as 2026-11-24T08:00:00Z")
    }
}

impl std::error::Error for ParseTimeError {}

impl Timestamp {
    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970: what the database stores.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// From whole seconds since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and `by` more.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// `by` before this moment.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time since `earlier`; zero if that is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-11-24T08:00:00Z`: compute, image, network.
    #[must_use]
    pub fn seconds_z(self) -> String {
        self.iso(false, "Z")
    }

    /// `2026-11-24T08:00:00.123456Z`: identity tokens.
    #[must_use]
    pub fn micros_z(self) -> String {
        self.iso(true, "Z")
    }

    /// `2026-11-24T08:00:00.123456`: compute's older resources, volumes.
    #[must_use]
    pub fn micros(self) -> String {
        self.iso(true, "")
    }

    /// The begin of the second after the one that it is in.
    #[must_use]
    pub const fn next_second(self) -> Self {
        Self::from_seconds(self.as_seconds() + 1)
    }

    /// `Tue, 24 Nov 2026 08:00:00 GMT`: HTTP headers.
    #[must_use]
    pub fn http_date(self) -> String {
        self.moment().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn moment(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// `2026-11-24T08:00:00`, with microseconds or without, and what ends it. Lists have thousands of these: a pattern
    /// would be read anew for each.
    fn iso(self, fraction: bool, end: &str) -> String {
        let at = jiff::tz::Offset::UTC.to_datetime(self.moment());
        let mut text = String::with_capacity(32);
        let mut number = |before: &str, value: i32, width: u32| {
            text.push_str(before);
            for place in (0..width).rev() {
                let digit = value.unsigned_abs() / 10_u32.pow(place) % 10;
                text.push(char::from_digit(digit, 10).unwrap_or('0'));
            }
        };
        number(if at.year() < 0 { "-" } else { "" }, i32::from(at.year()), 4);
        number("-", i32::from(at.month()), 2);
        number("-", i32::from(at.day()), 2);
        number("T", i32::from(at.hour()), 2);
        number(":", i32::from(at.minute()), 2);
        number(":", i32::from(at.second()), 2);
        if fraction {
            number(".", at.subsec_nanosecond() / 1000, 6);
        }
        text.push_str(end);
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.seconds_z())
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;

    /// Reads ISO 8601 with or without zone (none means UTC), fraction, or time of day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(moment.as_microsecond()));
        }
        let civil = text
            .parse::<jiff::civil::DateTime>()
            .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)))
            .map_err(|_| ParseTimeError)?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| ParseTimeError)?;
        Ok(Self(zoned.timestamp().as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings() {
        let moment: Timestamp = "2026-11-24T08:00:00.123456Z".parse().unwrap();
        assert_eq!(moment.seconds_z(), "2026-11-24T08:00:00Z");
        assert_eq!(moment.micros_z(), "2026-11-24T08:00:00.123456Z");
        assert_eq!(moment.micros(), "2026-11-24T08:00:00.123456");
        assert_eq!(moment.http_date(), "Tue, 24 Nov 2026 08:00:00 GMT");
    }

    #[test]
    fn every_digit_is_where_a_pattern_would_put_it() {
        let step = 7 * 86_400_000_000 * 52 + 3_723_004_005;
        for micros in (0..300).map(|n| n * step).chain([-1, -62_167_219_200_000_000]) {
            let text = Timestamp::from_micros(micros).micros_z();
            let moment = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(text, moment.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string());
        }
    }

    #[test]
    fn texts_without_zone_or_time_are_utc() {
        let noon: Timestamp = "2026-11-24T12:00:00".parse().unwrap();
        assert_eq!(noon.seconds_z(), "2026-11-24T12:00:00Z");
        let day: Timestamp = "2026-11-24".parse().unwrap();
        assert_eq!(noon.since(day), Duration::from_secs(43_200));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(ParseTimeError));
    }

    #[test]
    fn extremes_do_not_panic() {
        assert_eq!(Timestamp::from_micros(i64::MAX).plus(Duration::MAX).as_micros(), i64::MAX);
        assert!(!Timestamp::from_micros(i64::MIN).seconds_z().is_empty());
    }
}

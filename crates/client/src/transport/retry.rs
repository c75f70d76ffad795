//! When and how soon to try again. Only calls that may be repeated come here.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

/// The longest that a cloud may make us wait in one go.
const LONGEST: Duration = Duration::from_secs(60);

/// The pause before the attempt after this one: 0.2, 0.4, 0.8 … at most 5 seconds.
pub(super) fn pause_after_fault(attempt: u32) -> Duration {
    Duration::from_millis(200u64.saturating_mul(1 << attempt.min(10))).min(Duration::from_secs(5))
}

/// The pause that a 429 or 503 asks for; `None` if the answer is final.
///
/// Without `Retry-After` in seconds the answer stands as it is: nobody asked us to come back.
pub(super) fn pause_after_answer(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|pause| *pause <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(status: u16, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        pause_after_answer(StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn only_429_and_503_with_seconds_are_tried_again() {
        assert_eq!(after(429, "2"), Some(Duration::from_secs(2)));
        assert_eq!(after(503, " 0 "), Some(Duration::ZERO));
        assert_eq!(after(500, "2"), None);
        assert_eq!(after(503, "-1"), None);
        assert_eq!(after(503, "Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(pause_after_answer(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new()), None);
    }

    #[test]
    fn a_cloud_cannot_put_us_to_sleep() {
        assert_eq!(after(503, "86400"), None);
        assert_eq!(after(503, "99999999999999999999999"), None);
    }

    #[test]
    fn pauses_grow_and_stop_growing() {
        assert!(pause_after_fault(0) < pause_after_fault(1));
        assert_eq!(pause_after_fault(40), Duration::from_secs(5));
    }
}

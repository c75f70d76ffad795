//! When and how soon to try again. Only calls that may be repeated come here.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};

/// The longest that a cloud may make us wait in one go.
const LONGEST: Duration = Duration::from_secs(60);

/// The pause before the attempt after this one: 0.2, 0.4, 0.8 … at most 5 seconds.
pub(super) fn pause_after_fault(attempt: u32) -> Duration {
    Duration::from_millis(200u64.saturating_mul(1 << attempt.min(10))).min(Duration::from_secs(5))
}

/// Whether a call may be sent again. Some `PUT`s of OpenStack are actions: the network service refuses to add the same
/// interface to a router twice.
pub(crate) fn is_repeatable(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE)
}

/// The pause before the next attempt after an answer; `None` if the answer is final.
///
/// A 429 or 503 with `Retry-After` in seconds says itself how long. A gateway that reaches nobody (502, 504, and 503 as
/// load balancers write it) is asked as soon again as one that does not answer at all.
pub(super) fn pause_after_answer(status: StatusCode, headers: &HeaderMap, attempt: u32) -> Option<Duration> {
    match (status, headers.get(RETRY_AFTER)) {
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(after)) => {
            let seconds: u64 = after.to_str().ok()?.trim().parse().ok()?;
            Some(Duration::from_secs(seconds)).filter(|pause| *pause <= LONGEST)
        }
        (StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE, _) => {
            Some(pause_after_fault(attempt))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(status: u16, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        pause_after_answer(StatusCode::from_u16(status).unwrap(), &headers, 0)
    }

    #[test]
    fn a_busy_cloud_says_itself_when_to_come_back() {
        assert_eq!(after(429, "2"), Some(Duration::from_secs(2)));
        assert_eq!(after(503, " 0 "), Some(Duration::ZERO));
        assert_eq!(after(500, "2"), None);
        assert_eq!(after(503, "-1"), None);
        assert_eq!(after(503, "Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    #[test]
    fn a_gateway_that_reaches_nobody_is_asked_again_and_a_fault_of_the_service_is_final() {
        let bare = |status| pause_after_answer(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), 1);
        for status in [502, 503, 504] {
            assert_eq!(bare(status), Some(pause_after_fault(1)), "{status}");
        }
        for status in [200, 400, 404, 409, 429, 500, 501] {
            assert_eq!(bare(status), None, "{status}");
        }
    }

    #[test]
    fn a_put_may_be_an_action_and_is_sent_once() {
        assert!(is_repeatable(&Method::GET) && is_repeatable(&Method::DELETE));
        assert!(!is_repeatable(&Method::PUT) && !is_repeatable(&Method::POST));
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

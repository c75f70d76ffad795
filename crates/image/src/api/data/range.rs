//! `Range` headers of downloads. Source: `glance/common/wsgi.py`, `get_range_from_request`.

use kogge_http::{ApiError, ErrorKind};

/// The part of `size` bytes that is asked for, as start and length; all of it without header.
pub(super) fn range(header: Option<&str>, size: u64) -> Result<Option<(u64, u64)>, ApiError> {
    let Some(header) = header else { return Ok(None) };
    if header.contains(',') {
        let message = "Requests with multiple ranges are not supported in Glance. You may make multiple \
                       single-range requests instead.";
        return Err(ApiError::bad_request(message));
    }
    let invalid = || ApiError::new(ErrorKind::RangeNotSatisfiable, "Invalid Range header.");
    let (unit, rest) = header.split_once('=').ok_or_else(invalid)?;
    let (from, to) = rest.split_once('-').ok_or_else(invalid)?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Err(invalid());
    }
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| invalid());
    let start = match from.trim() {
        "" => size.saturating_sub(number(to)?),
        text => number(text)?,
    };
    let end = if from.trim().is_empty() || to.trim().is_empty() {
        size
    } else {
        number(to)?.checked_add(1).ok_or_else(invalid)?.min(size)
    };
    if start >= size {
        let last = size.saturating_sub(1);
        let message = format!(
            "Invalid start position in Range header. Start position MUST be in the inclusive range [0, {last}]."
        );
        return Err(ApiError::new(ErrorKind::RangeNotSatisfiable, message));
    }
    if start >= end { Err(invalid()) } else { Ok(Some((start, end - start))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges() {
        let part = |text: &str| range(Some(text), 10).map_err(|error| error.kind().status().as_u16());
        assert_eq!(part("bytes=0-4"), Ok(Some((0, 5))));
        assert_eq!(part("bytes=5-"), Ok(Some((5, 5))));
        assert_eq!(part("bytes=-3"), Ok(Some((7, 3))));
        assert_eq!(part("bytes=-30"), Ok(Some((0, 10))));
        assert_eq!(part("bytes=8-100"), Ok(Some((8, 2))));
        assert_eq!(part("Bytes = 1 - 2"), Ok(Some((1, 2))));
        assert_eq!(part("bytes=10-"), Err(416));
        assert_eq!(part("bytes=5-4"), Err(416));
        assert_eq!(part("bytes=-"), Err(416));
        assert_eq!(part("bytes=x-y"), Err(416));
        assert_eq!(part("lines=1-2"), Err(416));
        assert_eq!(part("bytes=0-1,3-4"), Err(400));
        assert_eq!(range(None, 10).unwrap(), None);
        assert!(range(Some("bytes=0-"), 0).is_err());
    }

    proptest! {
        #[test]
        fn what_is_given_out_lies_inside(text in "bytes=[0-9]{0,20}-[0-9]{0,20}", size in 0u64..100) {
            if let Ok(Some((start, length))) = range(Some(&text), size) {
                prop_assert!(length > 0 && start + length <= size);
            }
        }
    }
}

//! Questions, and what becomes of them.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<ImageQuery, String> {
    let pairs = kogge_http::Pairs::parse(text);
    ImageQuery::read(&pairs).map_err(|error| error.to_string())
}

fn sql(text: &str) -> String {
    format!("{:?}", read(text).unwrap().select.query())
}

#[test]
fn an_empty_query_lists_the_newest_25() {
    let query = read("").unwrap();
    assert_eq!((query.page.limit, query.scope), (Some(25), Scope::Usual));
    assert_eq!(query.answered, Some(Answer::Accepted));
    assert!(query.page.sort.is_empty());
    let sql = sql("");
    assert!(sql.contains("WHERE (os_hidden = $1)") && sql.contains("false"), "{sql}");
}

#[test]
fn every_kind_of_filter() {
    for (text, condition, values) in [
        ("name=a", "name IN ($1)", &["\"a\""][..]),
        ("name=in:a,\"b,c\",d", "name IN ($1, $2, $3)", &["\"a\"", "\"b,c\"", "\"d\""]),
        ("status=eq:active", "status IN ($1)", &["\"active\""]),
        ("owner=in:a", "owner IN ($1)", &["\"in:a\""]),
        ("size_min=5", "size >= $1", &["5"]),
        ("min_ram_max=5", "min_ram <= $1", &["5"]),
        ("size=5", "size = $1", &["5"]),
        ("size=many", "1 = 0", &[]),
        ("protected=true", "protected = $1", &["true"]),
        ("tag=x", "t.tag = $1", &["\"x\""]),
        ("os_distro=debian", "p.pair = $1", &["os_distro", "debian"]),
        ("created_at=gte:2026-01-01T00:00:00Z", "created_at / 1000000 >= $1", &["1767225600"]),
        ("updated_at=2026-01-01T00:00:00Z", "updated_at / 1000000 = $1", &["1767225600"]),
        ("os_hidden=True", "os_hidden = $1", &["true"]),
    ] {
        let sql = sql(text);
        assert!(sql.contains(condition), "{text}: {sql}");
        assert!(
            values
                .iter()
                .all(|value| sql.contains(*value) || sql.contains(&value.escape_debug().to_string())),
            "{text}: {sql}"
        );
    }
    assert_eq!(read("visibility=community").unwrap().scope, Scope::Only(Visibility::Community));
    assert_eq!(read("visibility=all&member_status=all").unwrap().answered, None);
}

#[test]
fn what_glance_refuses_is_refused() {
    for (text, why) in [
        ("limit=many", "must be an integer"),
        ("limit=-1", "must be positive"),
        ("visibility=everybody", "Invalid visibility"),
        ("member_status=maybe", "Invalid status"),
        ("os_hidden=perhaps", "os_hidden"),
        ("protected=perhaps", "protected"),
        ("size_min=much", "non-numeric"),
        ("name=like:x", "unknown operator 'like'"),
        ("name=in:\"a", "quote"),
        ("name=in:a\"b", "quote"),
        ("created_at=gt:yesterday", "ISO 8601"),
        ("created_at=about:2026-01-01T00:00:00Z", "unknown operator"),
        ("sort_key=password", "Invalid sort key"),
        ("sort_dir=up", "Invalid sort direction"),
        ("sort=name:up", "Invalid sort direction"),
        ("sort=name&sort_key=size", "cannot be combined"),
        ("sort_key=name&sort_dir=asc&sort_dir=desc", "does not match"),
        ("changes-since=2026-01-01", "no longer available"),
        ("name=a%00b", "NUL"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn sorting_in_both_spellings() {
    let down = |name: &str| (name.to_owned(), Direction::Descending);
    let up = |name: &str| (name.to_owned(), Direction::Ascending);
    assert_eq!(read("sort=size:desc,name:asc,id").unwrap().page.sort, [down("size"), up("name"), down("id")]);
    assert_eq!(read("sort_key=size&sort_key=name&sort_dir=asc").unwrap().page.sort, [up("size"), up("name")]);
    assert_eq!(read("sort_dir=asc").unwrap().page.sort, [up("created_at")]);
    assert_eq!(read("limit=99999").unwrap().page.limit, Some(1000));
    assert_eq!(read("sort=name:asc,size,name:desc").unwrap().page.sort, [up("name"), down("size")]);
}

#[test]
fn a_question_has_bounds() {
    let filters = |count: usize| read(&vec!["tag=x"; count].join("&")).is_ok();
    assert!(filters(64) && !filters(65));
    let values = |count: usize| read(&format!("name=in:{}", vec!["x"; count].join(","))).is_ok();
    assert!(values(256) && !values(257));
    assert!(read(&format!("sort={}", vec!["name"; 1000].join(","))).unwrap().page.sort.len() == 1);
}

proptest! {
    #[test]
    fn arbitrary_queries_never_panic(text in "[ -~]{0,60}", name in "name|created_at|size_min|sort|tag|limit") {
        let _ = read(&text);
        let _ = read(&format!("{name}={text}"));
    }
}

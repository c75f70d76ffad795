//! The same behaviour on SQLite and, where `KOGGE_TEST_POSTGRES` names a server, on PostgreSQL.

use std::time::Duration;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, DbError, Direction, Executor, Migration, Migrations, Page, Query, Select, SortKey};

const STEPS: Migrations = Migrations {
    owner: "test",
    steps: &[Migration {
        version: 1,
        name: "things",
        sql: "CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, name TEXT, size BIGINT, good BOOLEAN);\n\
              CREATE INDEX things_name ON things (name);\n",
    }],
};

/// Runs the body on both databases.
macro_rules! on_both {
    ($name:ident, $db:ident, $clock:ident => $body:block) => {
        #[tokio::test]
        async fn $name() {
            for postgres in [false, true] {
                let dir = tempfile::tempdir().unwrap();
                let Some($db) = Db::for_test(dir.path(), postgres).await.unwrap() else {
                    eprintln!("skipped on PostgreSQL: KOGGE_TEST_POSTGRES is not set");
                    continue;
                };
                let $clock = Clock::system();
                $db.migrate(&[STEPS], &$clock).await.unwrap();
                $body
            }
        }
    };
}

async fn add(db: &Db, id: &str, name: Option<&str>, size: i64) -> Result<u64, DbError> {
    let insert = Query::new("INSERT INTO things (id, name, size, good) VALUES ($1, $2, $3, $4)");
    db.execute(insert.bind(id).bind(name).bind(size).bind(true)).await
}

on_both!(values_come_back_as_they_went, db, clock => {
    let _ = &clock;
    add(&db, "a", None, i64::MAX).await.unwrap();
    let row = db.one(Query::new("SELECT * FROM things WHERE id = $1").bind("a")).await.unwrap();
    assert_eq!(row.opt_text("name").unwrap(), None);
    assert_eq!(row.int("size").unwrap(), i64::MAX);
    assert!(row.bool("good").unwrap());
    assert!(row.text("nothing").is_err());
});

on_both!(a_second_row_with_the_same_key_is_a_unique_violation, db, clock => {
    let _ = &clock;
    add(&db, "a", None, 1).await.unwrap();
    assert!(add(&db, "a", None, 2).await.unwrap_err().is_unique_violation());
});

on_both!(a_dropped_transaction_leaves_nothing, db, clock => {
    let _ = &clock;
    let mut tx = db.begin().await.unwrap();
    tx.execute(Query::new("INSERT INTO things (id) VALUES ($1)").bind("gone")).await.unwrap();
    drop(tx);
    let count = db.one(Query::new("SELECT count(*) AS n FROM things")).await.unwrap();
    assert_eq!(count.int("n").unwrap(), 0);
});

on_both!(pages_walk_the_whole_list_in_mixed_order_once, db, clock => {
    let _ = &clock;
    for (id, name, size) in [("a", "x", 1), ("b", "x", 2), ("c", "y", 1), ("d", "y", 1), ("e", "z", 0)] {
        add(&db, id, Some(name), size).await.unwrap();
    }
    const KEYS: &[SortKey] = &[
        SortKey { name: "name", expression: "COALESCE(name, '')" },
        SortKey { name: "size", expression: "size" },
    ];
    let mut page = Page {
        limit: Some(2),
        sort: vec![("name".into(), Direction::Descending), ("size".into(), Direction::Ascending)],
        ..Page::default()
    };
    let mut seen = Vec::new();
    loop {
        let list = Select::new("id", "things").page(&page, KEYS, &[], "id");
        let found = list.fetch(&db, |row| row.text("id")).await.unwrap();
        seen.extend(found.items);
        page.marker = seen.last().cloned();
        if !found.more {
            break;
        }
    }
    assert_eq!(seen, ["e", "c", "d", "a", "b"]);
    let back = Page { marker: Some("a".into()), limit: Some(2), reverse: true, ..page };
    let list = Select::new("id", "things").page(&back, KEYS, &[], "id");
    let before = list.fetch(&db, |row| row.text("id")).await.unwrap();
    assert_eq!(before.items, ["c", "d"]);
    assert!(before.more);
});

on_both!(a_lease_is_held_by_one_until_it_expires, db, clock => {
    let _ = clock;
    let (clock, hand) = Clock::fake(Timestamp::from_seconds(1_000));
    let ttl = Duration::from_secs(10);
    assert!(db.lease("l", "one", ttl, &clock).await.unwrap().is_some());
    assert!(db.lease("l", "two", ttl, &clock).await.unwrap().is_none());
    assert!(db.lease("l", "one", ttl, &clock).await.unwrap().is_some());
    hand.advance(Duration::from_secs(11));
    let lease = db.lease("l", "two", ttl, &clock).await.unwrap().unwrap();
    db.release(&lease).await.unwrap();
    assert!(db.lease("l", "one", ttl, &clock).await.unwrap().is_some());
});

on_both!(a_database_from_the_future_is_refused, db, clock => {
    let older = Migrations { owner: "test", steps: &[] };
    let refused = db.migrate(&[older], &clock).await.unwrap_err();
    assert!(refused.to_string().contains("newer kogge"));
    db.migrate(&[STEPS], &clock).await.unwrap();
});

//! The same behaviour on SQLite and, where `KOGGE_TEST_POSTGRES` names a server, on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{
    Db, DbError, Depth, Direction, Executor, Migration, Migrations, Page, Query, Select, SortKey,
};

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

async fn damage(db: &Db, id: &str) {
    let spoil = Query::new("UPDATE things SET name = '{\"n\": \"secret\"}' WHERE id = $1").bind(id);
    db.execute(spoil).await.unwrap();
}

fn number(row: &kogge_db::Row) -> Result<i64, DbError> {
    row.json("name")
}

on_both!(a_row_that_cannot_be_read_costs_no_other_and_is_known, db, clock => {
    let _ = &clock;
    for (id, name) in [("a", "1"), ("b", "2"), ("c", "3")] {
        add(&db, id, Some(name), 0).await.unwrap();
    }
    damage(&db, "b").await;
    let all = "SELECT id, name FROM things ORDER BY id";
    assert_eq!(db.list("things", Query::new(all), number).await.unwrap(), [1, 3]);
    let page = Select::new("id, name", "things").order_by("id", Direction::Ascending);
    assert_eq!(page.fetch(&db, number).await.unwrap().items, [1, 3]);
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.list("things", Query::new(all), number).await.unwrap(), [1, 3]);
    drop(tx);
    let one = "SELECT id, name FROM things WHERE id = $1";
    assert_eq!(db.find("things", Query::new(one).bind("a"), number).await.unwrap(), Some(1));
    assert!(db.find("things", Query::new(one).bind("b"), number).await.is_err());
    let known = db.damage().rows();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].table.as_str(), known[0].key.as_str()), ("things", "b"));
    assert!(known[0].because.contains("name") && !known[0].because.contains("secret"), "{known:?}");
});

#[tokio::test]
async fn a_task_that_waits_for_its_own_transaction_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
    db.migrate(&[STEPS], &Clock::system()).await.unwrap();
    let task = tokio::spawn({
        let db = db.clone();
        async move {
            let open = db.begin().await.unwrap();
            let refused = db.begin().await.unwrap_err().to_string();
            open.commit().await.unwrap();
            refused
        }
    });
    assert!(task.await.unwrap().contains("inside another"));
    add(&db, "later", None, 1).await.unwrap();
}

on_both!(a_database_tells_how_it_is, db, clock => {
    db.probe_reading().await.unwrap();
    db.probe_writing("one", &clock).await.unwrap();
    db.probe_writing("one", &clock).await.unwrap();
    assert_eq!(db.leases().await.unwrap()[0].name, "probe/one");
    assert!(db.size().await.unwrap().data > 0);
    assert!(db.pools().iter().all(|pool| pool.busy <= 4));
    assert_eq!(db.check(Depth::Quick).await.unwrap(), Vec::<String>::new());
    assert_eq!(db.check(Depth::Deep).await.unwrap(), Vec::<String>::new());
});

#[tokio::test]
async fn an_empty_database_is_sound() {
    for postgres in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let Some(db) = Db::for_test(dir.path(), postgres).await.unwrap() else { continue };
        assert_eq!(db.check(Depth::Quick).await.unwrap(), Vec::<String>::new());
        assert_eq!(db.check(Depth::Deep).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn overwritten_pages_and_torn_references_are_found() {
    use std::os::unix::fs::FileExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.sqlite");
    let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
    db.migrate(&[STEPS], &Clock::system()).await.unwrap();
    for number in 0..500 {
        add(&db, &format!("row{number}"), Some("a name that takes some room on its page"), number)
            .await
            .unwrap();
    }
    db.close().await;
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 6..pages {
        file.write_all_at(&[0xa5; 2048], page * 4096).unwrap();
    }
    let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
    let found = db.check(Depth::Quick).await;
    assert!(!matches!(&found, Ok(complaints) if complaints.is_empty()), "{found:?}");
    db.close().await;
}

on_both!(any_number_of_values_fits_into_a_list, db, clock => {
    let _ = &clock;
    for (id, name) in [("a", "x"), ("b\"[,]", "x"), ("c", "x")] {
        add(&db, id, Some(name), 1).await.unwrap();
    }
    let many = (0..70_000).map(|number| format!("n{number}")).chain(["a".to_owned(), "b\"[,]".to_owned()]);
    let select = Select::new("id", "things").and("size = ?", 1_i64).and_in("id", many).and("name = ?", "x");
    let found = select.order_by("id", Direction::Ascending).fetch(&db, |row| row.text("id")).await.unwrap();
    assert_eq!(found.items, ["a", "b\"[,]"]);
});

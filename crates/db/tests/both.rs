//! The same behaviour on SQLite and, where `KOGGE_TEST_POSTGRES` names a server, on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{
    Db, DbError, Depth, Direction, Executor, Grant, Lease, Migration, Migrations, Newcomer, Page, Query,
    Record as _, Select, SortKey,
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

kogge_db::record! {
    /// A thing that is a part of another one.
    pub(crate) Part in "things" touches "wholes" by whole {
        id: String,
        whole as "name": Option<String>,
    }
}

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

on_both!(those_who_watch_hear_what_a_commit_wrote_and_nothing_else, db, clock => {
    let _ = &clock;
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let book = std::sync::Arc::clone(&heard);
    db.watch(move |touched| book.lock().unwrap().extend(touched.iter().cloned()));
    let take = || std::mem::take(&mut *heard.lock().unwrap());
    let part = |id: &str, whole: Option<&str>| Part { id: id.to_owned(), whole: whole.map(str::to_owned) };
    let row = |id: &str| ("wholes", id.to_owned());
    let mut tx = db.begin().await.unwrap();
    part("a", Some("one")).insert(&mut tx).await.unwrap();
    part("b", None).insert(&mut tx).await.unwrap();
    assert!(take().is_empty(), "not yet");
    tx.commit().await.unwrap();
    assert_eq!(take(), [row("one")]);
    // from one whole to another: both are concerned
    let mut tx = db.begin().await.unwrap();
    let mut moved = Part::lock(&mut tx, &"a".to_owned()).await.unwrap().unwrap();
    moved.whole = Some("two".to_owned());
    moved.save(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(take(), [row("one"), row("two")]);
    let mut tx = db.begin().await.unwrap();
    assert!(Part::delete(&mut tx, &"a".to_owned()).await.unwrap());
    tx.rollback().await.unwrap();
    assert!(take().is_empty(), "it did not happen");
    let mut tx = db.begin().await.unwrap();
    assert!(Part::delete(&mut tx, &"a".to_owned()).await.unwrap());
    tx.touch("wholes", 3);
    tx.commit().await.unwrap();
    assert_eq!(take(), [row("3"), row("two")]);
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

fn newcomer(name: &str) -> Newcomer {
    Newcomer { name: name.to_owned(), place: format!("here/{name}"), address: format!("{name}.example") }
}

/// Time passes without a word of `name`.
async fn falls_silent(db: &Db, name: &str) {
    let silent = Query::new("UPDATE processes SET alive_until = 1 WHERE name = $1 AND alive_until > 0");
    db.execute(silent.bind(name)).await.unwrap();
}

fn granted(lease: Lease) -> Grant {
    match lease {
        Lease::Held(grant) => grant,
        Lease::Elsewhere { owner } => panic!("{owner} holds it"),
    }
}

on_both!(a_lease_is_held_for_as_long_as_its_process_lives, db, clock => {
    let one = db.enter(newcomer("one"), &clock).await.unwrap();
    let two = db.enter(newcomer("two"), &clock).await.unwrap();
    let first = granted(one.lease("x").await.unwrap());
    assert_eq!((first.epoch, one.holds(&first), two.holds(&first)), (1, true, false));
    assert_eq!(granted(one.lease("x").await.unwrap()), first, "as often as it likes, in one epoch");
    let elsewhere = Lease::Elsewhere { owner: "one".to_owned() };
    assert_eq!(two.lease("x").await.unwrap(), elsewhere);
    falls_silent(&db, "one").await;
    one.renew().await.unwrap();
    assert_eq!((one.incarnation(), two.lease("x").await.unwrap()), (1, elsewhere), "late, and nothing was lost");
    falls_silent(&db, "one").await;
    let mut incarnations = one.incarnations();
    assert_eq!(granted(two.lease("x").await.unwrap()).epoch, 2);
    one.renew().await.unwrap();
    assert_eq!((one.incarnation(), one.holds(&first)), (2, false), "declared dead: what it held is lost");
    assert!(incarnations.has_changed().unwrap() && *incarnations.borrow_and_update() == 2);
    assert_eq!(one.lease("x").await.unwrap(), Lease::Elsewhere { owner: "two".to_owned() });
});

on_both!(what_is_given_back_or_left_is_free_at_once, db, clock => {
    let one = db.enter(newcomer("one"), &clock).await.unwrap();
    let two = db.enter(newcomer("two"), &clock).await.unwrap();
    let grant = granted(one.lease("x").await.unwrap());
    one.lease("y").await.unwrap();
    one.release(&grant).await.unwrap();
    assert!(!one.holds(&grant));
    assert_eq!(granted(two.lease("x").await.unwrap()).epoch, 2);
    assert!(matches!(two.lease("y").await.unwrap(), Lease::Elsewhere { .. }));
    one.leave().await.unwrap();
    assert!(!one.is_sure());
    assert_eq!(granted(two.lease("y").await.unwrap()).epoch, 2);
    let shown = db.leases().await.unwrap();
    let held = |lease: &kogge_db::LeaseState| (lease.name.clone(), lease.owner.clone(), lease.epoch);
    let two = |name: &str| (name.to_owned(), "two".to_owned(), 2);
    assert_eq!(shown.iter().map(held).collect::<Vec<_>>(), [two("x"), two("y")]);
});

on_both!(a_successor_in_the_same_place_takes_over_at_once_and_a_copy_elsewhere_is_refused, db, clock => {
    let first = db.enter(newcomer("one"), &clock).await.unwrap();
    let grant = granted(first.lease("x").await.unwrap());
    let copy = Newcomer { place: "elsewhere".to_owned(), ..newcomer("one") };
    let refused = db.enter(copy.clone(), &clock).await.err().unwrap().to_string();
    assert!(refused.contains("one.example") && refused.contains("here/one"), "{refused}");
    let next = db.enter(newcomer("one"), &clock).await.unwrap();
    assert_eq!(next.incarnation(), 2);
    let taken = granted(next.lease("x").await.unwrap());
    assert_eq!(taken.epoch, grant.epoch + 1);
    falls_silent(&db, "one").await;
    assert_eq!(db.enter(copy, &clock).await.unwrap().incarnation(), 3, "the original is dead");
    assert!(next.renew().await.is_err(), "and cannot come back beside its copy");
    assert!(!next.holds(&taken));
});

on_both!(who_lives_and_who_is_late_is_shown_until_it_left, db, clock => {
    let (one, two) = (db.enter(newcomer("one"), &clock).await.unwrap(), db.enter(newcomer("two"), &clock).await.unwrap());
    let shown = async || {
        let lives = db.lives(&clock).await.unwrap();
        lives.into_iter().map(|life| (life.name, life.alive)).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, [("one".to_owned(), true), ("two".to_owned(), true)]);
    let now = db.now(&clock).await.unwrap();
    assert!(db.lives(&clock).await.unwrap().iter().all(|life| now.since(life.heard_of) < kogge_db::LIFETIME));
    falls_silent(&db, "one").await;
    assert_eq!(shown().await, [("one".to_owned(), false), ("two".to_owned(), true)]);
    one.renew().await.unwrap();
    two.leave().await.unwrap();
    assert_eq!(shown().await, [("one".to_owned(), true)]);
});

on_both!(of_many_that_want_a_dead_ones_lease_one_gets_it, db, clock => {
    let dead = db.enter(newcomer("dead"), &clock).await.unwrap();
    dead.lease("x").await.unwrap();
    falls_silent(&db, "dead").await;
    let mut rivals = Vec::new();
    for number in 0..8 {
        rivals.push(db.enter(newcomer(&format!("rival{number}")), &clock).await.unwrap());
    }
    let wishes = rivals.iter().map(|rival| rival.lease("x"));
    let got = futures_util::future::join_all(wishes).await;
    let held = got.into_iter().filter(|lease| matches!(lease, Ok(Lease::Held(grant)) if grant.epoch == 2)).count();
    assert_eq!(held, 1);
});

on_both!(the_database_says_what_time_it_is, db, clock => {
    let (fake, _hand) = Clock::fake(Timestamp::from_seconds(1_000));
    let now = db.now(&fake).await.unwrap();
    // of a file one process has the only clock; a server has its own
    assert_eq!(now == fake.now(), db.is_sqlite());
    assert!(db.is_sqlite() || now.since(clock.now()) < Duration::from_secs(60));
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

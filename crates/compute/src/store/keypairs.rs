//! Keypairs.

use kogge_db::{DbError, Direction, Executor, Page, Paged, Query, Row, Select, SortKey, Tx};
use kogge_ids::UserId;

use crate::model::keypair::{KeyType, Keypair};

const COLUMNS: &str = "user_id, name, number, type, fingerprint, public_key, created_at";
const KEYS: &[SortKey] = &[SortKey { name: "name", expression: "name" }];

fn read(row: &Row) -> Result<Keypair, DbError> {
    Ok(Keypair {
        number: row.int("number")?,
        user: row.parse("user_id")?,
        name: row.text("name")?,
        kind: if row.text("type")? == "x509" { KeyType::X509 } else { KeyType::Ssh },
        fingerprint: row.text("fingerprint")?,
        public_key: row.text("public_key")?,
        created_at: row.time("created_at")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, keypair: &Keypair) -> Result<(), DbError> {
    let insert = Query::new(
        "INSERT INTO keypairs (user_id, name, number, type, fingerprint, public_key, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    );
    let insert = insert
        .bind(&keypair.user)
        .bind(&keypair.name)
        .bind(keypair.number)
        .bind(keypair.kind.as_str())
        .bind(&keypair.fingerprint)
        .bind(&keypair.public_key)
        .bind(keypair.created_at);
    tx.execute(insert).await.map(drop)
}

pub(crate) async fn get(db: impl Executor, user: &UserId, name: &str) -> Result<Option<Keypair>, DbError> {
    let query = Select::new(COLUMNS, "keypairs").and("user_id = ?", user).and("name = ?", name).query();
    db.find("keypairs", query, read).await
}

/// The keypairs of a user; the marker is a name.
pub(crate) async fn list(db: impl Executor, user: &UserId, page: &Page) -> Result<Paged<Keypair>, DbError> {
    let select = Select::new(COLUMNS, "keypairs").and("user_id = ?", user);
    let behind = page.marker.clone();
    let page = Page { marker: None, ..page.clone() };
    select
        .and_some("name > ?", behind)
        .page(&page, KEYS, &[("name", Direction::Ascending)], "name")
        .fetch(db, read)
        .await
}

pub(crate) async fn count(db: impl Executor, user: &UserId) -> Result<i64, DbError> {
    let query = Query::new("SELECT COUNT(*) AS n FROM keypairs WHERE user_id = $1").bind(user);
    db.one(query).await?.int("n")
}

pub(crate) async fn delete(tx: &mut Tx, user: &UserId, name: &str) -> Result<bool, DbError> {
    let delete = Query::new("DELETE FROM keypairs WHERE user_id = $1 AND name = $2");
    Ok(tx.execute(delete.bind(user).bind(name)).await? == 1)
}

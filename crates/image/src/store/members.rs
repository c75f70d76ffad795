//! Members of images.

use kogge_db::{DbError, Executor, Query, Row, Tx};
use kogge_ids::ImageId;

use crate::model::member::{Answer, Member};

fn member(row: &Row) -> Result<Member, DbError> {
    let answer = Answer::parse(&row.text("status")?);
    Ok(Member {
        image_id: row.text("image_id")?,
        member_id: row.text("member_id")?,
        answer: answer.ok_or_else(|| DbError::column("status", "not an answer of a member"))?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

pub(crate) async fn list(db: impl Executor, image: ImageId) -> Result<Vec<Member>, DbError> {
    let query = Query::new("SELECT * FROM image_members WHERE image_id = $1 ORDER BY created_at, member_id");
    db.list("image_members", query.bind(image), member).await
}

pub(crate) async fn get(db: impl Executor, image: ImageId, id: &str) -> Result<Option<Member>, DbError> {
    let query = Query::new("SELECT * FROM image_members WHERE image_id = $1 AND member_id = $2");
    db.find("image_members", query.bind(image).bind(id), member).await
}

/// A unique violation says that it is a member already.
pub(crate) async fn insert(tx: &mut Tx, new: &Member) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO image_members (image_id, member_id, status, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query = Query::new(SQL).bind(&new.image_id).bind(&new.member_id).bind(new.answer.as_str());
    tx.execute(query.bind(new.created_at).bind(new.updated_at)).await.map(drop)
}

pub(crate) async fn update(tx: &mut Tx, changed: &Member) -> Result<u64, DbError> {
    const SQL: &str =
        "UPDATE image_members SET status = $1, updated_at = $2 WHERE image_id = $3 AND member_id = $4";
    let query = Query::new(SQL).bind(changed.answer.as_str()).bind(changed.updated_at);
    tx.execute(query.bind(&changed.image_id).bind(&changed.member_id)).await
}

pub(crate) async fn delete(tx: &mut Tx, image: ImageId, id: &str) -> Result<u64, DbError> {
    let query = Query::new("DELETE FROM image_members WHERE image_id = $1 AND member_id = $2");
    tx.execute(query.bind(image).bind(id)).await
}

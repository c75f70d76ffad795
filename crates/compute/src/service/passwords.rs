//! Passwords of servers that a version before kept as they came: they are sealed, once, when the cloud starts. What a
//! guest has already is forgotten when it is seen next.

use serde_json::Value;

use crate::Compute;
use crate::error::Result;
use crate::store::servers as store;

impl Compute {
    /// Seals every password that the database has in clear.
    pub(crate) async fn seal_passwords(&self) -> Result<()> {
        let mut last = String::new();
        loop {
            let mut tx = self.db().begin().await?;
            let found = store::with_clear_password(&mut tx, &last).await?;
            // what looks like one may be a user's own words: it is passed once
            let Some((end, _)) = found.last() else { return Ok(()) };
            last = end.to_string();
            for (id, spec) in &found {
                if let Some(sealed) = self.sealed(spec) {
                    store::put_spec(&mut tx, *id, &sealed).await?;
                }
            }
            tx.commit().await?;
        }
    }

    /// The spec with its password sealed; nothing where it has none in clear, or cannot be read.
    fn sealed(&self, spec: &str) -> Option<String> {
        let mut spec: Value = serde_json::from_str(spec).ok()?;
        let fields = spec.as_object_mut()?;
        let Some(Value::String(clear)) = fields.remove("admin_password") else { return None };
        fields.insert("sealed_password".to_owned(), Value::from(self.seal().seal(&clear)));
        Some(spec.to_string())
    }
}

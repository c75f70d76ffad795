//! SQLite and PostgreSQL from the same SQL: pools, transactions, migrations, keyset pages, leases.

//! Identity over HTTP, in process, on SQLite (and on PostgreSQL where `KOGGE_TEST_POSTGRES` names one).

mod cloud;
mod tokens;

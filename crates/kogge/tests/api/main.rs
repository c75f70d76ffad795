//! The API over HTTP, against the whole program in process.

mod documents;
mod faults;
mod isolation;
mod referee;
mod robust;
mod scene;
mod walk;

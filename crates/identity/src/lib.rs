//! Identity v3: tokens, projects, users, roles, catalog.

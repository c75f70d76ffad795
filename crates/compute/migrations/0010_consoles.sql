-- rights to open the console of a server for a while: made by requests, forgotten with their end (forget_servers) and with
-- their server (reap_servers). Of the token only its SHA-256 is kept.
CREATE TABLE console_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    server_id TEXT NOT NULL,
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    secure BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX console_tokens_server ON console_tokens (server_id, created_at);
CREATE INDEX console_tokens_end ON console_tokens (expires_at);

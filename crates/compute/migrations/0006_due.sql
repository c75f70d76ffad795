-- when there is something to do next with a server, asked in SQL: what is not due yet never fills a batch

ALTER TABLE servers ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;

DROP INDEX servers_work;
CREATE INDEX servers_due ON servers (due_at, updated_at) WHERE settled = FALSE;
CREATE INDEX servers_host_due ON servers (placed_host, due_at, updated_at) WHERE settled = FALSE;

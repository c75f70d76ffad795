-- finding what is to be forgotten without looking at everything

CREATE INDEX servers_deleted ON servers (deleted_at);
CREATE INDEX server_actions_started ON server_actions (server_id, started_at);

-- where an action put its server, and why there: written by place_servers, read by operators only
ALTER TABLE server_actions ADD COLUMN placed TEXT;

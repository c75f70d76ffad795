-- the volumes of each server, in the guest's order. A server without an image of its own has '' as image_id: it boots from
-- a volume. Written by requests and by the transaction that learns that a volume was let go.
ALTER TABLE servers ADD COLUMN volumes TEXT NOT NULL DEFAULT '[]';

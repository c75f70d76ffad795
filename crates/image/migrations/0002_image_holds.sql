-- who still needs the data of an image: one row per consumer whose disk is not built from it yet
CREATE TABLE image_holds (
    consumer TEXT NOT NULL PRIMARY KEY,
    image_id TEXT NOT NULL
);
CREATE INDEX image_holds_image ON image_holds (image_id);

-- data of deleted images that somebody still holds; their owner's quota still counts them
CREATE TABLE kept_images (
    image_id TEXT NOT NULL PRIMARY KEY,
    owner TEXT,
    data_file TEXT NOT NULL,
    size BIGINT NOT NULL
);
CREATE INDEX kept_images_owner ON kept_images (owner);

//! What a cloud begins with.

use super::cloud::{Cloud, on_both};

on_both! {
    the_types_of_scs_0114_are_there_once(cloud) {
        cloud.volumes.seed().await.unwrap();
        let list = cloud.get("/types").await.expect(200);
        let mut names: Vec<&str> =
            list["volume_types"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["__DEFAULT__", "encrypted", "replicated"]);
        let encrypted = list["volume_types"].as_array().unwrap().iter().find(|one| one["name"] == "encrypted");
        let words = encrypted.unwrap()["description"].as_str().unwrap();
        assert!(words.contains("[scs:encrypted]"), "{words}");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_type_seeds").await, 4);
        cloud.run().await;
    }
}

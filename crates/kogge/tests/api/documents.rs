//! Documents that are printed from the program are as new as the program.

#[test]
fn the_compatibility_page_is_as_new_as_the_route_tables() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let mut parts = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(format!("{root}/parts")).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        parts.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    let page = std::fs::read_to_string(format!("{root}/COMPATIBILITY.md")).unwrap();
    assert!(page == kogge::compatibility::page(&parts), "docs/COMPATIBILITY.md is old: run `make docs`");
}

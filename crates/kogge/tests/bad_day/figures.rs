//! The figures that an operator draws: all there, each with its text.

use std::collections::BTreeSet;

use crate::machine::{Machine, text};

const WANTED: [&str; 24] = [
    "kogge_build_info",
    "kogge_up",
    "kogge_task_last_success_timestamp_seconds",
    "kogge_task_overdue",
    "kogge_lease_expires_timestamp_seconds",
    "kogge_lease_held",
    "kogge_damaged_rows",
    "kogge_db_bytes",
    "kogge_db_wal_bytes",
    "kogge_db_connections",
    "kogge_db_wait_seconds",
    "kogge_disk_free_bytes",
    "kogge_disk_bytes",
    "kogge_disk_reserve_bytes",
    "kogge_hosts",
    "kogge_guests",
    "kogge_task_seconds",
    "kogge_http_requests_total",
    "kogge_http_request_seconds",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_threads",
];

fn named(page: &str, mark: &str) -> BTreeSet<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(mark));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_figure_is_there_and_says_what_it_is() {
    let mut machine = Machine::new();
    let up = machine.kogge(&["up", "--sim", "--listen", "127.0.0.1:0"]);
    assert!(up.status.success(), "{}", text(&up.stderr));
    let root = machine.address().await;
    let token = machine.token(&root).await;
    assert_eq!(machine.make_network(&root, &token, "counted").await.0, 201);
    let mut page = String::new();
    Machine::until("all figures", async || {
        page = machine.http().get(format!("{root}/metrics")).send().await.unwrap().text().await.unwrap();
        let there = named(&page, "# TYPE ");
        WANTED.iter().all(|name| there.contains(*name))
    })
    .await;
    assert_eq!(
        named(&page, "# TYPE ").difference(&named(&page, "# HELP ")).count(),
        0,
        "without text: {page}"
    );
    assert!(page.contains("kogge_up{check=\"database.write\"} 1"), "{page}");
    let value = |name: &str| {
        let line = page.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("kogge_disk_bytes") >= value("kogge_disk_free_bytes"));
    assert!(value("process_start_time_seconds") > 1.6e9);
}

#[tokio::test]
async fn tasks_and_status_show_who_does_what() {
    let mut machine = Machine::new();
    let up = machine.kogge(&["up", "--sim", "--listen", "127.0.0.1:0"]);
    assert!(up.status.success(), "{}", text(&up.stderr));
    machine.address().await;
    Machine::until("the tasks to run", async || machine.runs().iter().all(|(_, runs)| *runs > 0)).await;
    let shown = text(&machine.kogge(&["tasks"]).stdout);
    assert!(shown.contains("lease") && shown.contains("converge_servers"), "{shown}");
    let output = machine.kogge(&["tasks", "--format", "json"]);
    let tasks: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    for task in tasks {
        assert_eq!(task["lease_owner"].is_string(), task["exclusive"] == true, "{task}");
        assert!(task["last_success"].is_string() && task["overdue"] == false, "{task}");
    }
    let shown = text(&machine.kogge(&["status"]).stdout);
    assert!(!shown.contains("NOT WELL") && !shown.contains("DAMAGED"), "{shown}");
}

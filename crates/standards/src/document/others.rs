//! Documents of the tracks IAM, Ops and Scopes.

use jiff::civil::date;

use super::Kind::{DecisionRecord, Standard};
use super::{Document, draft, notes, over, stable};

const IAAS_SCOPE: &str = "SCS-compatible IaaS";

pub(super) const ALL: &[Document] = &[
    stable(
        DecisionRecord,
        "scs-0300-v1-requirements-for-sso-identity-federation",
        date(2023, 6, 21),
        "Single sign-on and federation",
        "Customers bring their own identities; Keycloak is the broker of the reference implementation.",
    ),
    draft(
        DecisionRecord,
        "scs-0301-v1-naming-conventions",
        "Names of domains, groups, roles and projects",
        "A proposal for names when customers are taken on.",
    ),
    stable(
        Standard,
        "scs-0302-v1-domain-manager-role",
        date(2024, 11, 13),
        "Domain manager role",
        "A role manager lets customers manage users, groups, projects and roles of their domain, and nothing outside.",
    ),
    notes("scs-0302-w1-domain-manager-implementation-notes", "Domain manager role: notes"),
    draft(
        DecisionRecord,
        "scs-0400-v1-status-page-create-decision",
        "Status page: build one",
        "A status page of our own is built, and what it has to do.",
    ),
    draft(
        DecisionRecord,
        "scs-0401-v1-status-page-reference-implementation-decision",
        "Status page: implementation",
        "Written in Go on PostgreSQL.",
    ),
    draft(
        DecisionRecord,
        "scs-0402-v1-status-page-openapi-spec-decision",
        "Status page: API",
        "Components, incidents, impacts, phases and severities of the API.",
    ),
    draft(
        DecisionRecord,
        "scs-0403-v1-csp-kaas-observability-stack",
        "Observability of Kubernetes as a service",
        "Which metrics and logs providers collect, and with what.",
    ),
    draft(
        DecisionRecord,
        "scs-0410-v1-gnocchi-as-metering-database",
        "Gnocchi for metering",
        "Metering data is kept in Gnocchi.",
    ),
    draft(
        DecisionRecord,
        "scs-0411-v1-publishing_method_for_metering_data",
        "Push of metering data",
        "Metering data is pushed, not polled.",
    ),
    draft(
        Standard,
        "scs-0412-v1-metering-json",
        "Metering data as JSON",
        "Metering data has the form that Ceilometer's HTTP publisher sends.",
    ),
    draft(
        DecisionRecord,
        "scs-0413-v1-sustainability-monitoring-architecture",
        "Sustainability monitoring: architecture",
        "Telemetry, calculation and reporting are separate services.",
    ),
    draft(
        Standard,
        "scs-0414-v1-sustainability-monitoring-data-formats",
        "Sustainability monitoring: formats",
        "Names and labels of the metrics of devices, provider and tenants.",
    ),
    draft(
        Standard,
        "scs-0500-v1-scopes",
        "Certificate scopes",
        "A scope is a standard that refers to others and regulates testing.",
    ),
    over(
        Standard,
        "scs-0501-v1-scs-compatible-iaas",
        (date(2021, 1, 1), date(2023, 10, 31)),
        IAAS_SCOPE,
        "OpenStack Powered Compute 2020.11, SCS-0100 v1, SCS-0102 v1.",
    ),
    over(
        Standard,
        "scs-0501-v2-scs-compatible-iaas",
        (date(2023, 3, 23), date(2023, 11, 30)),
        IAAS_SCOPE,
        "OpenStack Powered Compute 2022.11, SCS-0100 v2, SCS-0102 v1.",
    ),
    over(
        Standard,
        "scs-0501-v3-scs-compatible-iaas",
        (date(2023, 6, 15), date(2024, 7, 31)),
        IAAS_SCOPE,
        "OpenStack Powered Compute 2022.11, SCS-0100 v3.1, SCS-0102 v1.",
    ),
    over(
        Standard,
        "scs-0501-v4-scs-compatible-iaas",
        (date(2024, 2, 28), date(2025, 7, 1)),
        IAAS_SCOPE,
        "As v3, with entropy (SCS-0101), standard flavors (SCS-0103) and standard images (SCS-0104).",
    ),
    stable(
        Standard,
        "scs-0501-v5-scs-compatible-iaas",
        date(2024, 12, 19),
        IAAS_SCOPE,
        "As v4, with SCS-0114 to 0117, 0121, 0123 and 0302; SCS-0128 takes the place of OpenStack Powered Compute.",
    ),
    notes("scs-0501-w1-scs-compatible-iaas-testing", "SCS-compatible IaaS: notes"),
    stable(
        Standard,
        "scs-0502-v1-scs-compatible-kaas",
        date(2024, 11, 26),
        "SCS-compatible KaaS",
        "CNCF conformance (SCS-0201), versions (SCS-0210 v2), node distribution (SCS-0214 v2), networking (SCS-0219).",
    ),
    notes("scs-0502-w1-scs-compatible-kaas-testing", "SCS-compatible KaaS: notes"),
];

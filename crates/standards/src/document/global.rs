//! Documents of the track Global: the community's own rules.

use jiff::civil::date;

use super::Kind::{DecisionRecord, Procedural};
use super::{Document, draft, notes, over, stable};

pub(super) const ALL: &[Document] = &[
    stable(
        Procedural,
        "scs-0001-v1-sovereign-cloud-standards",
        date(2022, 11, 28),
        "Structure and life of documents",
        "How documents are named, what their front matter holds, and how they become stable or deprecated.",
    ),
    over(
        Procedural,
        "scs-0002-v1-standards-docs-org",
        (date(2023, 2, 6), date(2026, 2, 17)),
        "Standards, documents and organisation",
        "Where documents of the community live.",
    ),
    stable(
        Procedural,
        "scs-0002-v2-standards-docs-org",
        date(2026, 2, 17),
        "Structure of the documentation",
        "How the documentation site is put together and which pages each component has.",
    ),
    draft(
        Procedural,
        "scs-0003-v1-sovereign-cloud-standards-yaml",
        "Scopes as YAML",
        "The file format of certificate scopes: scripts, test cases, modules, versions, timeline.",
    ),
    draft(
        Procedural,
        "scs-0003-v2-sovereign-cloud-standards-testing",
        "Testing of standards",
        "What test cases, reports and score cards are, and how results add up and expire.",
    ),
    stable(
        Procedural,
        "scs-0004-v1-achieving-certification",
        date(2025, 3, 25),
        "Certification of clouds",
        "How a cloud gets and keeps a certificate: regular runs, reports, manual checks each quarter, one year of validity.",
    ),
    notes("scs-0004-w1-achieving-certification-implementation", "Certification of clouds: notes"),
    over(
        Procedural,
        "scs-0005-v1-project-governance",
        (date(2025, 1, 16), date(2025, 12, 16)),
        "Governance of the community",
        "The project board and its election.",
    ),
    stable(
        Procedural,
        "scs-0005-v2-project-governance",
        date(2025, 12, 16),
        "Governance of the community",
        "The project board and its election.",
    ),
    draft(
        Procedural,
        "scs-0006-v1-organization-management",
        "Inactive members and repositories",
        "What happens to accounts and repositories of the organisation that nobody uses.",
    ),
    over(
        Procedural,
        "scs-0007-v1-certification-integrators",
        (date(2025, 8, 1), date(2026, 4, 7)),
        "Certification of integrators",
        "How companies that build clouds for others are certified.",
    ),
    stable(
        Procedural,
        "scs-0007-v2-certification-integrators",
        date(2026, 4, 7),
        "Certification of integrators",
        "Points for environments built and run; bronze from 2 points on, silver from 4.",
    ),
    notes(
        "scs-0007-w1-certification-integrators-implementation-notes",
        "Certification of integrators: notes",
    ),
    draft(
        DecisionRecord,
        "scs-0008-v1-oss-health",
        "Health of open-source projects",
        "How the health of a project is judged before the community depends on it.",
    ),
];

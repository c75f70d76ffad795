//! The microversions of Placement and what each brought. Source: `placement/rest_api_version_history.rst`.

use kogge_http::{Microversion, Versions, mv};

/// How clients name versions.
pub const VERSIONS: Versions =
    Versions { service: "placement", legacy_header: None, min: mv(1, 0), max: mv(1, 39) };

/// aggregates of providers
pub(crate) const AGGREGATES: Microversion = mv(1, 1);
/// resource classes
pub(crate) const CLASSES: Microversion = mv(1, 2);
/// `member_of` filters providers
pub(crate) const MEMBER_OF: Microversion = mv(1, 3);
/// `resources` filters providers
pub(crate) const BY_RESOURCES: Microversion = mv(1, 4);
/// all inventories can be deleted at once
pub(crate) const DELETE_INVENTORIES: Microversion = mv(1, 5);
/// traits
pub(crate) const TRAITS: Microversion = mv(1, 6);
/// a class is made by PUT without body
pub(crate) const PUT_CLASS: Microversion = mv(1, 7);
/// allocations name project and user
pub(crate) const PROJECT_AND_USER: Microversion = mv(1, 8);
/// usages of a project
pub(crate) const USAGES: Microversion = mv(1, 9);
/// allocation candidates
pub(crate) const CANDIDATES: Microversion = mv(1, 10);
/// providers link to their allocations
pub(crate) const ALLOCATIONS_LINK: Microversion = mv(1, 11);
/// allocations are an object by provider
pub(crate) const ALLOCATIONS_BY_PROVIDER: Microversion = mv(1, 12);
/// allocations of many consumers at once
pub(crate) const POST_ALLOCATIONS: Microversion = mv(1, 13);
/// parent and root of a provider, `in_tree`
pub(crate) const TREES: Microversion = mv(1, 14);
/// `Last-Modified` and `Cache-Control`
pub(crate) const LAST_MODIFIED: Microversion = mv(1, 15);
/// `limit` of candidates
pub(crate) const CANDIDATES_LIMIT: Microversion = mv(1, 16);
/// `required` of candidates, traits in their summaries
pub(crate) const CANDIDATES_REQUIRED: Microversion = mv(1, 17);
/// `required` filters providers
pub(crate) const BY_TRAITS: Microversion = mv(1, 18);
/// aggregates come with a generation
pub(crate) const AGGREGATES_GENERATION: Microversion = mv(1, 19);
/// making a provider answers with it
pub(crate) const CREATED_BODY: Microversion = mv(1, 20);
/// `member_of` of candidates
pub(crate) const CANDIDATES_MEMBER_OF: Microversion = mv(1, 21);
/// forbidden traits
pub(crate) const FORBIDDEN_TRAITS: Microversion = mv(1, 22);
/// several `member_of`
pub(crate) const MANY_MEMBER_OF: Microversion = mv(1, 24);
/// request groups
pub(crate) const GROUPS: Microversion = mv(1, 25);
/// all may be reserved
pub(crate) const ALL_RESERVED: Microversion = mv(1, 26);
/// summaries show every class
pub(crate) const ALL_CLASSES_IN_SUMMARY: Microversion = mv(1, 27);
/// generations of consumers
pub(crate) const CONSUMER_GENERATION: Microversion = mv(1, 28);
/// summaries show parent and root
pub(crate) const TREES_IN_SUMMARY: Microversion = mv(1, 29);
/// the reshaper
pub(crate) const RESHAPER: Microversion = mv(1, 30);
/// `in_tree` of candidates
pub(crate) const CANDIDATES_IN_TREE: Microversion = mv(1, 31);
/// forbidden aggregates
pub(crate) const FORBIDDEN_AGGREGATES: Microversion = mv(1, 32);
/// mappings of request groups
pub(crate) const MAPPINGS: Microversion = mv(1, 34);
/// `root_required`
pub(crate) const ROOT_REQUIRED: Microversion = mv(1, 35);
/// a provider can get another parent
pub(crate) const REPARENTING: Microversion = mv(1, 37);
/// types of consumers
pub(crate) const CONSUMER_TYPE: Microversion = mv(1, 38);
/// `in:` in required traits
pub(crate) const ANY_TRAITS: Microversion = mv(1, 39);

//! The microversion table: one constant for every version of Nova's history that changes something we serve.
//!
//! Three places use them: the route table, checks of requests, and views. Grep a constant and you have found every
//! effect. Versions that are not here change only what Kogge does not serve and are accepted.

use kogge_http::{Microversion, mv};

/// The oldest version that is served.
pub const MINIMUM: Microversion = mv(2, 1);
/// The newest version that is served: that of 2026.1.
pub const MAXIMUM: Microversion = mv(2, 103);

/// Keypairs have a type; creating answers 201 and deleting 204.
pub const KEYPAIR_TYPE: Microversion = mv(2, 2);
/// Admins see host name, user data, reservation and the like of a server.
pub const EXTENDED_ATTRIBUTES: Microversion = mv(2, 3);
/// Everybody may filter servers by `ip6`.
pub const IP6_FILTER: Microversion = mv(2, 5);
/// Consoles are asked for by `remote-consoles`.
pub const REMOTE_CONSOLES: Microversion = mv(2, 6);
/// Access to a public flavor is refused.
pub const NO_ACCESS_TO_PUBLIC: Microversion = mv(2, 7);
/// Consoles of type `webmks` can be asked for.
pub const WEBMKS: Microversion = mv(2, 8);
/// Servers show `locked`.
pub const LOCKED: Microversion = mv(2, 9);
/// Admins handle keypairs of others by `user_id`.
pub const KEYPAIR_USER: Microversion = mv(2, 10);
/// Services show `forced_down`.
pub const FORCED_DOWN: Microversion = mv(2, 11);
/// Server groups show project and user.
pub const SERVER_GROUP_OWNER: Microversion = mv(2, 13);
/// Server groups have soft policies.
pub const SOFT_POLICIES: Microversion = mv(2, 15);
/// Admins see `host_status` of a server.
pub const HOST_STATUS: Microversion = mv(2, 16);
/// A server is interrupted so that it dumps its memory.
pub const CRASH_DUMP: Microversion = mv(2, 17);
/// Servers have a description.
pub const DESCRIPTION: Microversion = mv(2, 19);
/// Servers on the shelf take and give volumes.
pub const SHELVED_VOLUMES: Microversion = mv(2, 20);
/// Instance actions of deleted servers are shown.
pub const ACTIONS_OF_DELETED: Microversion = mv(2, 21);
/// An evacuation asks for no shared storage.
pub const NO_SHARED_STORAGE: Microversion = mv(2, 14);
/// A live migration may be told to end.
pub const FORCE_COMPLETE: Microversion = mv(2, 22);
/// Servers list their moves.
pub const SERVER_MIGRATIONS: Microversion = mv(2, 23);
/// A live migration may be given up.
pub const ABORT_MOVE: Microversion = mv(2, 24);
/// A live migration finds out itself what to copy.
pub const LIVE_AUTO: Microversion = mv(2, 25);
/// Servers have tags.
pub const TAGS: Microversion = mv(2, 26);
/// `cpu_info` of a hypervisor is an object.
pub const CPU_INFO_OBJECT: Microversion = mv(2, 28);
/// An evacuation may be forced …
pub const FORCE_EVACUATION: Microversion = mv(2, 29);
/// … and a live migration, too.
pub const FORCE_MOVE: Microversion = mv(2, 30);
/// Networks and block devices of a new server have tags …
pub const DEVICE_TAGS: Microversion = mv(2, 32);
/// … block devices only in 2.32; hypervisors are paged.
pub const HYPERVISOR_PAGES: Microversion = mv(2, 33);
/// The answer to a live migration does not wait for its checks.
pub const LIVE_LATER: Microversion = mv(2, 34);
/// A console's token says where it is.
pub const CONSOLE_TOKENS: Microversion = mv(2, 31);
/// Keypairs are paged.
pub const KEYPAIR_PAGES: Microversion = mv(2, 35);
/// Proxies to other services are gone, and with them the network's quotas.
pub const NO_PROXIES: Microversion = mv(2, 36);
/// `networks` of a new server is required and may be `auto` or `none`; tags of networks are gone.
pub const AUTO_NETWORK: Microversion = mv(2, 37);
/// Filtering by a status that does not exist is refused.
pub const STRICT_STATUS: Microversion = mv(2, 38);
/// Limits of image metadata are gone.
pub const NO_IMAGE_META: Microversion = mv(2, 39);
/// Usage reports are paged.
pub const USAGE_PAGES: Microversion = mv(2, 40);
/// Aggregates show their uuid.
pub const AGGREGATE_UUID: Microversion = mv(2, 41);
/// Tags of networks and block devices are back.
pub const DEVICE_TAGS_AGAIN: Microversion = mv(2, 42);
/// Hosts are no API of their own any more.
pub const NO_HOSTS: Microversion = mv(2, 43);
/// The actions on fixed and floating IPs are gone.
pub const NO_ADDRESS_ACTIONS: Microversion = mv(2, 44);
/// `createImage` answers a body instead of a `Location`.
pub const IMAGE_ID_BODY: Microversion = mv(2, 45);
/// The flavor is embedded in the server.
pub const EMBEDDED_FLAVOR: Microversion = mv(2, 47);
/// Diagnostics look alike whatever runs the guest.
pub const DIAGNOSTICS: Microversion = mv(2, 48);
/// Interfaces may be attached with a tag.
pub const ATTACH_TAG: Microversion = mv(2, 49);
/// Quota classes show server groups and no network resources.
pub const QUOTA_CLASS_GROUPS: Microversion = mv(2, 50);
/// Other services tell that a volume grew.
pub const VOLUME_EXTENDED: Microversion = mv(2, 51);
/// Everybody sees the events of an instance action.
pub const ACTION_EVENTS: Microversion = mv(2, 51);
/// A new server may have tags.
pub const CREATE_TAGS: Microversion = mv(2, 52);
/// Services and hypervisors are known by uuid.
pub const HOST_UUIDS: Microversion = mv(2, 53);
/// A rebuild may change the key.
pub const REBUILD_KEY: Microversion = mv(2, 54);
/// Flavors have a description.
pub const FLAVOR_DESCRIPTION: Microversion = mv(2, 55);
/// Admins move a server to a host.
pub const MIGRATE_HOST: Microversion = mv(2, 56);
/// Injected files are gone; a rebuild may change the user data.
pub const NO_PERSONALITY: Microversion = mv(2, 57);
/// Instance actions are paged and show `updated_at`.
pub const ACTION_PAGES: Microversion = mv(2, 58);
/// Migrations are paged and have a uuid.
pub const MIGRATION_PAGES: Microversion = mv(2, 59);
/// Flavors show their extra specs.
pub const FLAVOR_EXTRA_SPECS: Microversion = mv(2, 61);
/// Events of instance actions show host and `hostId`.
pub const EVENT_HOST: Microversion = mv(2, 62);
/// Trusted image certificates.
pub const TRUSTED_CERTS: Microversion = mv(2, 63);
/// A server group has one `policy` with `rules`.
pub const SERVER_GROUP_RULES: Microversion = mv(2, 64);
/// `changes-before`.
pub const CHANGES_BEFORE: Microversion = mv(2, 66);
/// Volume type of a new block device.
pub const VOLUME_TYPE: Microversion = mv(2, 67);
/// No move is forced any more.
pub const NO_FORCED_MOVE: Microversion = mv(2, 68);
/// Attachments of volumes show their tag.
pub const ATTACHMENT_TAG_SHOWN: Microversion = mv(2, 70);
/// Attachments of volumes say, and show, whether the volume goes with its server.
pub const ATTACHMENT_DELETE: Microversion = mv(2, 79);
/// … and that can be changed.
pub const ATTACHMENT_UPDATE: Microversion = mv(2, 85);
/// Attachments of volumes have ids of their own.
pub const ATTACHMENT_IDS: Microversion = mv(2, 89);
/// Interfaces show their tag.
pub const INTERFACE_TAG: Microversion = mv(2, 70);
/// Servers show their groups.
pub const SERVER_GROUPS: Microversion = mv(2, 71);
/// A lock has a reason.
pub const LOCKED_REASON: Microversion = mv(2, 73);
/// Admins may ask for a host by name.
pub const REQUESTED_HOST: Microversion = mv(2, 74);
/// Unknown query parameters are refused; PUT and rebuild show all of a server; no swap is 0.
pub const STRICT_QUERY: Microversion = mv(2, 75);
/// … that a machine was switched on or off.
pub const POWER_UPDATE: Microversion = mv(2, 76);
/// A server comes back from the shelf in a zone of one's choice.
pub const UNSHELVE_ZONE: Microversion = mv(2, 77);
/// Servers show their NUMA topology.
pub const TOPOLOGY: Microversion = mv(2, 78);
/// Migrations show whose server it is.
pub const MIGRATION_OWNER: Microversion = mv(2, 80);
/// … that an accelerator is bound.
pub const ACCELERATOR_BOUND: Microversion = mv(2, 82);
/// Everybody may filter servers by most of what they show.
pub const MORE_FILTERS: Microversion = mv(2, 83);
/// Events of instance actions show why they failed.
pub const EVENT_DETAILS: Microversion = mv(2, 84);
/// Extra specs of known namespaces are checked.
pub const EXTRA_SPEC_CHECKS: Microversion = mv(2, 86);
/// A server that boots from a volume may be rescued.
pub const RESCUE_OF_VOLUMES: Microversion = mv(2, 87);
/// Hypervisors no longer show figures; `uptime` moves into the detail.
pub const NO_HYPERVISOR_FIGURES: Microversion = mv(2, 88);
/// The host name may be chosen, and everybody sees it.
pub const HOSTNAME: Microversion = mv(2, 90);
/// … or on a host, or in any zone.
pub const UNSHELVE_HOST: Microversion = mv(2, 91);
/// Keypairs are imported only, and names may have `@` and `.`.
pub const IMPORT_ONLY: Microversion = mv(2, 92);
/// … that a volume was made anew; a server that boots from one is rebuilt with any image.
pub const VOLUME_REIMAGED: Microversion = mv(2, 93);
/// The host name may be fully qualified.
pub const FQDN: Microversion = mv(2, 94);
/// An evacuated server is off.
pub const EVACUATE_STOPPED: Microversion = mv(2, 95);
/// Servers show the zone that they are pinned to.
pub const PINNED_ZONE: Microversion = mv(2, 96);
/// Servers show the properties of their image.
pub const IMAGE_PROPERTIES: Microversion = mv(2, 98);
/// Consoles of type `spice-direct` can be asked for.
pub const SPICE_DIRECT: Microversion = mv(2, 99);
/// Servers show their scheduler hints.
pub const SCHEDULER_HINTS: Microversion = mv(2, 100);
/// Flavors are filtered by name; `rxtx_factor` and `disabled` are gone; no query parameter is passed over.
pub const FLAVOR_CLEANUP: Microversion = mv(2, 102);

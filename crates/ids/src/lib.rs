//! Typed ids of everything Kogge stores.
//!
//! Two families, as in OpenStack: *UUID ids*, printed with dashes (servers, ports, images …), and *text ids* of
//! the identity service, which are 32 hex digits without dashes or a fixed word such as `default`.
//! The kind is part of the type, so a port id cannot be passed where a server id is wanted.
//!
//! What leaves the process (a disk, a tap, a VM) has an id *derived* from its parent's by [`derive()`], so that a
//! retry finds it again instead of making an orphan.

mod kind;
mod text;
mod uuid_id;

pub use kind::Kind;
pub use text::{TextId, TextIdError};
pub use uuid_id::{ParseIdError, UuidId, derive};

use kind::ids;

ids! { uuid_kinds, UuidId:
    /// A cloud: its database, its data directories and its nodes bear the same one.
    CloudId;
    /// A compute server.
    ServerId;
    /// A server group.
    ServerGroupId;
    /// A move of a server.
    MigrationId;
    /// An image.
    ImageId;
    /// A network.
    NetworkId;
    /// A subnet.
    SubnetId;
    /// A subnet pool.
    SubnetPoolId;
    /// An address scope.
    AddressScopeId;
    /// A port.
    PortId;
    /// A router.
    RouterId;
    /// A floating IP.
    FloatingIpId;
    /// A security group.
    SecurityGroupId;
    /// A security group rule.
    SecurityGroupRuleId;
    /// A resource provider of placement.
    ProviderId;
    /// A volume.
    VolumeId;
    /// A type of volumes.
    VolumeTypeId;
    /// A set of qualities of service that types of volumes are joined to.
    QosSpecId;
    /// A snapshot of a volume.
    VolumeSnapshotId;
    /// A backup of a volume.
    BackupId;
    /// An offer of a volume to another project.
    TransferId;
    /// The tie between a volume and the server that uses it.
    AttachmentId;
    /// A group of volumes.
    VolumeGroupId;
    /// A type of groups of volumes.
    GroupTypeId;
    /// A snapshot of a group of volumes.
    GroupSnapshotId;
    /// A word to the user about what went wrong in the background.
    MessageId;
    /// A secret, such as the key of an encrypted volume.
    SecretId;
    /// A compute service record or a hypervisor.
    HostId;
}

ids! { text_kinds, TextId:
    /// A project. 32 hex digits.
    ProjectId;
    /// A user. 32 hex digits.
    UserId;
    /// A group of users. 32 hex digits.
    GroupId;
    /// A domain: 32 hex digits or `default`.
    DomainId;
    /// A role. 32 hex digits.
    RoleId;
    /// An application credential. 32 hex digits.
    ApplicationCredentialId;
    /// A catalog service. 32 hex digits.
    ServiceId;
    /// A catalog endpoint. 32 hex digits.
    EndpointId;
    /// A flavor: any text that its maker chose, a UUID by default.
    FlavorId;
}

//! Values that can be bound to a placeholder.

/// A value for a placeholder. NULL keeps its type, which PostgreSQL wants to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `TEXT`.
    Text(Option<String>),
    /// `BIGINT`.
    Int(Option<i64>),
    /// `BOOLEAN`.
    Bool(Option<bool>),
    /// `DOUBLE PRECISION`.
    Real(Option<f64>),
}

macro_rules! from {
    ($($source:ty => $variant:ident ($name:ident) $make:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($name: $source) -> Self {
                Self::$variant(Some($make))
            }
        }
        impl From<Option<$source>> for Value {
            fn from(value: Option<$source>) -> Self {
                Self::$variant(value.map(|$name| $make))
            }
        }
    )*};
}

from! {
    &str => Text(v) v.to_owned();
    &String => Text(v) v.clone();
    String => Text(v) v;
    i64 => Int(v) v;
    i32 => Int(v) i64::from(v);
    u32 => Int(v) i64::from(v);
    u16 => Int(v) i64::from(v);
    bool => Bool(v) v;
    f64 => Real(v) v;
    kogge_clock::Timestamp => Int(v) v.as_micros();
    kogge_ids::ServerId => Text(v) v.to_string();
    kogge_ids::ServerGroupId => Text(v) v.to_string();
    kogge_ids::ImageId => Text(v) v.to_string();
    kogge_ids::NetworkId => Text(v) v.to_string();
    kogge_ids::SubnetId => Text(v) v.to_string();
    kogge_ids::SubnetPoolId => Text(v) v.to_string();
    kogge_ids::AddressScopeId => Text(v) v.to_string();
    kogge_ids::PortId => Text(v) v.to_string();
    kogge_ids::RouterId => Text(v) v.to_string();
    kogge_ids::FloatingIpId => Text(v) v.to_string();
    kogge_ids::SecurityGroupId => Text(v) v.to_string();
    kogge_ids::SecurityGroupRuleId => Text(v) v.to_string();
    kogge_ids::ProviderId => Text(v) v.to_string();
    kogge_ids::VolumeId => Text(v) v.to_string();
    kogge_ids::HostId => Text(v) v.to_string();
    &kogge_ids::ProjectId => Text(v) v.to_string();
    kogge_ids::ProjectId => Text(v) v.into();
    &kogge_ids::UserId => Text(v) v.to_string();
    kogge_ids::UserId => Text(v) v.into();
    &kogge_ids::GroupId => Text(v) v.to_string();
    &kogge_ids::DomainId => Text(v) v.to_string();
    kogge_ids::DomainId => Text(v) v.into();
    &kogge_ids::RoleId => Text(v) v.to_string();
    &kogge_ids::ApplicationCredentialId => Text(v) v.to_string();
    &kogge_ids::ServiceId => Text(v) v.to_string();
    &kogge_ids::EndpointId => Text(v) v.to_string();
    &kogge_ids::FlavorId => Text(v) v.to_string();
    kogge_ids::FlavorId => Text(v) v.into();
}

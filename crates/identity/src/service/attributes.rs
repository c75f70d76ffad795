//! What each kind of record can be filtered and sorted by.

use std::borrow::Cow;
use std::sync::Arc;

use super::filter::Attributes;
use crate::model::{
    AccessRule, ApplicationCredential, Credential, Endpoint, Extra, Group, Project, Region, Role, Service,
    User,
};

fn text(value: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(value))
}

fn truth(value: bool) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(if value { "true" } else { "false" }))
}

fn extra<'e>(extra: &'e Extra, name: &str) -> Option<Cow<'e, str>> {
    extra.get(name).and_then(serde_json::Value::as_str).map(Cow::Borrowed)
}

macro_rules! attributes {
    (@rest $name:ident) => { None };
    (@rest $name:ident, $extra:expr) => { extra($extra, $name) };
    (kept $kind:ty, $($rest:tt)*) => {
        attributes!(@impl kogge_resource::keystone::Attributes, $kind, $($rest)*);
    };
    ($kind:ty, $($rest:tt)*) => { attributes!(@impl Attributes, Arc<$kind>, $($rest)*); };
    (@impl $trait:path, $kind:ty, $row:ident, { $($name:literal => $value:expr,)* } $(, $rest:expr)?) => {
        impl $trait for $kind {
            fn id(&self) -> &str {
                &self.id
            }

            fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
                let $row = self;
                match name {
                    "id" => text(&$row.id),
                    $($name => $value,)*
                    _ => { let _ = name; attributes!(@rest name $(, $rest)?) }
                }
            }
        }
    };
}

attributes!(Project, row, {
    "name" => text(&row.name),
    "domain_id" => row.domain_id.as_deref().and_then(text),
    "parent_id" => row.parent_id.as_deref().and_then(text),
    "enabled" => truth(row.enabled),
    "is_domain" => truth(row.is_domain),
}, &row.extra);
attributes!(User, row, {
    "name" => text(&row.name),
    "domain_id" => text(&row.domain_id),
    "enabled" => truth(row.enabled),
    "default_project_id" => row.default_project_id.as_deref().and_then(text),
}, &row.extra);
attributes!(Group, row, { "name" => text(&row.name), "domain_id" => text(&row.domain_id), }, &row.extra);
attributes!(kept Role, row, {
    "name" => text(&row.name),
    "domain_id" => row.domain_id.as_deref().and_then(text),
}, &row.extra);
attributes!(kept Region, row, { "parent_region_id" => row.parent_region_id.as_deref().and_then(text), });
attributes!(kept Service, row, { "name" => text(row.name()), "type" => text(&row.kind), });
attributes!(kept Endpoint, row, {
    "interface" => text(row.interface.as_str()),
    "service_id" => text(&row.service_id),
    "region_id" => row.region_id.as_deref().and_then(text),
});
attributes!(ApplicationCredential, row, { "name" => text(&row.name), });
attributes!(AccessRule, row, {
    "service" => text(&row.service),
    "path" => text(&row.path),
    "method" => text(&row.method),
});
attributes!(Credential, row, { "user_id" => text(&row.user_id), "type" => text(&row.kind), });

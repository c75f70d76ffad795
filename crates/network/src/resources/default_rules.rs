//! Templates: the rules that new security groups start with. They are the operator's.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{Filter, Whose, by, int, text, truth};
use kogge_db::{Record, Tx};
use kogge_ids::SecurityGroupRuleId;
use kogge_resource::{Body, Call, Create, Delete, Judgement, List, Listing, Names, Resource, Schema, Verb};
use serde_json::{Value, json};

use super::command;
use crate::attributes::security::TEMPLATE;
use crate::error::{Error, Result};
use crate::model::commands::NewRule;
use crate::service::groups::{matched, template_match};
use crate::service::permit;
use crate::store::rows::DefaultRule;
use crate::{Networking, policy};

/// Templates of rules.
pub(crate) struct DefaultRules;

const TEMPLATE_FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("direction", "direction = ?"),
    text("ethertype", "ethertype = ?"),
    text("protocol", "protocol = ?"),
    int("port_range_min", "port_range_min = ?"),
    int("port_range_max", "port_range_max = ?"),
    text("remote_ip_prefix", "remote_ip_prefix = ?"),
    text("remote_group_id", "remote_group_id = ?"),
    text("remote_address_group_id", "'' <> ? AND 1 = 0"),
    truth("used_in_default_sg", "used_in_default_sg = ?"),
    truth("used_in_non_default_sg", "used_in_non_default_sg = ?"),
    text("description", "description = ?"),
];

impl Resource for DefaultRules {
    type Service = Networking;
    type Row = DefaultRule;
    type More = ();

    const NAMES: Names = Names::new(
        "default_security_group_rule",
        "default_security_group_rules",
        "/v2.0/default-security-group-rules",
        "/v2.0/default-security-group-rules/{id}",
    );
    const READ: Rule = policy::GET_DEFAULT_SECURITY_GROUP_RULE;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::default_rule_not_found(id)
    }

    fn id(row: &DefaultRule) -> String {
        row.id.to_string()
    }

    fn target(_: &DefaultRule) -> Target<'_> {
        Target::none()
    }

    /// The rule alone decides: there is nothing to hide.
    fn judge(call: &Call<Networking>, rule: &Rule, found: Option<&DefaultRule>) -> Judgement {
        match found {
            _ if !call.caller.may(rule, &Target::none()) => Judgement::Denied,
            Some(_) => Judgement::Allowed,
            None => Judgement::Missing,
        }
    }

    fn view(_: &Call<Networking>, row: &DefaultRule, (): &(), _: Verb) -> Value {
        json!({
            "id": row.id,
            "direction": row.direction,
            "ethertype": row.ethertype,
            "protocol": row.protocol,
            "port_range_min": row.port_range_min,
            "port_range_max": row.port_range_max,
            "remote_ip_prefix": row.remote_ip_prefix,
            "remote_group_id": row.remote_group_id,
            "remote_address_group_id": null,
            "used_in_default_sg": row.used_in_default_sg,
            "used_in_non_default_sg": row.used_in_non_default_sg,
            "description": row.description,
        })
    }
}

impl List for DefaultRules {
    const RULE: Rule = policy::GET_DEFAULT_SECURITY_GROUP_RULE;
    const LIST: Listing = Listing {
        filters: &[TEMPLATE_FILTERS],
        sort: &[by("id"), by("direction"), by("ethertype")],
        ..Listing::OWN
    };

    fn whose<'c>(call: &'c Call<Networking>) -> Result<Whose<'c>> {
        permit(&call.caller, &<Self as List>::RULE, &Target::none())?;
        Ok(Whose::Everybodys)
    }
}

impl Create for DefaultRules {
    const RULE: Rule = policy::CREATE_DEFAULT_SECURITY_GROUP_RULE;
    const BODY: Schema = Schema::new("default_security_group_rule", TEMPLATE);

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(DefaultRule, ())> {
        let new: NewRule = command(body)?;
        permit(&call.caller, &<Self as Create>::RULE, &Target::none())?;
        let wished = matched(&new);
        wished.check()?;
        let all = DefaultRule::all(&mut *tx, DefaultRule::select()).await?;
        let clash = all.iter().find(|known| {
            let both = (known.used_in_default_sg && new.used_in_default_sg)
                || (known.used_in_non_default_sg && new.used_in_non_default_sg);
            both && template_match(known).fingerprint() == wished.fingerprint()
        });
        if let Some(known) = clash {
            return Err(Error::default_rule_exists(known.id));
        }
        let row = DefaultRule {
            id: SecurityGroupRuleId::random(),
            direction: new.direction,
            ethertype: new.ethertype,
            protocol: new.protocol,
            port_range_min: new.port_range_min,
            port_range_max: new.port_range_max,
            remote_ip_prefix: new.remote_ip_prefix,
            remote_group_id: new.remote_group_id,
            used_in_default_sg: new.used_in_default_sg,
            used_in_non_default_sg: new.used_in_non_default_sg,
            description: new.description,
        };
        row.insert(tx).await?;
        Ok((row, ()))
    }
}

impl Delete for DefaultRules {
    const RULE: Rule = policy::DELETE_DEFAULT_SECURITY_GROUP_RULE;
}

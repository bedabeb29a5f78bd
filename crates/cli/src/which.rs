//! Which clients a question is about, as it was typed.

use clap::Args;
use gatepipe_client::{Filter, GatewayClient, Group, Uid};

use crate::exit::Failure;
use crate::gateway_name::{GatewayName, find_all};

/// Everything that is given must hold; of what is repeated, any one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Which clients")]
pub struct Which {
    /// Only those of this user; repeatable
    #[arg(long = "uid", value_name = "UID")]
    uids: Vec<Uid>,
    /// Only members of this group; repeatable
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
    /// Only those of this gateway: its id, or at least the first 4 digits; repeatable
    #[arg(long = "gateway", value_name = "GATEWAY")]
    gateways: Vec<GatewayName>,
    /// Only those whose address begins so, as in 10.1. or 2001:db8:
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    remote_address: String,
    /// Only those that are bound to a user
    #[arg(long, conflicts_with = "unbound")]
    bound: bool,
    /// Only those that are not
    #[arg(long)]
    unbound: bool,
}

impl Which {
    /// The same for the gateways; every gateway that is named must be there.
    pub fn filter(&self, client: &GatewayClient) -> Result<Filter, Failure> {
        Ok(Filter {
            uids: self.uids.clone(),
            groups: self.groups.clone(),
            gateways: find_all(&self.gateways, client)?,
            remote_address_prefix: self.remote_address.clone(),
            bound: match (self.bound, self.unbound) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
        })
    }
}

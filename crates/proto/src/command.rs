//! What commands are called in metrics and traces.

use crate::v1::command::Command;

impl Command {
    /// Its name, as that of its field in `gatepipe/v1/gateway.proto`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SendToAll(_) => "send_to_all",
            Self::SendToClients(_) => "send_to_clients",
            Self::SendToUids(_) => "send_to_uids",
            Self::SendToGroups(_) => "send_to_groups",
            Self::BindUid(_) => "bind_uid",
            Self::UnbindUid(_) => "unbind_uid",
            Self::CloseClient(_) => "close_client",
            Self::CloseUid(_) => "close_uid",
            Self::JoinGroup(_) => "join_group",
            Self::LeaveGroup(_) => "leave_group",
            Self::Ungroup(_) => "ungroup",
            Self::SetSession(_) => "set_session",
            Self::UpdateSession(_) => "update_session",
            Self::Drain(_) => "drain",
        }
    }
}

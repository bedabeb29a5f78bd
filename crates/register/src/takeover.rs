//! Who may have an id or address that is on the list already. Pure.

use gatepipe_proto::GatewayId;

use crate::roster::Claim;
use crate::roster::Member;

/// What was heard from the address of a listed gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This gateway lives there.
    Gateway(GatewayId),
    /// The host says that no gateway listens there.
    Nobody,
    /// Nothing in time: dead, stopped or cut off, which nobody can tell apart.
    Silence,
}

/// Whether `newcomer` may have what the gateway of `claim` holds, by the `answer` from the latter's address.
///
/// A living gateway keeps both. A silent one keeps them as long as its lease is held, which ends by itself when its host is gone.
pub(crate) fn is_free(claim: &Claim, newcomer: &Member, answer: Answer) -> bool {
    match answer {
        Answer::Gateway(id) if id == claim.member.id => false,
        // The address has changed hands, but whose it is now only the one who is there can tell.
        Answer::Gateway(id) => newcomer.id == id || newcomer.address != claim.member.address,
        Answer::Nobody => true,
        Answer::Silence => !claim.is_held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_gateway_keeps_its_id_and_its_address() {
        let [listed, new, third] = [1, 2, 3].map(|number| format!("{number:016}").parse().unwrap());
        let same_address = (new, "edge:1");
        let same_id = (listed, "elsewhere:1");
        let (held, lost) = (true, false);
        let gateway = Answer::Gateway;
        #[rustfmt::skip]
        let cases = [
            (same_address, held, gateway(listed), false, "it lives"),
            (same_address, lost, gateway(listed), false, "it lives and will come back"),
            (same_address, held, gateway(new), true, "restarted before its end was noticed"),
            (same_address, lost, gateway(new), true, "restarted"),
            (same_address, lost, gateway(third), false, "a third one lives there"),
            (same_address, held, Answer::Nobody, true, "nobody is there"),
            (same_address, held, Answer::Silence, false, "it may only be stopped"),
            (same_address, lost, Answer::Silence, true, "it is dead"),
            (same_id, held, gateway(listed), false, "it lives"),
            (same_id, lost, gateway(third), true, "another one has its address"),
            (same_id, held, Answer::Nobody, true, "nobody is there"),
            (same_id, held, Answer::Silence, false, "it may only be stopped"),
            (same_id, lost, Answer::Silence, true, "it is dead"),
        ];
        for ((id, address), is_held, answer, free, why) in cases {
            let member = |id, address: &str| Member { id, address: address.to_owned(), draining: false };
            let claim = Claim { member: member(listed, "edge:1"), is_held };
            assert_eq!(is_free(&claim, &member(id, address), answer), free, "{why}: {answer:?}");
        }
    }
}

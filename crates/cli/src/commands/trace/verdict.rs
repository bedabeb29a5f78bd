//! What became of the message, in one sentence with what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepipe_client::Fate;

use super::step::counted;
use super::story::{Gateway, Message, Sending, Story};
use crate::exit::Exit;

/// The last line, and the number to end with.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    pub text: String,
    pub exit: Exit,
}

/// Clients of the user, by what they made of it, on all gateways that it came to.
#[derive(Debug, Default)]
struct Sum {
    /// Those that hold one.
    gateways: u64,
    clients: u64,
    written: u64,
    waiting: u64,
    excluded: u64,
    /// By why.
    lost: BTreeMap<String, u64>,
    /// Words of gateways that refused it.
    refused: Vec<String>,
}

impl Story {
    /// `is_stopped`: we were asked to end; else it was waited for so long at most.
    pub fn verdict(&self, is_stopped: bool, wait: Duration) -> Verdict {
        if let Some(Sending::Refused { line, exit }) = &self.sending {
            return Verdict { text: format!("it died at the api: {line}"), exit: *exit };
        }
        let blind = self.blind_spots();
        let mut verdict = if self.has_come() {
            self.judged(self.sum(), blind.is_empty())
        } else {
            self.never_came(is_stopped, wait)
        };
        if !blind.is_empty() {
            verdict.text.push_str("; ");
            verdict.text.push_str(&blind.join("; "));
            if matches!(verdict.exit, Exit::Done | Exit::NotFound) {
                verdict.exit = Exit::Partly;
            }
        }
        verdict
    }

    fn never_came(&self, is_stopped: bool, wait: Duration) -> Verdict {
        let (uid, exit) = (&self.uid, Exit::NotFound);
        if self.gateways.is_empty() {
            let text = "no gateway is running: none has announced itself to the register";
            return Verdict { text: text.to_owned(), exit: Exit::Unreachable };
        }
        let reached = match &self.sending {
            Some(Sending::ToGateways { reached, .. } | Sending::ThroughApi { reached, .. }) => *reached,
            Some(Sending::Refused { .. }) | None => 0,
        };
        if reached > 0 {
            let text =
                format!("{} took it by the receipt, but no gateway told its way", counted(reached, "client"));
            return Verdict { text, exit: Exit::Partly };
        }
        if let Some(Sending::ToGateways { asked, failed, .. }) = &self.sending
            && failed.len() == asked.len()
        {
            return Verdict { text: "no gateway could be asked".to_owned(), exit: Exit::Unreachable };
        }
        if self.is_ours {
            return Verdict { text: self.nobody_is_bound(), exit };
        }
        let clients: u64 = self.gateways.values().filter_map(|gateway| gateway.clients).sum();
        let waited = if is_stopped { "until now".to_owned() } else { format!("within {wait:?}") };
        let bound = match clients {
            0 => "; nobody was bound to it either".to_owned(),
            clients => format!("; it has {}", counted(clients, "client")),
        };
        let text = format!(
            "no message for {uid} came to any gateway {waited}: look at gatepipe audit for who sent, and whether it was refused{bound}"
        );
        Verdict { text, exit: if is_stopped { Exit::Done } else { exit } }
    }

    fn nobody_is_bound(&self) -> String {
        format!(
            "nobody is bound to {}: no gateway holds a client of it; the page has not bound (see /WebSocket/bind) or is offline",
            self.uid
        )
    }

    fn judged(&self, sum: Sum, all_are_seen: bool) -> Verdict {
        if let Some(refused) = sum.refused.first() {
            return Verdict {
                text: format!("it died at the gateway, which refused it: {refused}"),
                exit: Exit::Failed,
            };
        }
        if sum.clients == 0 {
            return Verdict { text: self.nobody_is_bound(), exit: Exit::NotFound };
        }
        let wanted = sum.clients - sum.excluded;
        let mut text = format!(
            "reached {} of {} on {}",
            sum.written,
            counted(sum.clients, "client"),
            counted(sum.gateways, "gateway")
        );
        if sum.excluded > 0 {
            text.push_str(&format!("; {} left out by the sender", sum.excluded));
        }
        for (why, clients) in &sum.lost {
            text.push_str(&format!("; died at {}: {why}", counted(*clients, "client")));
        }
        if sum.waiting > 0 {
            text.push_str(&format!(
                "; waits in the outbox of {}: the page does not read, or its network is too slow",
                counted(sum.waiting, "client")
            ));
        }
        let exit = match sum.written {
            written if written == wanted && all_are_seen => Exit::Done,
            0 if sum.waiting == 0 && wanted > 0 => Exit::Failed,
            written if written == wanted => Exit::Done,
            _ => Exit::Partly,
        };
        Verdict { text, exit }
    }

    /// What may have happened unseen, in words.
    fn blind_spots(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (id, gateway) in &self.gateways {
            let is_missing = match &self.sending {
                Some(Sending::ToGateways { failed, .. }) => failed.contains(id),
                _ => false,
            };
            if is_missing {
                words.push(format!("gateway {id} could not be asked: whoever is there has not got it"));
            } else if gateway.clients.is_none() {
                words.push(format!("gateway {id} could not be followed: what happened there is not known"));
            } else if gateway.is_told_no_more
                && gateway.message.as_ref().is_none_or(|message| message.offered.is_none())
            {
                words.push(format!("gateway {id} went away in the middle"));
            } else if gateway.message.as_ref().is_some_and(Message::is_half_told) {
                words.push(format!("gateway {id} has not told yet whom it offered it to"));
            } else if gateway.missed > 0 {
                words.push(format!("{} of gateway {id} were missed", counted(gateway.missed, "step")));
            }
        }
        if let Some(Sending::ThroughApi { failed, .. }) = &self.sending
            && *failed > 0
        {
            words.push(format!("the api could not ask {}", counted(*failed as u64, "gateway")));
        }
        words
    }

    fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        for message in self.gateways.values().filter_map(|Gateway { message, .. }| message.as_ref()) {
            let before = sum.clients;
            sum.add(message);
            sum.gateways += u64::from(sum.clients > before);
        }
        sum
    }
}

impl Sum {
    fn add(&mut self, message: &Message) {
        self.refused.extend(message.refused.clone());
        let mut told_taken = 0;
        for told in message.clients.values() {
            self.clients += 1;
            told_taken += u64::from(told.was_taken());
            match told.fate {
                Fate::Written => self.written += 1,
                Fate::Waits { .. } => self.waiting += 1,
                Fate::Excluded => self.excluded += 1,
                Fate::TooSlow => {
                    self.lose("too slow (4102): the page does not read, or its network is too slow")
                }
                Fate::Broken => self.lose("its socket is broken (1006): the page is gone"),
                Fate::Closed(code) => self.lose(&format!("closed with {code} before it had the message")),
            }
        }
        // Of those that are not told one by one it is known how many took it.
        if let Some(offered) = message.offered {
            self.clients += offered.untold;
            let taken = offered.taken.saturating_sub(told_taken).min(offered.untold);
            self.written += taken;
            if offered.untold > taken {
                *self.lost.entry("not told one by one".to_owned()).or_default() += offered.untold - taken;
            }
        }
    }

    fn lose(&mut self, why: &str) {
        *self.lost.entry(why.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use gatepipe_client::{
        Answer, ClientId, Code, Failure, FailureReason, FollowStep, Followed, FollowedGateway, GatewayId,
        GatewayStatus, SentTo,
    };

    use super::super::sending::{NotAsked, Pushed, Sent};
    use super::*;
    use crate::exit;

    const MARK: u64 = 7;

    /// A story on gateways that hold so many clients of 42 when it begins; `None`: it cannot be followed.
    struct Tale {
        story: Story,
        gateways: Vec<GatewayId>,
    }

    impl Tale {
        fn begin(is_ours: bool, clients: &[Option<u64>]) -> Self {
            let gateways: Vec<GatewayId> =
                (0..clients.len()).map(|number| format!("{number:016x}").parse().unwrap()).collect();
            let member = |gateway: &GatewayId| GatewayStatus {
                gateway_id: *gateway,
                address: "h:1".into(),
                draining: false,
                listed: 1,
                connected: true,
                waiting: 0,
                in_flight: 0,
                refused: 0,
                left_out: 0,
                trouble: None,
            };
            let members: Vec<_> = gateways.iter().map(member).collect();
            let followed = gateways.iter().zip(clients).filter_map(|(gateway, clients)| {
                Some((*gateway, FollowedGateway { clients: (*clients)?, draining: false }))
            });
            let followed = Answer { value: followed.collect(), ..Answer::default() };
            let uid = "42".parse().unwrap();
            Self { story: Story::new(&uid, is_ours, &members, &followed), gateways }
        }

        fn tell(&mut self, gateway: usize, step: FollowStep) -> &mut Self {
            let gateway = self.gateways[gateway];
            let followed = Followed { gateway, message: 1, after: Duration::ZERO, missed: 0, step };
            self.story.followed(Some(MARK), &followed);
            self
        }

        /// It comes, and these fates follow, of a client each.
        fn comes(&mut self, gateway: usize, fates: &[Fate]) -> &mut Self {
            self.tell(gateway, FollowStep::Came { sent_to: SentTo::Uids, mark: MARK });
            for fate in fates {
                let client = ClientId::random(self.gateways[gateway]);
                self.tell(gateway, FollowStep::Client { client, fate: *fate });
            }
            let taken =
                fates.iter().filter(|fate| matches!(fate, Fate::Written | Fate::Waits { .. })).count();
            let (clients, taken) = (fates.len() as u64, taken as u64);
            self.tell(gateway, FollowStep::Offered { clients, taken, untold: 0 })
        }

        /// One gateway more joins, of which this is told; gives its number.
        fn joins(&mut self, step: FollowStep) -> usize {
            let number = self.gateways.len();
            self.gateways.push(format!("{number:016x}").parse().unwrap());
            self.tell(number, step);
            number
        }

        fn receipt(&mut self, reached: u64, failed: &[usize]) -> &mut Self {
            let reason = FailureReason::Unreachable;
            let failed = failed
                .iter()
                .map(|gateway| Failure { gateway: self.gateways[*gateway], reason: reason.clone() });
            let (asked, failed) = (self.gateways.clone(), failed.collect());
            self.story.sent(Sent::ToGateways { reached, asked, failed });
            self
        }

        fn ends(&self, exit: Exit, words: &[&str]) {
            let verdict = self.story.verdict(false, Duration::from_secs(60));
            assert_eq!(verdict.exit, exit, "{verdict:?}");
            assert!(words.iter().all(|words| verdict.text.contains(words)), "{words:?} in {verdict:?}");
        }
    }

    #[test]
    fn it_says_where_a_message_that_we_send_went_or_died() {
        let begin = |clients: &[Option<u64>]| Tale::begin(true, clients);
        let written = Fate::Written;
        let mut tale = begin(&[Some(1), Some(1)]);
        tale.comes(0, &[written]);
        assert!(!tale.story.is_over(true), "there is no receipt yet");
        tale.receipt(2, &[]);
        assert!(!tale.story.is_over(false), "the other gateway was asked, too");
        tale.comes(1, &[written]);
        assert!(tale.story.is_over(false));
        tale.ends(Exit::Done, &["reached 2 of 2 clients on 2 gateways"]);

        begin(&[Some(0), Some(0)])
            .receipt(0, &[])
            .comes(0, &[])
            .comes(1, &[])
            .ends(Exit::NotFound, &["nobody is bound to 42"]);
        begin(&[Some(1), Some(0)]).receipt(1, &[1]).comes(0, &[written]).ends(
            Exit::Partly,
            &["reached 1 of 1 client on 1 gateway", "gateway 0000000000000001 could not be asked"],
        );
        begin(&[Some(1), None])
            .receipt(1, &[])
            .comes(0, &[written])
            .ends(Exit::Partly, &["could not be followed"]);
        begin(&[Some(2)])
            .receipt(1, &[])
            .comes(0, &[written, Fate::TooSlow])
            .ends(Exit::Partly, &["reached 1 of 2", "4102"]);
        begin(&[Some(1)])
            .receipt(0, &[])
            .comes(0, &[Fate::Closed(1012)])
            .ends(Exit::Failed, &["reached 0 of 1", "1012"]);
        begin(&[Some(1)]).receipt(0, &[0]).ends(Exit::Unreachable, &["no gateway could be asked"]);
        begin(&[]).receipt(0, &[]).ends(Exit::Unreachable, &["no gateway is running"]);
        begin(&[Some(1)])
            .receipt(1, &[])
            .comes(0, &[written, Fate::Excluded])
            .ends(Exit::Done, &["1 left out"]);
        let refused = FollowStep::Refused { code: Code::Invalid, text: "no message".into() };
        let came = FollowStep::Came { sent_to: SentTo::Uids, mark: MARK };
        begin(&[Some(1)])
            .receipt(0, &[])
            .tell(0, came)
            .tell(0, refused)
            .ends(Exit::Failed, &["refused it: no message"]);
    }

    #[test]
    fn gateways_that_join_meanwhile_count_like_the_others() {
        let joined = || FollowStep::Joined(FollowedGateway { clients: 0, draining: false });
        let mut tale = Tale::begin(false, &[Some(0)]);
        let fresh = tale.joins(joined());
        tale.comes(fresh, &[Fate::Written]);
        assert!(!tale.story.is_over(false), "the other gateway may get it, too");
        assert!(tale.story.is_over(true));
        tale.ends(Exit::Done, &["reached 1 of 1 client on 1 gateway"]);

        let mut tale = Tale::begin(true, &[Some(1)]);
        tale.receipt(1, &[]).comes(0, &[Fate::Written]);
        tale.joins(joined());
        assert!(tale.story.is_over(false), "the one that joined was not asked");
        tale.ends(Exit::Done, &["reached 1 of 1 client on 1 gateway"]);
        tale.joins(FollowStep::Ended(FailureReason::Deadline));
        tale.ends(Exit::Partly, &["gateway 0000000000000002 could not be followed"]);
    }

    #[test]
    fn where_nobody_tells_anything_any_more_nothing_is_waited_for() {
        let mut tale = Tale::begin(true, &[Some(1)]);
        tale.story.sent(Sent::ThroughApi(Pushed { reached: 1, failed: Vec::new() }));
        assert!(!tale.story.is_over(false));
        tale.tell(0, FollowStep::Ended(FailureReason::Unreachable));
        assert!(tale.story.is_over(false));
    }

    #[test]
    fn what_waits_is_waited_for_and_then_told() {
        let mut tale = Tale::begin(false, &[Some(1)]);
        tale.comes(0, &[Fate::Waits { behind_bytes: 9 }]);
        assert!(!tale.story.is_over(true), "it may still be written");
        tale.ends(Exit::Partly, &["reached 0 of 1", "waits in the outbox of 1 client"]);
    }

    #[test]
    fn of_those_that_are_not_told_one_by_one_the_numbers_count() {
        let mut tale = Tale::begin(false, &[Some(70)]);
        tale.tell(0, FollowStep::Came { sent_to: SentTo::All, mark: MARK });
        for _ in 0..64 {
            let client = ClientId::random(tale.gateways[0]);
            tale.tell(0, FollowStep::Client { client, fate: Fate::Written });
        }
        tale.tell(0, FollowStep::Offered { clients: 70, taken: 69, untold: 6 });
        assert!(tale.story.is_over(false));
        tale.ends(Exit::Partly, &["reached 69 of 70 clients", "died at 1 client: not told"]);
    }

    #[test]
    fn messages_with_another_mark_are_others() {
        let mut tale = Tale::begin(false, &[Some(1), Some(0)]);
        tale.tell(0, FollowStep::Came { sent_to: SentTo::Uids, mark: MARK + 1 });
        assert!(!tale.story.has_come() && !tale.story.is_over(true));
        tale.ends(Exit::NotFound, &["no message for 42 came to any gateway within 60s", "it has 1 client"]);
        let stopped = tale.story.verdict(true, Duration::from_secs(60));
        assert_eq!(stopped.exit, Exit::Done);
    }

    #[test]
    fn the_api_is_where_it_dies_when_it_is_refused_there() {
        let refused = || {
            let failure = exit::Failure::new(Exit::NotAllowed, "the api refused (403): no");
            Sent::Refused { status: Some(403), failure }
        };
        let mut tale = Tale::begin(true, &[Some(1)]);
        tale.story.sent(refused());
        assert!(tale.story.is_over(false));
        tale.ends(Exit::NotAllowed, &["died at the api", "403"]);

        let failed = vec![NotAsked { gateway: None, reason: "unreachable".into() }];
        let mut tale = Tale::begin(true, &[Some(1)]);
        tale.story.sent(Sent::ThroughApi(Pushed { reached: 1, failed }));
        assert!(!tale.story.is_over(false));
        tale.comes(0, &[Fate::Written]);
        assert!(tale.story.is_over(false));
        tale.ends(Exit::Partly, &["reached 1 of 1", "the api could not ask 1 gateway"]);
    }
}

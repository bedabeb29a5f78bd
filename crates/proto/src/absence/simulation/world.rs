//! Everybody, and the order in which things happen.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::clock::{Clock, MILLI, SECOND, Time};
use super::gateway::{Arrived, Gateway, Link, Step, bind_steps};
use super::program::{Bind, Command, Lane, Listing, Program};
use crate::absence::Owed;
use crate::absence::fault::{Broken, Fault};
use crate::{Uid, v1};

const PROGRAMS: usize = 3;
const GATEWAYS: usize = 2;
const UIDS: u64 = 5;
/// Programs stop doing anything new after this long.
const LENGTH: Time = 2 * SECOND;

pub(super) struct World {
    rng: SmallRng,
    now: Time,
    broken: Broken,
    /// How many of a hundred things take long.
    slowness: u32,
    events: BinaryHeap<Reverse<(Time, u64, Event)>>,
    last_event: u64,
    programs: Vec<Program>,
    gateways: Vec<Gateway>,
    links: Vec<Link>,
    /// Where each client is: a gateway and its incarnation.
    clients: Vec<(usize, usize)>,
    /// What was acknowledged by some bind.
    acknowledged: HashSet<(usize, Listing)>,
    /// Calls that are half done: for which incarnation, and what is left to do.
    calls: Vec<Option<(usize, Step)>>,
    pub(super) missed: Option<String>,
    pub(super) sends: usize,
    /// Sends that left a gateway out.
    pub(super) narrowed: usize,
    pub(super) withheld: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A program does something.
    Act(usize),
    /// A lane may have something to send.
    Take(usize, usize),
    ArrivesUp(usize),
    Step(usize),
    ArrivesDown(usize),
    /// A gateway's pipe may have something to tell.
    Wake(usize),
    /// Withheld binds of a gateway's incarnation may be over.
    Look(usize, usize),
    /// One end of a link notices that it is broken.
    ProgramSees(usize),
    GatewaySees(usize),
    Opens(usize, usize),
    /// A call of its own on a gateway has its second step.
    CallEnds(usize, usize),
    /// A bind on a gateway is acknowledged.
    Answered(usize, Listing),
    /// A program is told of a bind on a gateway by an event.
    Told(usize, usize, Listing, Uid),
    /// Something from outside.
    Trouble,
}

impl World {
    /// Goes on until everything has happened, or something was missed.
    pub(super) fn run(seed: u64, fault: Option<Fault>) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let broken = Broken(fault);
        let slowness = rng.random_range(2..30);
        let mut clock = || Clock {
            ahead: Duration::from_millis(rng.random_range(0..5_000)),
            speed: rng.random_range(960..=1_040),
        };
        let program = |clock| Program {
            clock,
            stalled_until: 0,
            lanes: (0..GATEWAYS).map(|_| Lane::new(broken)).collect(),
            told: HashSet::new(),
        };
        let programs = (0..PROGRAMS).map(|_| program(clock())).collect();
        // Few notes, so that there is not always room for all uids.
        let gateways = (0..GATEWAYS).map(|_| Gateway::new(clock(), 0, 3, broken)).collect();
        let mut world = Self {
            rng,
            now: 0,
            broken,
            slowness,
            events: BinaryHeap::new(),
            last_event: 0,
            programs,
            gateways,
            links: Vec::new(),
            clients: Vec::new(),
            acknowledged: HashSet::new(),
            calls: Vec::new(),
            missed: None,
            sends: 0,
            narrowed: 0,
            withheld: 0,
        };
        for program in 0..PROGRAMS {
            world.after(MILLI, Event::Act(program));
            for gateway in 0..GATEWAYS {
                world.open(program, gateway);
            }
        }
        world.after(SECOND / 2, Event::Trouble);
        while world.missed.is_none()
            && let Some(Reverse((time, _, event))) = world.events.pop()
        {
            world.now = time;
            match world.stalled_until(&event) {
                later if later > time => world.at(later, event),
                _ => world.happen(event),
            }
        }
        world
    }

    fn at(&mut self, time: Time, event: Event) {
        self.last_event += 1;
        self.events.push(Reverse((time, self.last_event, event)));
    }

    fn after(&mut self, delay: Time, event: Event) {
        self.at(self.now + delay, event);
    }

    /// How long something takes: mostly little, now and then so long that a lease runs out.
    fn delay(&mut self) -> Time {
        match self.rng.random_range(0..100) {
            _ if self.rng.random_range(0..100) >= self.slowness => self.rng.random_range(10..500),
            0..60 => self.rng.random_range(MILLI..20 * MILLI),
            60..80 => self.rng.random_range(50 * MILLI..400 * MILLI),
            _ => self.rng.random_range(600 * MILLI..1_400 * MILLI),
        }
    }

    fn uid(&mut self) -> Uid {
        Uid::from(self.rng.random_range(0..UIDS))
    }

    fn stalled_until(&self, event: &Event) -> Time {
        match event {
            Event::Act(program) | Event::Take(program, _) | Event::Told(program, ..) => {
                self.programs[*program].stalled_until
            }
            Event::ArrivesDown(link) | Event::ProgramSees(link) => {
                self.programs[self.links[*link].program].stalled_until
            }
            Event::ArrivesUp(link) | Event::Step(link) | Event::Wake(link) | Event::GatewaySees(link) => {
                self.gateways[self.links[*link].gateway].stalled_until
            }
            Event::Look(gateway, _) | Event::CallEnds(gateway, ..) => self.gateways[*gateway].stalled_until,
            Event::Opens(..) | Event::Answered(..) | Event::Trouble => 0,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Act(program) => self.act(program),
            Event::Take(program, gateway) => self.take(program, gateway),
            Event::ArrivesUp(link) => self.arrives_up(link),
            Event::Step(link) => self.step(link),
            Event::ArrivesDown(link) => self.arrives_down(link),
            Event::Wake(link) => {
                if self.links[link].steps.is_empty() {
                    self.tell(link);
                }
            }
            Event::Look(gateway, incarnation) => self.look(gateway, incarnation),
            Event::ProgramSees(link) => self.program_sees(link),
            Event::GatewaySees(link) => self.gateway_sees(link),
            Event::Opens(program, gateway) => self.open(program, gateway),
            Event::CallEnds(gateway, call) => {
                let call = self.calls[call].take();
                let here = self.gateways[gateway].incarnation;
                if let Some((_, step)) = call.filter(|(incarnation, _)| *incarnation == here) {
                    self.call_step(gateway, step);
                }
            }
            Event::Answered(gateway, listing) => drop(self.acknowledged.insert((gateway, listing))),
            Event::Told(program, gateway, listing, uid) => {
                self.programs[program].lanes[gateway].doubt(&uid);
                self.programs[program].told.insert((gateway, listing));
            }
            Event::Trouble => self.trouble(),
        }
    }

    fn act(&mut self, program: usize) {
        if self.now > LENGTH {
            return;
        }
        match self.rng.random_range(0..10) {
            0..7 => {
                let uid = self.uid();
                for _ in 0..self.rng.random_range(1..=3) {
                    self.send(program, &uid);
                }
            }
            7 | 8 => self.bind(program),
            _ => self.call(),
        }
        let pause = if self.rng.random_bool(0.02) { SECOND } else { 80 * MILLI };
        let pause = self.rng.random_range(10..pause);
        self.after(pause, Event::Act(program));
    }

    /// A program sends to a uid, and may miss nobody whose bind it can know of.
    fn send(&mut self, program: usize, uid: &Uid) {
        self.sends += 1;
        let mut narrowed = false;
        for gateway in 0..GATEWAYS {
            let now = self.programs[program].clock.shows(self.now);
            let lane = &mut self.programs[program].lanes[gateway];
            let Some(link) = lane.link else {
                continue; // It is named as failed.
            };
            if !lane.asker.may_leave_out(uid, now) {
                lane.submit(Command::Send(uid.clone()));
            } else {
                narrowed = true;
                self.check(program, gateway, self.links[link].incarnation, uid);
            }
            self.may_take(program, gateway);
        }
        self.narrowed += usize::from(narrowed);
    }

    fn check(&mut self, program: usize, gateway: usize, incarnation: usize, uid: &Uid) {
        let there = &self.gateways[gateway];
        if there.incarnation != incarnation {
            return; // All its clients are gone; that there is a new one, the registers tell.
        }
        let told = &self.programs[program].told;
        let missed = there.listed.iter().find(|(_, (listed, listing))| {
            let place = (gateway, *listing);
            listed == uid && (self.acknowledged.contains(&place) || told.contains(&place))
        });
        if let Some((client, _)) = missed {
            let (now, client) = (self.now, *client);
            self.missed = Some(format!(
                "program {program} left out gateway {gateway} with client {client} of {uid} at {now}"
            ));
        }
    }

    /// A client for a bind: mostly a new one, now and then one that is bound already.
    fn client(&mut self) -> usize {
        let there: Vec<_> = self.gateways.iter().flat_map(|gateway| gateway.listed.keys().copied()).collect();
        if !there.is_empty() && self.rng.random_bool(0.3) {
            return there[self.rng.random_range(0..there.len())];
        }
        let gateway = self.rng.random_range(0..GATEWAYS);
        self.clients.push((gateway, self.gateways[gateway].incarnation));
        self.clients.len() - 1
    }

    fn bind(&mut self, program: usize) {
        let (client, uid) = (self.client(), self.uid());
        let gateway = self.clients[client].0;
        let lane = &mut self.programs[program].lanes[gateway];
        if lane.link.is_some() {
            lane.submit(Command::Bind(Bind { client, uid, listing: Rc::default() }));
            self.may_take(program, gateway);
        }
    }

    /// A bind by a call of its own.
    fn call(&mut self) {
        let (client, uid) = (self.client(), self.uid());
        let (gateway, incarnation) = self.clients[client];
        if self.gateways[gateway].incarnation != incarnation {
            return;
        }
        let bind = Arrived { bind: Bind { client, uid, listing: Rc::default() }, command: None };
        let [first, second] = bind_steps(self.broken, bind);
        self.call_step(gateway, first);
        self.calls.push(Some((incarnation, second)));
        let delay = self.delay().min(2 * MILLI);
        self.after(delay, Event::CallEnds(gateway, self.calls.len() - 1));
    }

    fn call_step(&mut self, gateway: usize, step: Step) {
        match step {
            Step::List(arrived) => self.list(gateway, &arrived.bind),
            Step::Revoke(arrived) => {
                let now = self.gateways[gateway].clock.shows(self.now);
                let done = self.gateways[gateway].revoke(arrived, None, now);
                self.settle(gateway, done);
            }
            Step::Hear(_) | Step::Note(..) | Step::Look(..) | Step::NoteLate(..) => {
                unreachable!("a call only binds")
            }
        }
    }

    /// Lists a client, and perhaps tells a program by an event.
    fn list(&mut self, gateway: usize, bind: &Bind) {
        self.gateways[gateway].list(bind);
        if self.rng.random_bool(0.3) {
            let program = self.rng.random_range(0..PROGRAMS);
            let delay = self.delay().min(5 * MILLI);
            self.after(delay, Event::Told(program, gateway, bind.listing.get(), bind.uid.clone()));
        }
    }

    /// After a revocation: what is to be told, and when a withheld bind is over.
    fn settle(&mut self, gateway: usize, done: Option<Arrived>) {
        if let Some(bind) = done {
            self.acknowledge(gateway, bind);
            return;
        }
        self.withheld += 1;
        let here = &self.gateways[gateway];
        let (clock, incarnation) = (here.clock, here.incarnation);
        for Owed { pipe, until, .. } in here.last_owed().to_vec() {
            let time = clock.when(until).max(self.now);
            self.at(time, Event::Look(gateway, incarnation));
            let place =
                |link: &Link| (link.gateway, link.incarnation, link.pipe) == (gateway, incarnation, pipe);
            let link = self.links.iter().position(place).expect("it was opened");
            // Its task may be busy with something else, and whatever it says may be stuck on the way.
            let most = if self.rng.random_bool(0.3) { 20 * MILLI } else { MILLI };
            let delay = self.rng.random_range(1..most);
            self.after(delay, Event::Wake(link));
            self.links[link].stalls |= self.rng.random_bool(0.05);
        }
    }

    fn look(&mut self, gateway: usize, incarnation: usize) {
        if self.gateways[gateway].incarnation == incarnation {
            let now = self.gateways[gateway].clock.shows(self.now);
            for bind in self.gateways[gateway].acknowledged(now) {
                self.acknowledge(gateway, bind);
            }
        }
    }

    fn acknowledge(&mut self, gateway: usize, bind: Arrived) {
        match bind.command {
            Some((id, link)) => {
                self.links[link].done.push(v1::Receipt { id, ..v1::Receipt::default() });
                self.after(1, Event::Wake(link));
            }
            None => {
                let delay = self.rng.random_range(10..500);
                self.after(delay, Event::Answered(gateway, bind.bind.listing.get()));
            }
        }
    }

    fn may_take(&mut self, program: usize, gateway: usize) {
        let now = self.programs[program].clock.shows(self.now);
        if self.programs[program].lanes[gateway].has_batch(now) {
            let delay = self.rng.random_range(1..300);
            self.after(delay, Event::Take(program, gateway));
        }
    }

    fn take(&mut self, program: usize, gateway: usize) {
        let now = self.programs[program].clock.shows(self.now);
        let most = self.rng.random_range(1..4);
        let lane = &mut self.programs[program].lanes[gateway];
        let Some(link) = lane.link else {
            return;
        };
        let Some(batch) = lane.take(most, now) else {
            return;
        };
        let time = self.links[link].last_up.max(self.now + self.delay());
        let link_state = &mut self.links[link];
        link_state.last_up = time;
        link_state.up.push_back(batch);
        self.at(time, Event::ArrivesUp(link));
        self.may_take(program, gateway);
    }

    fn arrives_up(&mut self, link: usize) {
        let gateway = self.links[link].gateway;
        let Some(batch) = self.links[link].up.pop_front().filter(|_| self.links[link].gateway_open) else {
            return;
        };
        let was_idle = self.links[link].steps.is_empty();
        let steps: Vec<_> = self.gateways[gateway].steps(link, batch).collect();
        self.links[link].steps.extend(steps);
        if was_idle {
            self.after(1, Event::Step(link));
        }
    }

    fn step(&mut self, link: usize) {
        let gateway = self.links[link].gateway;
        if !self.links[link].gateway_open {
            return;
        }
        let Some(step) = self.links[link].steps.pop_front() else {
            return;
        };
        if let Step::List(arrived) = &step {
            if self.clients[arrived.bind.client].1 == self.gateways[gateway].incarnation {
                self.list(gateway, &arrived.bind);
            }
        } else {
            let revokes = matches!(step, Step::Revoke(_));
            let hears = matches!(step, Step::Hear(_));
            let now = self.gateways[gateway].clock.shows(self.now);
            let (next, done) = self.gateways[gateway].step(&mut self.links[link], step, now);
            if let Some(next) = next {
                self.links[link].steps.push_front(next);
            }
            if revokes {
                self.settle(gateway, done);
            }
            if hears {
                self.look(gateway, self.gateways[gateway].incarnation);
            }
        }
        if self.links[link].steps.is_empty() {
            self.tell(link);
        } else {
            let delay = if self.rng.random_bool(0.3) { self.delay().min(20 * MILLI) } else { 5 };
            self.after(delay, Event::Step(link));
        }
    }

    /// Sends everything that there is to tell, as the gateway's pipe does.
    fn tell(&mut self, link: usize) {
        let gateway = self.links[link].gateway;
        if !self.links[link].gateway_open {
            return;
        }
        loop {
            let absence = self.gateways[gateway].holder.word(self.links[link].pipe);
            let receipts = std::mem::take(&mut self.links[link].done);
            let is_last = absence.is_none();
            if !receipts.is_empty() || !is_last {
                let time = self.links[link].last_down.max(self.now + self.delay());
                let stall = self.rng.random_range(400 * MILLI..1_400 * MILLI);
                let stalls = std::mem::replace(&mut self.links[link].stalls, false);
                self.links[link].last_down = time + if stalls { stall } else { 0 };
                self.links[link].down.push_back(v1::ReceiptBatch { receipts, absence });
                self.at(time, Event::ArrivesDown(link));
            }
            if is_last {
                return;
            }
        }
    }

    fn arrives_down(&mut self, link: usize) {
        let (program, gateway) = (self.links[link].program, self.links[link].gateway);
        let Some(batch) = self.links[link].down.pop_front().filter(|_| self.links[link].program_open) else {
            return;
        };
        let now = self.programs[program].clock.shows(self.now);
        for listing in self.programs[program].lanes[gateway].hear(batch, now) {
            self.acknowledged.insert((gateway, listing));
        }
        let Program { clock, lanes, .. } = &self.programs[program];
        if let Some(due) = lanes[gateway].asker.next_word() {
            let time = clock.when(due).max(self.now);
            self.at(time, Event::Take(program, gateway));
        }
        self.may_take(program, gateway);
    }

    fn open(&mut self, program: usize, gateway: usize) {
        let there = &mut self.gateways[gateway];
        self.programs[program].lanes[gateway].link = Some(self.links.len());
        self.links.push(Link {
            program,
            gateway,
            incarnation: there.incarnation,
            pipe: there.holder.open(),
            up: Default::default(),
            down: Default::default(),
            last_up: self.now,
            last_down: self.now,
            stalls: false,
            program_open: true,
            gateway_open: true,
            steps: Default::default(),
            done: Vec::new(),
        });
        self.may_take(program, gateway);
    }

    fn program_sees(&mut self, link: usize) {
        if !std::mem::replace(&mut self.links[link].program_open, false) {
            return;
        }
        let (program, gateway) = (self.links[link].program, self.links[link].gateway);
        self.programs[program].lanes[gateway].broke();
        let delay = self.rng.random_range(10..300 * MILLI);
        self.after(delay, Event::Opens(program, gateway));
    }

    fn gateway_sees(&mut self, link: usize) {
        let Link { gateway, incarnation, pipe, .. } = self.links[link];
        // A command that has begun is ended.
        if matches!(
            self.links[link].steps.front(),
            Some(Step::Revoke(_) | Step::Look(..) | Step::NoteLate(..))
        ) {
            self.after(1, Event::GatewaySees(link));
            return;
        }
        if std::mem::replace(&mut self.links[link].gateway_open, false)
            && self.gateways[gateway].incarnation == incarnation
        {
            let now = self.gateways[gateway].clock.shows(self.now);
            self.gateways[gateway].holder.end(pipe, now);
        }
    }

    fn trouble(&mut self) {
        let open: Vec<_> = (0..self.links.len()).filter(|link| self.links[*link].program_open).collect();
        match self.rng.random_range(0..10) {
            0..3 if !open.is_empty() => {
                let link = open[self.rng.random_range(0..open.len())];
                let (one, other) = (self.delay(), self.delay());
                self.after(one, Event::ProgramSees(link));
                self.after(other, Event::GatewaySees(link));
            }
            3..5 => {
                let program = self.rng.random_range(0..PROGRAMS);
                self.programs[program].stalled_until = self.now + self.rng.random_range(0..1_500 * MILLI);
            }
            5 => {
                let gateway = self.rng.random_range(0..GATEWAYS);
                self.gateways[gateway].stalled_until = self.now + self.rng.random_range(0..1_500 * MILLI);
            }
            6 => self.restart(),
            _ => self.leaves(),
        }
        let pause = self.rng.random_range(MILLI..300 * MILLI);
        if self.now < LENGTH {
            self.after(pause, Event::Trouble);
        }
        for gateway in &mut self.gateways {
            gateway.holder.sweep(gateway.clock.shows(self.now));
        }
    }

    fn leaves(&mut self) {
        for gateway in &mut self.gateways {
            if self.rng.random_bool(0.5) {
                gateway.listed.clear();
            }
        }
    }

    /// Another gateway takes the place of one, and programs notice by and by.
    fn restart(&mut self) {
        let gateway = self.rng.random_range(0..GATEWAYS);
        let old = &self.gateways[gateway];
        self.gateways[gateway] = Gateway::new(old.clock, old.incarnation + 1, 3, self.broken);
        for link in 0..self.links.len() {
            if self.links[link].gateway == gateway {
                self.links[link].gateway_open = false;
                self.links[link].steps.clear();
                if self.links[link].program_open {
                    let delay = self.delay();
                    self.after(delay, Event::ProgramSees(link));
                }
            }
        }
    }
}

//! What the writer publishes the reader accepts, from every root ever published: over histories that a fixed seed decides.

use rootline_ceremonies::Frozen;
use rootline_tests::fixtures::room::{PlanText, Room, target};

/// Sebastiano Vigna's splitmix64: the next of a sequence that a seed decides.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Some of them, at least one.
    fn some(&mut self, of: &[&'static str]) -> Vec<&'static str> {
        let mut chosen: Vec<&str> = of.iter().copied().filter(|_| self.below(2) == 0).collect();
        if chosen.is_empty() {
            chosen.push(of[self.below(of.len() as u64) as usize]);
        }
        chosen
    }
}

const PEOPLE: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
const DELEGATED: [&str; 2] = ["packages/a", "packages/b"];
const HEX: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
const SHIPPED: [&str; 3] = ["trusted_root.json", "signing_config.v0.2.json", "npm/keys.json"];

fn any_plan(dice: &mut Dice, day: i64) -> PlanText {
    let role = |dice: &mut Dice| {
        let holders = dice.some(&PEOPLE);
        let threshold = 1 + dice.below(holders.len() as u64);
        (holders, threshold)
    };
    PlanText {
        day,
        root: role(dice),
        targets: role(dice),
        online: vec![["online", "online-2"][dice.below(2) as usize]],
        ship: dice.some(&SHIPPED),
        renew: (dice.below(3) == 0, dice.below(3) == 0),
        more: any_delegations(dice),
    }
}

/// None, a role for what begins with `npm/` and one below it, or bins.
fn any_delegations(dice: &mut Dice) -> String {
    let mut holders = || {
        let holders = dice.some(&PEOPLE);
        let threshold = 1 + dice.below(holders.len() as u64);
        format!("holders = {holders:?}\nthreshold = {threshold}\nexpires-days = 100\n")
    };
    let (first, second) = (holders(), holders());
    match dice.below(3) {
        0 => String::new(),
        1 => {
            let terminating = dice.below(2) == 0;
            format!(
                "[[delegations]]\nname = \"npm\"\npaths = [\"packages/*\"]\nterminating = {terminating}\n{first}ship = [\"packages/a\"]\n\
                 [[delegations]]\nby = \"npm\"\nname = \"below\"\nhash-prefixes = {:?}\n{second}ship = [\"packages/b\"]\n",
                HEX
            )
        }
        _ => format!(
            "[[delegations]]\nbins = {{ prefix = \"bin\", bits = 2 }}\n{first}ship = [\"packages/a\", \"packages/b\"]\n"
        ),
    }
}

#[test]
fn what_any_history_of_ceremonies_publishes_is_accepted_from_every_root() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut room = Room::new();
        let mut online = "online";
        for step in 0..6 {
            let day = 5 * step;
            for shipped in SHIPPED.into_iter().chain(DELEGATED) {
                room.targets.insert(target(shipped), format!("{{\"is\":{}}}", 1 + dice.below(9)).into_bytes());
            }
            let plan = any_plan(&mut dice, day);
            // Now and then only the timestamp is renewed, or there is nothing to do.
            if step > 0 && dice.below(4) == 0 {
                room.renew(online, day);
            } else if Frozen::freeze(&room.plan(&plan), &room.published, &room.targets).is_ok() {
                room.hold(&plan, &PEOPLE);
                online = plan.online[0];
            } else {
                room.renew(online, day);
            }
            for root in 1..=room.published.roots().len() {
                room.verify_from(root, day)
                    .unwrap_or_else(|error| panic!("seed {seed}, step {step}, root {root}: {error}"));
            }
        }
    }
}

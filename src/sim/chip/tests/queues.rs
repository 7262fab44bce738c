//! Queues between cores and the network.

use super::*;
use crate::neuron::source_list::SourceList;

#[test]
fn a_core_whose_queue_is_full_waits_for_the_network() {
    let time = |send_queue, fidelity| {
        let mut setup = Setup::new(20);
        setup.params = CoreParams { send_queue, packet_flits: 8, ..setup.params };
        let mut chip = setup.chip(network(200, 1), fidelity, 1)?;
        let trains = trains(&mut chip, 20);
        chip.settle().unwrap();
        Ok::<_, Problems>((trains, chip.seconds()))
    };
    let [endless, deep, shallow] =
        [None, Some(100), Some(1)].map(|queue| time(queue, Fidelity::Cycle).unwrap());
    assert_eq!(endless, deep);
    // The spikes are the same, but cores cannot run ahead of the network any more.
    assert!(shallow.0 == endless.0 && shallow.1 > endless.1 * 1.01, "{} and {}", shallow.1, endless.1);
    let refused = time(Some(1), Fidelity::Approximate).unwrap_err().to_string();
    assert!(refused.contains("send_queue: `approximate` does not tell"), "{refused}");
}

/// Times of 20 steps with receive queues of a length, and what each step waited for.
fn received(
    receive_queue: Option<u32>,
    change: fn(&mut CoreParams),
    threads: usize,
) -> (Vec<Vec<NeuronId>>, Vec<StepRecord>) {
    let mut setup = Setup::new(20);
    setup.params.receive_queue = receive_queue;
    change(&mut setup.params);
    let mut chip = setup.chip(network(200, 1), Fidelity::Cycle, threads).unwrap();
    chip.keep_records();
    let trains = trains(&mut chip, 20);
    chip.settle().unwrap();
    (trains, chip.take_records())
}

#[test]
fn a_receive_queue_that_is_never_full_changes_nothing_and_a_short_one_holds_up_others() {
    let changes: [fn(&mut CoreParams); 3] = [
        |_| {},
        |params| params.packet_flits = 5,
        |params| {
            let period = Seconds(0.3e-6);
            params.synchronisation = Synchronisation::Tick { period, late: Late::Apply };
            params.packet_flits = 2;
        },
    ];
    for change in changes {
        let endless = received(None, change, 1);
        assert_eq!(received(Some(1_000_000), change, 1), endless);
        let short = received(Some(1), change, 1);
        assert_eq!(received(Some(1), change, 3), short);
        assert!(short != endless);
    }
    // With a barrier, spikes do not depend on queues.
    assert_eq!(received(Some(1), |_| {}, 1).0, received(None, |_| {}, 1).0);
    let mut setup = Setup::new(20);
    setup.params.receive_queue = Some(1);
    let refused = setup.chip(network(200, 1), Fidelity::Approximate, 1).unwrap_err().to_string();
    assert!(refused.contains("receive_queue: `approximate` holds whatever has arrived"), "{refused}");
}

/// Core 0 sends four packets to core 1 and one to core 2 behind it. The first is processed at once and the second waits; where
/// the queue holds no more, the third stays in the last channel and the fourth in the router, until the second is begun.
/// Only then the way is free for the fifth.
#[test]
fn what_finds_no_room_is_in_the_way_of_others() {
    let seconds = |receive_queue| {
        let mut net = NetBuilder::new(Seconds(1e-3));
        let sources = net.population("sources", SourceList { steps: vec![1], repeat: 0 }, 8);
        let cells = net.population("cells", IntegrateFire { threshold: 1e3, ..Default::default() }, 16);
        let mut join =
            |from, to| net.connect(from, Synapse { target: cells.at(to), weight: 1.0, delay: 1, channel: 0 });
        (0..4).for_each(|packet| join(sources.at(packet), 0));
        (8..16).for_each(|target| join(sources.at(4), target));
        let mut setup = Setup::new(8);
        setup.router = RouterParams { vcs: 1, buffer_flits: 1, ..RouterParams::default() };
        setup.routing = RoutingSpec::default().compile(&setup.fabric, &setup.health, 1, 1).unwrap();
        let (axon_in, granules) = (cost(0.0, 0.0), setup.params.granules.clone());
        setup.params = CoreParams { per_tile: 1, axon_in, granules, receive_queue, ..setup.params };
        // A microsecond a packet at core 1, eight at core 2.
        setup.params.granules[0].synapse = cost(0.0, 1e-6);
        let mut chip = setup.chip(net.build().unwrap(), Fidelity::Cycle, 1).unwrap();
        trains(&mut chip, 1);
        chip.settle().unwrap();
        chip.seconds()
    };
    let (endless, two, one) = (seconds(None), seconds(Some(2)), seconds(Some(1)));
    assert!((8e-6..8.1e-6).contains(&endless) && two == endless, "{endless} and {two}");
    assert!((0.9e-6..1.0e-6).contains(&(one - endless)), "{one} and {endless}");
}

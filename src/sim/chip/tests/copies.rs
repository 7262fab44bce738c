//! Spikes that routers copy.

use super::*;
use crate::fabric::TriangularTorus;
use crate::neuron::source_list::SourceList;

/// A spike in step 1 on core 0, which goes to the first neuron of each of these cores of eight.
fn one_to(cores: &[u32]) -> Net {
    let mut net = NetBuilder::new(Seconds(1e-3));
    let sources = net.population("sources", SourceList { steps: vec![1], repeat: 0 }, 8);
    let cells = net.population("cells", IntegrateFire { threshold: 1e3, ..Default::default() }, 8 * 31);
    for core in cores {
        let target = cells.at(8 * (core - 1));
        net.connect(sources.at(0), Synapse { target, weight: 1.0, delay: 1, channel: 0 });
    }
    net.build().unwrap()
}

fn setup(multicast: bool) -> Setup {
    let mut setup = Setup::new(8);
    // Packets alone take time.
    setup.params.granules[0].soma = Some(SomaCost::default());
    (setup.params.multicast, setup.params.hops) = (multicast, None);
    setup
}

/// Drawn by hand: the ways to the tiles (1, 0), (3, 0) and (1, 3) of a mesh share the first link, and the packet to the
/// last one is longest under way. Cores 2 and 3 share a tile, and core 1 that of the sender.
#[test]
fn a_spike_goes_once_over_each_link_of_its_tree_and_is_as_fast_as_alone() {
    let step = |multicast, cores: &[u32], fidelity| {
        let mut chip = setup(multicast).chip(one_to(cores), fidelity, 1).unwrap();
        chip.keep_records();
        trains(&mut chip, 1);
        chip.settle().unwrap();
        let carried = chip.teller.model().unwrap().carried();
        (chip.take_records().remove(0), carried)
    };
    for fidelity in [Fidelity::Cycle, Fidelity::Approximate, Fidelity::Ideal] {
        let (copied, carried) = step(true, &[1, 2, 3, 6, 26], fidelity);
        let CoreCounts { axon_in, axon_out, hops, .. } = copied.counts;
        assert_eq!((axon_in, axon_out, hops, carried), (5, 1, [3, 3, 0, 0], 6), "{fidelity:?}");
        let (alone, carried) = step(true, &[26], fidelity);
        assert_eq!((alone.counts.hops, carried, alone.seconds), ([1, 3, 0, 0], 4, copied.seconds));
        assert_eq!(step(false, &[26], fidelity).0.seconds, copied.seconds);
        let (single, carried) = step(false, &[1, 2, 3, 6, 26], fidelity);
        assert_eq!((single.counts.axon_out, single.counts.hops, carried), (5, [6, 3, 0, 0], 9));
        // Four packets are made before the last one.
        let later = single.seconds - copied.seconds;
        assert!((19e-9..25e-9).contains(&later), "{} {}", single.seconds, copied.seconds);
    }
}

#[test]
fn copies_change_no_spike_and_are_counted_link_by_link() {
    let networks = [
        (Topology::Mesh { size: vec![4, 4] }, RoutingSpec::Xy),
        (Topology::Torus { size: vec![4, 4] }, RoutingSpec::Xy),
        (
            Topology::TriangularTorus(TriangularTorus { size: [4, 4], one_chip: false }),
            RoutingSpec::UpDown(Default::default()),
        ),
    ];
    let mut bench = Bench::new(network(200, 6), 9).unwrap();
    let expected = trains(&mut bench, 20);
    for (topology, routing) in networks {
        let fabric = topology.build(&LinkParams::default()).unwrap();
        let health = Health::perfect(&fabric);
        let routing = routing.compile(&fabric, &health, 4, 1).unwrap();
        let mut setup = Setup { fabric, health, routing, ..setup(true) };
        setup.params.neurons = 20;
        for fidelity in [Fidelity::Cycle, Fidelity::Approximate, Fidelity::Ideal] {
            let run = |threads, steps: u64| {
                let (mut chip, ground) =
                    (setup.chip(network(200, 6), fidelity, threads).unwrap(), setup.ground());
                let mut haul = Haul::new(&chip, &ground, Some(steps)).unwrap();
                let mut trains = Vec::new();
                for _ in 0..steps {
                    chip.step().unwrap();
                    haul.step(&chip);
                    trains.push(chip.fired().to_vec());
                }
                chip.settle().unwrap();
                let mut counts = CoreCounts::new(chip.plan.layout.costs.len(), 1);
                chip.counts().for_each(|core| counts.add(core));
                let carried = chip.teller.model().map(|model| model.carried());
                (trains, chip.seconds(), counts, haul.finish(&chip), carried)
            };
            let (found, seconds, counts, hauled, carried) = run(1, 20);
            assert_eq!(found, expected);
            let hops = counts.total_hops();
            assert_eq!((hauled.links.iter().sum(), carried), (hops, Some(hops)), "{fidelity:?}");
            assert!(counts.axon_out < counts.axon_in && counts.axon_out <= counts.spikes());
            let several = run(3, 20);
            assert_eq!((several.0, several.1, several.2, several.3), (found, seconds, counts, hauled));
        }
    }
}

#[test]
fn what_copies_do_not_go_with_is_refused() {
    let check = |change: fn(&mut CoreParams), fidelity, expected: &str| {
        let mut setup = setup(true);
        change(&mut setup.params);
        let found = Ground::new(&setup.fabric, &setup.health, &setup.params).err().map_or_else(
            || setup.chip(one_to(&[26]), fidelity, 1).unwrap_err().to_string(),
            |problems| problems.to_string(),
        );
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    };
    check(
        |params| params.packet_flits = 2,
        Fidelity::Cycle,
        "packet_flits: routers copy packets of one flit",
    );
    check(|params| params.receive_queue = Some(4), Fidelity::Cycle, "receive_queue: bounded queues");
    for fidelity in [Fidelity::Sanafe, Fidelity::SanafeSimple] {
        check(|_| {}, fidelity, "multicast: SANA-FE's models know one packet for each core");
    }
    let mut setup = setup(true);
    setup.params.hops = Some(HopCosts::default());
    let bare = Ground::new(&setup.fabric, &setup.health, &setup.params).unwrap();
    let net = one_to(&[26]);
    let placement = Placement::sequential(&net, &bare).unwrap();
    let how = How { fidelity: Fidelity::Ideal, seed: 1, threads: 1 };
    let found = Chip::new(net, &placement, &bare, how).unwrap_err().to_string();
    assert!(found.contains("multicast: nothing is known of the network"), "{found}");
}

//! Packets to groups.

use super::super::{Carriage, MulticastParams};
use super::*;
use crate::noc::source::Multicast;

fn groups_of(source: &TrafficSource) -> Vec<(u32, Vec<u32>)> {
    let list = source.multicasts().iter();
    list.map(|Multicast { src, dsts }| (src.0, dsts.iter().map(|dst| dst.0).collect())).collect()
}

#[test]
fn groups_are_drawn_among_all_other_nodes() {
    let fabric = mesh(&[6, 6]);
    let drawn = groups_of(&source("{multicast: {fan_out: 5}}", &fabric, 1));
    assert_eq!(drawn.len(), 36);
    for (place, (src, dsts)) in drawn.iter().enumerate() {
        assert_eq!((*src as usize, dsts.len()), (place, 5));
        assert!(dsts.is_sorted_by(|a, b| a < b) && !dsts.contains(src) && dsts.iter().all(|&dst| dst < 36));
    }
    assert_eq!(drawn, groups_of(&source("{multicast: {fan_out: 5}}", &fabric, 1)));
    assert_ne!(drawn, groups_of(&source("{multicast: {fan_out: 5}}", &fabric, 2)));
    // Every node is drawn about as often as every other one.
    let mut counts = [0.0; 36];
    for seed in 0..40 {
        for (_, dsts) in groups_of(&source("{multicast: {fan_out: 5}}", &fabric, seed)) {
            dsts.iter().for_each(|&dst| counts[dst as usize] += 1.0);
        }
    }
    assert_distributed(&counts, &[200.0; 36], "members of groups");
    let all = groups_of(&source("{multicast: {fan_out: 35}}", &fabric, 1));
    assert!(all.iter().all(|(src, dsts)| dsts.len() == 35 && !dsts.contains(src)));
}

/// Sent one by one, packets are created when the packet down the tree would be, one for each member.
#[test]
fn the_two_carriages_say_the_same() {
    let fabric = mesh(&[4, 4]);
    let mut tree = source("{multicast: {fan_out: 3}, rate: 0.2}", &fabric, 5);
    let mut unicast = source("{multicast: {fan_out: 3, as: unicast}, rate: 0.2}", &fabric, 5);
    assert!(unicast.multicasts().is_empty());
    let groups = groups_of(&tree);
    for node in 0..16 {
        let whole = offers(&mut tree, node, 50);
        assert!(whole.iter().all(|offer| tree.tree(offer) == Some(node)));
        let parts = offers(&mut unicast, node, 150);
        assert!(parts.iter().all(|offer| unicast.tree(offer).is_none()));
        for (packet, copies) in whole.iter().zip(parts.chunks(3)) {
            let dsts: Vec<u32> = copies.iter().map(|copy| copy.dst.0).collect();
            assert_eq!(dsts, groups[node as usize].1);
            assert!(copies.iter().all(|copy| (copy.at, copy.tag) == (packet.at, packet.tag)));
        }
        assert!(whole.is_sorted_by(|a, b| a.at < b.at));
    }
    let mut batch = source("{multicast: {fan_out: 3, as: unicast}, mode: {batch: {packets: 7}}}", &fabric, 5);
    assert_eq!(offers(&mut batch, 0, 100).len(), 21);
}

#[test]
fn groups_come_from_a_file() {
    let files = in_memory(&[
        ("g.csv", b"src,dst\n3,0\n1,2\n3,1\n3,1\n"),
        ("bad.csv", b"0,1\n0,4\n1\n"),
        ("none.csv", b"# nothing\n"),
    ]);
    let compile = |yaml: &str| params(yaml).compile(&mesh(&[2, 2]), &files, 1);
    let mut source = compile("{multicast: {groups: g.csv}, rate: 0.5}").unwrap();
    assert_eq!(groups_of(&source), [(1, vec![2]), (3, vec![0, 1])]);
    assert!(offers(&mut source, 0, 5).is_empty());
    assert_eq!(offers(&mut source, 3, 5).len(), 5);
    assert_eq!(
        compile("multicast: {groups: bad.csv}").unwrap_err().to_string(),
        "multicast.groups: bad.csv:2:3: node 4 is out of range; allowed: 0 to 3\n\
         multicast.groups: bad.csv:3:1: 1 of 2 fields; allowed: src,dst"
    );
    let empty = compile("multicast: {groups: none.csv}").unwrap_err().to_string();
    assert_eq!(empty, "multicast.groups: none.csv: the file holds no member of a group");
}

#[test]
fn what_groups_cannot_have_is_refused() {
    let fabric = mesh(&[2, 2]);
    for (yaml, part) in [
        ("multicast: {}", "multicast: groups are drawn or come from a file"),
        ("multicast: {fan_out: 1, groups: g.csv}", "allowed: either `fan_out` or `groups`"),
        ("multicast: {fan_out: 0}", "multicast.fan_out: a group without members"),
        ("multicast: {fan_out: 4}", "multicast.fan_out: 4 members; allowed: 1 to 3: all other nodes"),
        ("{multicast: {fan_out: 2}, pattern: uniform}", "pattern: `pattern` does not apply"),
        ("{multicast: {fan_out: 2}, process: burst}", "process: `process` does not apply"),
        ("{multicast: {fan_out: 2}, closed: {outstanding: 2}}", "multicast: `multicast` does not apply"),
        ("{multicast: {fan_out: 2}, packet_flits: 4}", "packet_flits: routers copy packets of one flit only"),
        ("{multicast: {fan_out: 2}, trace: t.csv}", "multicast: `multicast` does not apply"),
    ] {
        let found = refusal(yaml, &fabric);
        assert!(found.contains(part), "{yaml}: {found}");
    }
    let long = params("{multicast: {fan_out: 2, as: unicast}, packet_flits: 4}");
    assert_eq!(
        long.multicast,
        Some(MulticastParams { fan_out: Some(2), groups: None, carriage: Carriage::Unicast })
    );
    long.validate().unwrap();
}

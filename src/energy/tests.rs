//! The cost table against its source, prices against closed forms, breakdowns against totals.

use super::*;
use crate::base::unit::{Joules, Watts};

/// A router with five ports whose links all run east, 1 mm each.
fn site(flit_bits: u32, vcs: u32, buffer_flits: u32) -> Site {
    let link = LinkSite {
        length_mm: 1.0,
        axis: Axis::EastWest,
        leaves_chip: false,
        energy_per_bit: None,
        interval: 1,
        powered: true,
    };
    Site {
        flit_bits,
        check_bits: 0,
        vcs,
        buffer_flits,
        clock_hz: 1e9,
        routers: vec![RouterSite { ports: 5, powered: true }; 2],
        links: vec![link; 2],
    }
}

fn technology(nm: f64) -> EnergyParams {
    EnergyParams { technology: Some(Technology(nm)), ..EnergyParams::default() }
}

fn counts<'a>(router: &'a [u64], link: &'a [u64], cycles: u64) -> NetworkCounts<'a> {
    NetworkCounts {
        cycles,
        router_flits: router,
        delivered_flits: router,
        router_copies: &[],
        link_flits: link,
        vc_allocations: 7,
    }
}

/// Joules of one component.
fn joules(account: &EnergyAccount, wanted: Component) -> Option<f64> {
    let mut found = account.components().filter(|&(component, _)| component == wanted);
    found.next().map(|(_, energy)| energy.joules())
}

/// Within a millionth: the source prints six digits.
fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{what}: {found} instead of {expected}");
}

#[test]
fn every_row_of_the_source_is_reproduced() {
    let text = include_str!("../../tests/golden/energy/dsent.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(text).expect("the golden table is JSON");
    assert_eq!(rows.len(), 20);
    for row in rows {
        let number = |name: &str| row[name].as_f64().expect("the golden table holds numbers");
        let nm = match row["tech"].as_str() {
            Some("Bulk45LVT") => 45.0,
            Some("Bulk32LVT") => 32.0,
            Some("Bulk22LVT") => 22.0,
            Some("TG11LVT") => 11.0,
            other => panic!("an unknown technology: {other:?}"),
        };
        let site = site(number("bits") as u32, number("vcs") as u32, number("buf_per_vc") as u32);
        let prices = technology(nm).price(&site).expect("the table covers its own rows");
        // One flit through the first router and over the first link, in a million cycles.
        let account = prices.account(&counts(&[1, 0], &[1, 0], 1_000_000));
        let seconds = 1e-3;
        for (component, expected) in [
            (Component::BufferWrite, number("E_buf_write")),
            (Component::BufferRead, number("E_buf_read")),
            (Component::Crossbar, number("E_xbar")),
            (Component::SwitchArbitration, number("E_sa1") + number("E_sa2")),
            (Component::Link, number("E_link_1mm")),
            (Component::Clock, 2e6 * number("E_clock_per_cycle")),
            (Component::RouterLeakage, 2.0 * seconds * number("P_leak_router")),
            (Component::LinkLeakage, 2.0 * seconds * number("P_leak_link_1mm")),
        ] {
            let found = joules(&account, component).expect("a technology prices every part");
            assert_close(found, expected, &format!("{row}: {}", component.name()));
        }
        let area = routers_area(Technology(nm), &site).expect("the table covers its own points");
        assert_close(area, 2.0 * number("A_active_m2"), &format!("{row}: area"));
        let hop = account.of(Kind::Dynamic).joules();
        assert!((hop * 1e12 - number("E_flit_hop_pJ")).abs() < 6e-4, "{row}: a hop takes {hop} J");
    }
}

#[test]
fn between_the_rows_figures_lie_between_theirs() {
    let hop = |nm: f64, bits: u32, vcs: u32, depth: u32| {
        let prices = technology(nm).price(&site(bits, vcs, depth)).expect("covered");
        prices.account(&counts(&[1, 0], &[1, 0], 0)).of(Kind::Dynamic).joules()
    };
    for (low, middle, high) in [
        (hop(22.0, 32, 4, 8), hop(28.0, 32, 4, 8), hop(32.0, 32, 4, 8)),
        (hop(11.0, 32, 4, 8), hop(14.0, 32, 4, 8), hop(22.0, 32, 4, 8)),
        (hop(45.0, 32, 4, 8), hop(65.0, 32, 4, 8), 2.5 * hop(45.0, 32, 4, 8)),
        (hop(45.0, 64, 4, 4), hop(45.0, 96, 4, 4), hop(45.0, 128, 4, 4)),
        (hop(45.0, 32, 4, 4), hop(45.0, 32, 4, 6), hop(45.0, 32, 4, 8)),
        (hop(45.0, 32, 1, 4), hop(45.0, 32, 2, 4), hop(45.0, 32, 4, 4)),
    ] {
        assert!(low < middle && middle < high, "{low} {middle} {high}");
    }
    // A power law between two nodes: the geometric mean of the sizes has that of the energies.
    let middle = hop((32.0f64 * 45.0).sqrt(), 32, 1, 1) / (hop(32.0, 32, 1, 1) * hop(45.0, 32, 1, 1)).sqrt();
    assert!((middle - 1.0).abs() < 0.02, "{middle}");
}

#[test]
fn what_the_table_does_not_reach_to_is_refused() {
    let refusal = |params: EnergyParams, site: &Site| params.price(site).expect_err("far off").to_string();
    assert!(
        refusal(technology(130.0), &site(32, 4, 8)).starts_with("technology: there are no figures for 130nm")
    );
    assert!(refusal(technology(5.0), &site(32, 4, 8)).contains("10 to 65 nm"));
    assert!(refusal(technology(45.0), &site(1024, 4, 8)).contains("wide [bits]: 1024"));
    assert!(refusal(technology(45.0), &site(32, 32, 64)).contains("buffered flits: 2048"));
    let mut wide = site(32, 4, 8);
    wide.routers[1].ports = 40;
    assert!(refusal(technology(45.0), &wide).contains("that many ports: 40"));
    // A router that is switched off needs no figure.
    wide.routers[1].powered = false;
    assert!(technology(45.0).price(&wide).is_ok());
}

#[test]
fn hops_cost_what_is_published_by_direction() {
    let loihi = EnergyParams {
        hop_east_west: Some(Joules(3.0e-12)),
        hop_north_south: Some(Joules(4.0e-12)),
        delivery: Some(Joules(1.7e-12)),
        ..EnergyParams::default()
    };
    let mut site = site(32, 4, 8);
    site.links[1].axis = Axis::NorthSouth;
    let account = loihi.price(&site).expect("both directions are priced").account(&NetworkCounts {
        cycles: 1000,
        router_flits: &[10, 20],
        delivered_flits: &[0, 10],
        router_copies: &[],
        link_flits: &[10, 5],
        vc_allocations: 30,
    });
    let found: Vec<_> = account.components().map(|(part, energy)| (part.name(), energy.joules())).collect();
    assert_eq!(found, [("hop", 50e-12), ("delivery", 17e-12)]);
    assert_eq!(account.total_joules(), 50e-12 + 17e-12);
    site.links[0].axis = Axis::Other;
    assert!(loihi.price(&site).expect_err("no price").to_string().starts_with("hop: there are links that"));
    site.links[0].leaves_chip = true;
    assert!(loihi.price(&site).expect_err("no price").to_string().starts_with("chip_to_chip"));
    site.links[0].energy_per_bit = Some(26e-12);
    let priced = loihi.price(&site).expect("the link states its own");
    let account = priced.account(&counts(&[0, 0], &[3, 0], 1));
    assert_eq!(joules(&account, Component::ChipToChip), Some(3.0 * 32.0 * 26e-12));
    // The router that a flit leaves is still to be paid.
    let routed = EnergyParams { hop: Some(Joules(5e-12)), ..loihi };
    let account = routed.price(&site).expect("priced").account(&counts(&[0, 0], &[3, 0], 1));
    assert_eq!(joules(&account, Component::ChipToChip), Some(3.0 * 32.0 * 26e-12));
    assert_eq!(joules(&account, Component::Hop), Some(3.0 * 5e-12));
}

#[test]
fn stated_figures_replace_those_of_the_table() {
    let params = EnergyParams {
        crossbar: Some(Joules(2e-12)),
        router_leakage: Some(Watts(0.25)),
        vc_arbitration: Some(Joules(1e-13)),
        ..technology(45.0)
    };
    let account =
        params.price(&site(32, 4, 8)).expect("covered").account(&counts(&[5, 0], &[0, 0], 2_000_000));
    assert_eq!(joules(&account, Component::Crossbar), Some(1e-11));
    assert_eq!(joules(&account, Component::RouterLeakage), Some(1e-3));
    assert_eq!(joules(&account, Component::VcArbitration), Some(7e-13));
    assert_close(
        joules(&account, Component::BufferWrite).expect("from the table"),
        5.0 * 2.02205e-12,
        "write",
    );
}

#[test]
fn every_breakdown_sums_to_the_total() {
    let mut site = site(48, 3, 7);
    site.links[1] = LinkSite { leaves_chip: true, energy_per_bit: Some(1.3e-12), ..site.links[1] };
    site.clock_hz = 3.33e8;
    let params = EnergyParams {
        vc_arbitration: Some(Joules(1.1e-14)),
        delivery: Some(Joules(0.7e-12)),
        ..technology(28.0)
    };
    let prices = params.price(&site).expect("covered");
    let account = prices.account(&counts(&[12_345, 678], &[9_999_999, 31], 1_000_003));
    let by_part: Energy = account.components().map(|(_, energy)| energy).sum();
    let by_place: Energy = account.routers.iter().chain(&account.links).copied().sum();
    assert_eq!(account.total(), by_part);
    assert_eq!(account.total(), by_place + account.chip);
    assert_eq!(
        account.total(),
        [Kind::Dynamic, Kind::Clock, Kind::Static].map(|k| account.of(k)).into_iter().sum()
    );
    assert!(account.chip > Energy::ZERO && account.total() > Energy::ZERO);
}

#[test]
fn switched_off_parts_and_the_way_to_the_node_cost_nothing() {
    let mut site = site(32, 4, 8);
    site.routers[1].powered = false;
    site.links[1].powered = false;
    let prices = technology(45.0).price(&site).expect("covered");
    let account = prices.account(&counts(&[1, 0], &[0, 0], 1_000_000));
    assert_eq!((account.routers[1], account.links[1]), (Energy::ZERO, Energy::ZERO));
    // A packet from a node to itself passes a router and no link.
    assert_eq!(joules(&account, Component::Link), Some(0.0));
    assert_eq!(joules(&account, Component::Delivery), None);
}

#[test]
fn parameters_are_read_and_refused() {
    let read = |yaml: &str| serde_yaml::from_str::<EnergyParams>(yaml).map_err(|error| error.to_string());
    for yaml in ["technology: 45nm", "technology: 45 nm", "technology: 45", "technology: 45.0"] {
        assert_eq!(read(yaml), Ok(technology(45.0)), "{yaml}");
    }
    assert!(read("technology: small").expect_err("no node").contains("45nm"));
    assert!(read("hop_east: 3 pJ").is_err() && read("hop: 3 pW").is_err());
    let refusal = |yaml: &str| {
        let params = read(yaml).expect("well formed");
        params.validate().expect_err("contradictory").to_string()
    };
    assert!(refusal("{technology: 45nm, hop: 3 pJ}").starts_with("technology: `technology` is part of"));
    assert!(refusal("{link: 1 pJ, hop_east_west: 3 pJ}").starts_with("link: "));
    assert!(refusal("{crossbar: -1 pJ}").starts_with("crossbar: -0.000000000001 is out of range"));
    assert!(refusal("{router_leakage: 11 W}").contains("0 to 10 W"));
    assert!(refusal("{}").contains("nothing says"));
    let params = read("{technology: 28nm, crossbar: 2 pJ, router_leakage: 3 mW}").expect("well formed");
    let again = serde_yaml::to_string(&params).expect("documents can be written");
    assert_eq!(read(&again), Ok(params));
}

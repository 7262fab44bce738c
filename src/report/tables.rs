//! CSV tables beside the report.

use std::io;

use super::Facts;
use crate::noc::engine::PacketRecord;

/// Writes `packets.csv`: `idx,src,dst,size,t_create,t_inject_head,t_eject_head,t_eject_tail,hops`, times in
/// cycles. Packets of a trace are numbered as their lines are, from 0; others in the order of their
/// creation, those of one cycle by source.
///
/// # Errors
/// What `out` has to say.
pub fn packets_csv(log: &[PacketRecord], is_trace: bool, out: &mut dyn io::Write) -> io::Result<()> {
    let mut records: Vec<&PacketRecord> = log.iter().collect();
    if is_trace {
        records.sort_unstable_by_key(|record| record.tag);
    } else {
        records.sort_unstable_by_key(|record| (record.created, record.src, record.tag));
    }
    writeln!(out, "idx,src,dst,size,t_create,t_inject_head,t_eject_head,t_eject_tail,hops")?;
    for (place, record) in (0u64..).zip(records) {
        let PacketRecord { tag, src, dst, flits, hops, created, injected, head_ejected, tail_ejected } = *record;
        let index = if is_trace { u64::from(tag) } else { place };
        writeln!(
            out,
            "{index},{src},{dst},{flits},{created},{injected},{head_ejected},{tail_ejected},{hops}"
        )?;
    }
    Ok(())
}

/// Writes `links.csv`: `from,to,flits` of each directed link, by source router and output port.
///
/// # Errors
/// What `out` has to say.
pub fn links_csv(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "from,to,flits")?;
    for (link, flits) in facts.fabric.links.iter().zip(&facts.outcome.loads.link_flits) {
        writeln!(out, "{},{},{flits}", link.from, link.to)?;
    }
    Ok(())
}

/// Writes `routers.csv`: `router,flits,delivered_flits`, and `energy_joules` where the chip says what
/// things cost. `flits` counts those that left by any port.
///
/// # Errors
/// What `out` has to say.
pub fn routers_csv(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let loads = &facts.outcome.loads;
    let energy = facts.energy.map(|account| &account.routers);
    writeln!(out, "router,flits,delivered_flits{}", if energy.is_some() { ",energy_joules" } else { "" })?;
    for (router, (flits, delivered)) in loads.router_flits.iter().zip(&loads.delivered_flits).enumerate() {
        match energy {
            Some(energy) => writeln!(out, "{router},{flits},{delivered},{:?}", energy[router].joules())?,
            None => writeln!(out, "{router},{flits},{delivered}")?,
        }
    }
    Ok(())
}

/// Writes `nodes.csv`: `node,offered_flits,accepted_flits` within the measured window.
///
/// # Errors
/// What `out` has to say.
pub fn nodes_csv(facts: &Facts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let loads = &facts.outcome.loads;
    writeln!(out, "node,offered_flits,accepted_flits")?;
    for (node, (offered, accepted)) in loads.node_offered.iter().zip(&loads.node_accepted).enumerate() {
        writeln!(out, "{node},{offered},{accepted}")?;
    }
    Ok(())
}

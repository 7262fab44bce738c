//! The CORNER turn map, and up*/down* in general: towards a root, then away from it.
//!
//! Channels are ordered by their distance from the root (ties by router number); a turn that leads
//! away and then towards is forbidden. Always acyclic, and complete wherever the root can be reached
//! (Autonet; Schroeder et al. 1991, doi 10.1109/49.105178). It knows no regions, serves unsafe nodes
//! and broken links as well, and any connected graph.

use super::super::channels::{Channels, NONE, Turns};

/// Distance from `root`; other components measure from their first router.
pub(in super::super) fn levels(channels: &Channels, root: u32) -> Vec<u32> {
    let mut level = channels.distances_from(root);
    for router in 0..channels.routers() as u32 {
        if channels.leaving(router).is_empty() {
            level[router as usize] = 0;
        } else if level[router as usize] == NONE {
            let own = channels.distances_from(router);
            for (level, own) in level.iter_mut().zip(own) {
                *level = (*level).min(own);
            }
        }
    }
    level
}

/// The turns of up*/down* from `root`.
pub(in super::super) fn up_down(channels: &Channels, root: u32) -> Turns {
    let level = levels(channels, root);
    let height = |router: u32| (level[router as usize], router);
    let away =
        |channel: u32| height(channels.head[channel as usize]) > height(channels.tail[channel as usize]);
    Turns::new(channels, |c, k| !away(c) || away(k))
}

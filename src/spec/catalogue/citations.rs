//! Where models come from: (sort, name, source). Neuron models carry their sources themselves.

const DALLY_TOWLES: &str = "Dally & Towles, Principles and Practices of Interconnection Networks, 2004";
const TURN_MODEL: &str = "Glass & Ni, ISCA 1992, doi 10.1145/139669.140384";
const OWN: &str = "defined by this program";
const CROSSBARS: &str =
    "cells and their figures by device, see topologies/devices; wires by Kirchhoff's laws";
const PCM: &str = "Joshi et al., Nature Communications 11, 2020, doi 10.1038/s41467-020-16108-9";
const AIMONE: &str = "Aimone et al., SPAA 2021, doi 10.1145/3409964.3461805";
const DELAYS: &str =
    "Aibara et al. 1991 (delays as lengths); Aimone et al., SPAA 2021, doi 10.1145/3409964.3461805";
const WALKS: &str = "circuits of Smith et al., Nature Electronics 5, 2022, doi 10.1038/s41928-021-00705-7";
const ANNEALED: &str = "annealed units as described for Loihi 2: Pierro et al. 2024, arXiv 2408.03076";
const YANG: &str = "after Yang et al., IEEE TNNLS 33(12), 2022, doi 10.1109/TNNLS.2021.3084250";

/// Every source.
pub(super) const LIST: &[(&str, &str, &str)] = &[
    ("topology", "mesh", DALLY_TOWLES),
    ("topology", "torus", DALLY_TOWLES),
    ("topology", "ring", DALLY_TOWLES),
    ("topology", "cmesh", "Balfour & Dally, ICS 2006, doi 10.1145/1183401.1183430"),
    ("topology", "fat-tree", "Petrini & Vanneschi, IPPS 1997, doi 10.1109/IPPS.1997.580853"),
    (
        "topology",
        "hierarchy",
        "after BiCoSS, Yang et al., IEEE TNNLS 33(7), 2022, doi 10.1109/TNNLS.2020.3045492; sizes are parameters",
    ),
    (
        "topology",
        "triangular-torus",
        "SpiNNaker: Furber et al., Proc. IEEE 102(5), 2014, doi 10.1109/JPROC.2014.2304638",
    ),
    (
        "topology",
        "board",
        "boards of TrueNorth chips: Akopyan et al., IEEE TCAD 34(10), 2015, doi 10.1109/TCAD.2015.2474396",
    ),
    (
        "topology",
        "graph",
        "edge list; Matrix Market (Boisvert, Pozo & Remington, NISTIR 5935, 1996); GraphML; Graphviz DOT",
    ),
    ("routing", "xy", "Dally & Seitz, IEEE Trans. Computers C-36, 1987, doi 10.1109/TC.1987.1676939"),
    ("routing", "yx", "Dally & Seitz, IEEE Trans. Computers C-36, 1987, doi 10.1109/TC.1987.1676939"),
    (
        "routing",
        "dimension-order",
        "Dally & Seitz, IEEE Trans. Computers C-36, 1987, doi 10.1109/TC.1987.1676939",
    ),
    ("routing", "west-first", TURN_MODEL),
    ("routing", "north-last", TURN_MODEL),
    ("routing", "negative-first", TURN_MODEL),
    ("routing", "odd-even", "Chiu, IEEE TPDS 11(7), 2000, doi 10.1109/71.877831"),
    ("routing", "minimal-adaptive", "Duato, IEEE TPDS 4(12), 1993, doi 10.1109/71.250114"),
    ("routing", "o1turn", "Seo et al., ISCA 2005, doi 10.1109/ISCA.2005.37"),
    ("routing", "romm", "Nesson & Johnsson, SPAA 1995, doi 10.1145/215399.215455"),
    ("routing", "valiant", "Valiant & Brebner, STOC 1981, doi 10.1145/800076.802479"),
    ("routing", "nca", "Petrini & Vanneschi, IPPS 1997, doi 10.1109/IPPS.1997.580853"),
    ("routing", "up-down", "Autonet: Schroeder et al., IEEE JSAC 9(8), 1991, doi 10.1109/49.105178"),
    ("routing", "table", OWN),
    ("routing", "maze", "Fattah et al., NOCS 2015, doi 10.1145/2786572.2786591"),
    ("routing", "mftn", YANG),
    ("routing", "mftn-literal", YANG),
    (
        "routing",
        "mftn-literal-vc",
        "after Yang et al. 2021 with the message classes of Boppana & Chalasani, IEEE Trans. Computers 44(7), 1995, doi 10.1109/12.392844",
    ),
    ("routing", "contour", "after Zhang, Greiner & Taktak, DAC 2008, doi 10.1145/1391469.1391584"),
    (
        "routing",
        "oe-tu",
        "after the odd-even turn model of Chiu 2000, doi 10.1109/71.877831; the map is this program's own",
    ),
    (
        "routing",
        "corner",
        "up*/down* of Schroeder et al. 1991 from the corners of a mesh; the maps are this program's own",
    ),
    (
        "chip",
        "router",
        "pipeline and defaults of BookSim 2 (Jiang et al., ISPASS 2013, doi 10.1109/ISPASS.2013.6557149); deflection \
         after BLESS (Moscibroda & Mutlu, ISCA 2009, doi 10.1145/1555754.1555781)",
    ),
    ("chip", "link", "one cycle and 1 mm as in the references of timing (BookSim 2) and energy (DSENT 0.9)"),
    ("chip", "links", OWN),
    ("chip", "energy", "figures by technology: DSENT 0.9 (Sun et al., NOCS 2012, doi 10.1109/NOCS.2012.31)"),
    ("faults", "random", OWN),
    (
        "faults",
        "cluster",
        "Stapper, Armstrong & Saji, Proc. IEEE 71, 1983, doi 10.1109/PROC.1983.12619; Koren, Koren & Stapper, IEEE \
         Trans. Computers 42, 1993, doi 10.1109/12.277291",
    ),
    (
        "faults",
        "transient",
        "undetected errors: Koopman & Chakravarty, DSN 2004, doi 10.1109/DSN.2004.1311885; retransmission from switch \
         to switch, flit by flit: Murali et al., IEEE Design & Test 22, 2005, doi 10.1109/MDT.2005.104",
    ),
    (
        "faults",
        "events",
        "static reconfiguration, as in Autonet: Schroeder et al., IEEE J. Sel. Areas Commun. 9, 1991, doi 10.1109/49.105178",
    ),
    ("traffic", "traffic", "open-loop method of Dally & Towles 2004, ch. 23"),
    ("traffic", "closed", "request–reply windows: Dally & Towles 2004, ch. 24"),
    (
        "traffic",
        "multicast",
        "trees in routers beside unicast: Jerger, Peh & Lipasti, ISCA 2008, doi 10.1109/ISCA.2008.12",
    ),
    ("pattern", "uniform", DALLY_TOWLES),
    ("pattern", "transpose", DALLY_TOWLES),
    ("pattern", "bit-complement", DALLY_TOWLES),
    ("pattern", "bit-reverse", DALLY_TOWLES),
    ("pattern", "bit-rotation", DALLY_TOWLES),
    ("pattern", "shuffle", DALLY_TOWLES),
    ("pattern", "tornado", DALLY_TOWLES),
    ("pattern", "neighbor", DALLY_TOWLES),
    ("pattern", "hotspot", "Pfister & Norton, IEEE Trans. Computers C-34, 1985, doi 10.1109/TC.1985.6312198"),
    ("pattern", "permutation", DALLY_TOWLES),
    ("pattern", "matrix", OWN),
    ("process", "bernoulli", DALLY_TOWLES),
    ("process", "on-off", "Markov-modulated process: Dally & Towles 2004, ch. 24"),
    ("process", "periodic", DALLY_TOWLES),
    (
        "process",
        "burst",
        "spikes by the tick as in TrueNorth and Loihi; the parameters are this program's own",
    ),
    ("mode", "fixed-rate", "warm-up, measurement and drain: Dally & Towles 2004, ch. 24"),
    ("mode", "batch", "Dally & Towles 2004, ch. 24"),
    ("mode", "saturation", "criteria of BookSim 2, bisection of this program"),
    (
        "array",
        "sram",
        "figures: Horowitz, ISSCC 2014, doi 10.1109/ISSCC.2014.6757323; Jouppi et al., ISCA 2021, doi \
         10.1109/ISCA52012.2021.00010",
    ),
    ("array", "crossbar", CROSSBARS),
    (
        "array",
        "memcapacitor",
        "Demasius et al., Nature Electronics 4, 2021, doi 10.1038/s41928-021-00649-y; noise: Sarpeshkar et al. 1993, doi \
         10.1109/101.261888",
    ),
    (
        "array",
        "photonic-mesh",
        "Clements et al., Optica 3, 2016, doi 10.1364/OPTICA.3.001460; imprecision: Fang et al., Optics Express 27, \
         2019, doi 10.1364/OE.27.014009",
    ),
    (
        "array",
        "wdm",
        "broadcast and weigh: Tait et al., Scientific Reports 7, 2017, doi 10.1038/s41598-017-07754-z",
    ),
    ("array", "cell", CROSSBARS),
    ("spread", "constant", OWN),
    ("spread", "of-range", OWN),
    ("spread", "proportional", OWN),
    ("spread", "inverse", OWN),
    (
        "spread",
        "polynomial",
        "the form of Joshi et al., Nature Communications 11, 2020, doi 10.1038/s41467-020-16108-9",
    ),
    ("spread", "saturating", OWN),
    ("pulses", "soft-bounds", "Chen, Peng & Yu, IEEE TCAD 37(12), 2018, doi 10.1109/TCAD.2018.2789723"),
    ("pulses", "y-flash", "Wang et al., Nature Electronics 5, 2022, doi 10.1038/s41928-022-00778-y"),
    ("read-noise", "law", OWN),
    ("read-noise", "pcm", PCM),
    (
        "drift",
        "power",
        "exponent: Le Gallo et al., Advanced Electronic Materials 4, 2018, doi 10.1002/aelm.201700627",
    ),
    ("drift", "pcm", PCM),
    ("dendrite", "taps", "the dendrite `taps` of SANA-FE 2.2.9; a cable in compartments: Rall 1964"),
    ("learning", "pair", "Song, Miller & Abbott, Nature Neuroscience 3, 2000, doi 10.1038/78829"),
    (
        "learning",
        "triplet",
        "Pfister & Gerstner, J. Neuroscience 26, 2006, doi 10.1523/JNEUROSCI.1425-06.2006",
    ),
    ("learning", "reward", "Izhikevich, Cerebral Cortex 17, 2007, doi 10.1093/cercor/bhl152"),
    ("algorithm", "sssp", DELAYS),
    ("algorithm", "k-hop", AIMONE),
    ("algorithm", "bfs", DELAYS),
    ("algorithm", "apsp", DELAYS),
    ("algorithm", "components", DELAYS),
    ("algorithm", "mst", "Prim's algorithm as a race of delays, after Aibara et al. 1991"),
    ("algorithm", "triangles", OWN),
    (
        "algorithm",
        "max-flow",
        "Edmonds & Karp, J. ACM 19, 1972, doi 10.1145/321694.321699, with waves as searches",
    ),
    ("algorithm", "k-core", OWN),
    (
        "algorithm",
        "epidemic",
        "Abbey, Human Biology 24, 1952; Hamilton et al., ICONS 2020, doi 10.1145/3407197.3407608",
    ),
    ("algorithm", "communities", OWN),
    ("algorithm", "random-walk", WALKS),
    (
        "algorithm",
        "pagerank",
        "random surfers: Brin & Page, Computer Networks 30, 1998, doi 10.1016/S0169-7552(98)00110-X",
    ),
    ("algorithm", "gambler", WALKS),
    ("algorithm", "laplace", "Kakutani, Proc. Imperial Academy 20, 1944"),
    ("algorithm", "heat", WALKS),
    (
        "algorithm",
        "transport",
        "discrete ordinates with two directions; circuits of Smith et al. 2022, doi 10.1038/s41928-021-00705-7",
    ),
    (
        "algorithm",
        "option",
        "Cox, Ross & Rubinstein, J. Financial Economics 7, 1979, doi 10.1016/0304-405X(79)90015-1",
    ),
    ("algorithm", "qubo", ANNEALED),
    ("algorithm", "max-cut", ANNEALED),
    (
        "algorithm",
        "mis",
        "penalty and cost of the NeuroBench benchmark; annealed units: Pierro et al. 2024, arXiv 2408.03076",
    ),
    ("algorithm", "sat", "probSAT: Balint & Schöning, SAT 2012, doi 10.1007/978-3-642-31612-8_3"),
    ("algorithm", "coloring", ANNEALED),
    ("algorithm", "sudoku", ANNEALED),
    ("partition", "sequential", OWN),
    ("partition", "overlap", OWN),
    (
        "partition",
        "multilevel",
        "Karypis & Kumar, VLSI Design 11, 2000, doi 10.1155/2000/19436; Fiduccia & Mattheyses, DAC 1982, doi \
         10.1145/800263.809204",
    ),
    ("placement", "linear", OWN),
    ("placement", "hilbert", OWN),
    ("placement", "spectral", "Hall, Management Science 17, 1970, doi 10.1287/mnsc.17.3.219"),
    ("placement", "force", "after Jin et al., ASPLOS 2023, doi 10.1145/3582016.3582038"),
    (
        "placement",
        "anneal",
        "simulated annealing: Kirkpatrick, Gelatt & Vecchi, Science 220, 1983, doi 10.1126/science.220.4598.671",
    ),
];

/// The source of a model; empty if none is listed.
pub(super) fn of(sort: &str, name: &str) -> &'static str {
    LIST.iter().find(|(a, b, _)| *a == sort && *b == name).map_or("", |&(.., source)| source)
}

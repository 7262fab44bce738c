//! Where models come from: (sort, name, source). Neuron models carry their sources themselves.

const DALLY_TOWLES: &str = "Dally & Towles, Principles and Practices of Interconnection Networks, 2004";
const TURN_MODEL: &str = "Glass & Ni, ISCA 1992, doi 10.1145/139669.140384";
const OWN: &str = "defined by this program";
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
];

/// The source of a model; empty if none is listed.
pub(super) fn of(sort: &str, name: &str) -> &'static str {
    LIST.iter().find(|(a, b, _)| *a == sort && *b == name).map_or("", |&(.., source)| source)
}

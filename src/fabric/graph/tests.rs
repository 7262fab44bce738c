use proptest::prelude::*;

use super::*;
use crate::fabric::{Fabric, Link, LinkParams, Surroundings, Topology};

fn params() -> GraphFile {
    GraphFile { file: "net".into(), format: None, directed: None, nodes_per_router: 1, values: None }
}

fn build(graph: &GraphFile, text: &str) -> Result<Fabric, Problems> {
    let read = |name: &str| {
        assert_eq!(name, "net");
        Ok(text.to_owned())
    };
    let around = Surroundings { read: &read, ..Surroundings::default() };
    Topology::Graph(graph.clone()).build_in(&LinkParams::default(), &around)
}

/// Builds the network and gives (from, to, latency) of its links.
fn links(graph: &GraphFile, text: &str) -> Vec<(u32, u32, u16)> {
    let fabric = build(graph, text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut links: Vec<_> = fabric.links.iter().map(|link| (link.from.0, link.to.0, link.latency)).collect();
    links.sort_unstable();
    links
}

fn refusal(graph: &GraphFile, text: &str) -> String {
    build(graph, text).map(drop).expect_err("the file is taken").to_string()
}

const TRIANGLE: [(u32, u32, u16); 6] = [(0, 1, 3), (0, 2, 1), (1, 0, 3), (1, 2, 1), (2, 0, 1), (2, 1, 1)];

/// The same network in each format, recognised by its content.
#[test]
fn all_formats_give_the_same_network() {
    let edge_list = "// a triangle\n10 20 latency=3\n\n20, 31 // the second\n10\t31\n";
    let commented = "// a triangle\n# of three\nGraph { a -- b [latency=3] b -- c -- a }";
    let matrix = "%%MatrixMarket matrix coordinate pattern symmetric\n% three\n3 3 3\n2 1\n3 2\n3 1\n";
    let dot =
        "/* a\n triangle */ graph G { edge [color=red]; a -- b [latency=3, label=\"x; y\"]\n b -- c -- a }";
    let graphml = r#"<?xml version="1.0"?>
        <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
          <key id="d1" for="node" attr.name="latency"><default>9</default></key>
          <key id="d0" for="edge" attr.name="latency" attr.type="int"><default>1</default></key>
          <graph id="G" edgedefault="undirected">
            <node id="a"/><node id="b &amp; co"/><node id="c"><desc>third</desc></node>
            <edge source="a" target="b &amp; co"><data key="d0"> 3 </data></edge>
            <edge source="b &amp; co" target="c"/>
            <edge source="c" target="a"/>
          </graph>
        </graphml>"#;
    for text in [edge_list, dot, commented, graphml] {
        assert_eq!(links(&params(), text), TRIANGLE, "{text}");
    }
    assert_eq!(links(&params(), matrix), TRIANGLE.map(|(from, to, _)| (from, to, 1)));
    let values = "%%MatrixMarket matrix coordinate integer symmetric\n3 3 3\n2 1 3\n3 2 1\n3 1 1\n";
    assert_eq!(links(&GraphFile { values: Some(EntryMeaning::Latency), ..params() }, values), TRIANGLE);
    let bare = "0 1 3\n1 2 1\n0 2 1";
    assert_eq!(links(&GraphFile { values: Some(EntryMeaning::Latency), ..params() }, bare), TRIANGLE);
    let ignored = links(&GraphFile { values: Some(EntryMeaning::Ignore), ..params() }, bare);
    assert_eq!(ignored, TRIANGLE.map(|(from, to, _)| (from, to, 1)));
}

#[test]
fn directed_edges_are_single_links() {
    let ring = [(0, 1, 1), (1, 2, 1), (2, 0, 1)];
    assert_eq!(links(&params(), "digraph { a -> b -> c -> a }"), ring);
    assert_eq!(links(&GraphFile { directed: Some(true), ..params() }, "0 1\n1 2\n2 0"), ring);
    let general = "%%MatrixMarket matrix coordinate pattern general\n3 3 3\n1 2\n2 3\n3 1\n";
    assert_eq!(links(&params(), general), ring);
    let graphml = r#"<graphml><graph edgedefault="undirected"><node id="0"/><node id="1"/><node id="2"/>
        <edge source="0" target="1" directed="true"/><edge source="1" target="2" directed="true"/>
        <edge source="2" target="0" directed="true"/></graph></graphml>"#;
    assert_eq!(links(&params(), graphml), ring);
    assert_eq!(links(&GraphFile { directed: Some(false), ..params() }, graphml).len(), 6);
}

#[test]
fn attributes_of_links_and_routers_are_taken_over() {
    let dot = r#"strict digraph "a chip" {
        rankdir = LR
        node [nodes=2]; edge [latency=4 width_bits=8]
        hub [nodes=0, shape=box, chip=1]
        subgraph cluster_0 { edge [latency=5, length="2.5 mm"]; a:n -> hub; hub -> a }
        b -> hub [energy_per_bit="3 pJ"] hub -> b [latency=6][length=1]
    }"#;
    let fabric = build(&params(), dot).unwrap();
    assert_eq!(fabric.nodes.len(), 4);
    assert_eq!(
        fabric.routers.iter().map(|r| (r.nodes, r.chip)).collect::<Vec<_>>(),
        [(0, 1), (2, 0), (2, 0)]
    );
    let row = |link: &Link| {
        (link.from.0, link.to.0, link.latency, link.interval, link.length_mm, link.energy_per_bit)
    };
    let rows: Vec<_> = fabric.links.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            (0, 1, 5, 4, 2.5, None),
            (0, 2, 6, 4, 1.0, None),
            (1, 0, 5, 4, 2.5, None),
            (2, 0, 4, 4, 1.0, Some(3e-12)),
        ]
    );
    assert!(fabric.links.iter().all(|link| link.kind == LinkKind::ChipToChip));
    let edge_list = "0 1 width_bits=3 length=20um energy_per_bit=1fJ";
    let link = build(&params(), edge_list).unwrap().links[0];
    assert_eq!((link.interval, link.length_mm, link.energy_per_bit), (11, 0.02, Some(1e-15)));
}

/// Links of groups, as `gvpr -c 'E { print(tail.name, head.name) }'` of Graphviz 2.42.2 lists them.
const GROUPS: &[(&str, &[(u32, u32)])] = &[
    ("digraph { a -> {b c} -> a }", &[(0, 1), (0, 2), (1, 0), (2, 0)]),
    (
        "digraph { {a b} -> {c d}; {c d} -> {a b} }",
        &[(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (3, 1)],
    ),
    ("digraph { a -> subgraph x { b -> c } -> d -> a }", &[(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 0)]),
    ("digraph { subgraph x {a} b -> subgraph x {c} c -> b a -> b }", &[(0, 1), (1, 0), (1, 2), (2, 1)]),
    ("digraph { {{a} {b {c}}} -> d -> {{c;} a, b} }", &[(0, 3), (1, 3), (2, 3), (3, 0), (3, 1), (3, 2)]),
    ("digraph { a, b:n -> c, d -> a, b }", &[(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (3, 1)]),
    ("digraph { a -> {} -> b -> a -> b }", &[(0, 1), (1, 0)]),
];

#[test]
fn an_edge_to_a_group_is_one_to_each_of_its_vertices() {
    for &(text, expected) in GROUPS {
        let found: Vec<_> = links(&params(), text).into_iter().map(|(from, to, _)| (from, to)).collect();
        assert_eq!(found, expected, "{text}");
    }
    let attributes = "graph { edge [latency=2] a -- {edge [latency=3] b -- c} [latency=4] }";
    assert_eq!(
        links(&params(), attributes),
        [(0, 1, 4), (0, 2, 4), (1, 0, 4), (1, 2, 3), (2, 0, 4), (2, 1, 3)]
    );
    assert_eq!(
        links(&params(), "graph { edge [latency=3] a -- {edge [latency=1] b} -- c c -- {a} }").len(),
        6
    );
}

#[test]
fn the_diagonal_of_a_matrix_is_no_link() {
    let diagonal =
        "%%MatrixMarket matrix coordinate integer symmetric\n3 3 5\n1 1 4\n2 1 3\n3 2 1\n3 1 1\n3 3 9\n";
    assert_eq!(links(&GraphFile { values: Some(EntryMeaning::Latency), ..params() }, diagonal), TRIANGLE);
    let all_but_one = "%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 1\n1 2\n";
    assert!(refusal(&params(), all_but_one).contains("no path leads from router 1 to router 0"));
}

/// Wrong files, and what their problems must say.
const WRONG_FILES: &[(&str, &str)] = &[
    ("0 1\n1 x", "graph.file: net:2:3: `x` is not a router number"),
    ("0 1\n\n7", "net:3:1: `7` stands alone"),
    (
        "0 1 lateny=2",
        "net:1:5: unknown attribute `lateny`; allowed: latency, width_bits, length, energy_per_bit; did you mean `latency`?",
    ),
    ("0 1 latency=0", "net:1:1: latency: 0 is out of range"),
    ("0 1 latency=70000", "net:1:5: latency: `70000` is not a whole number in range"),
    ("é 1\n0 1 length=3parsec", "net:2:5: length: `3parsec` is not a quantity"),
    ("0 1 length=3s", "net:1:5: length: `3s` is not a quantity"),
    ("0 1 5", "graph.values: net:1:5: the edges have values"),
    ("0 1\n1 2\n2 1", "net:3:1: the link from 2 to 1 is already given in line 2"),
    ("0 1\n3 3", "net:2:1: router 2 is linked to itself"),
    ("0 1\n2 3", "no path leads from router 0 to router 2"),
    ("# nothing", "net:1:1: the file has no edge"),
    (
        "%%MatrixMarket matrix array real general\n",
        "net:1:23: `array` does not describe a graph; allowed: coordinate",
    ),
    ("%%MatrixMarket matrix coordinate pattern general\n2 3 1\n1 2", "net:2:1: a matrix of 2 × 3"),
    (
        "%%MatrixMarket matrix coordinate pattern general\n2 2 2\n 1 2\n",
        "net:3:2: the file ends after 1 of 2",
    ),
    ("%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 2\n2 1", "net:4:1: more than the 1 entries"),
    (
        "%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 3",
        "net:3:3: `3` is not an index from 1 to 2",
    ),
    ("%%MatrixMarket matrix coordinate pattern general\n99999999 99999999 1\n", "net:2:1: 99999999 routers"),
    ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 .5", "graph.values: net:3:5"),
    (
        "<graphml><graph>\n<node id='a'/><edge source='a' target='b'/></graph></graphml>",
        "net:2:15: there is no node `b`",
    ),
    ("<graphml>\n<graph><node id='a'/>\n<node id='a'/></graph></graphml>", "net:3:1: a second node"),
    (
        "<graphml>\n<graph><node id='a'/><node id='b'/>\n<edge source='a' target='b'/>",
        "net:3:30: the file breaks off: 2 elements",
    ),
    ("<graphml><graph><node id='a'><graph/></node></graph></graphml>", "a second or nested graph"),
    ("<graphml><graph><node id='a'></edge></graph></graphml>", "net:1:30: "),
    (
        "<graphml><graph><node id='a'><data key='q'>1</data></node></graph></graphml>",
        "net:1:45: the key `q` is not declared",
    ),
    ("<html/>", "the file has no node"),
    ("graph {\n a -- b\n a -> c }", "net:3:4: edges of a graph are written `--`"),
    ("graph { a -- { b\n -- a } }", "net:1:9: router 0 is linked to itself"),
    ("graph { a -- subgraph x }", "a subgraph needs a block in braces"),
    ("graph { { a b } -- }", "an edge without an end"),
    ("graph { { a b } ->\nc }", "net:1:17: edges of a graph are written `--`"),
    ("graph {\n a -- b", "net:2:8: the file ends inside the graph"),
    ("graph { a -- b [latency] }", "net:1:24: `]` where `=` is expected"),
    (
        "graph { a -- b [latncy=3] }",
        "net:1:17: unknown attribute `latncy`; allowed: latency, width_bits, length, energy_per_bit; did you mean `latency`?",
    ),
    ("graph { a [nodes=200]; a -- b }", "net:1:12: nodes: 200 is out of range"),
    ("graph { a -- \"b }", "net:1:14: the quoted name does not end"),
    ("graph { a -- b } c", "net:1:18: `c` after the end of the graph"),
];

#[test]
fn wrong_files_are_refused_with_their_place() {
    for &(text, expected) in WRONG_FILES {
        let found = refusal(&params(), text);
        assert!(found.contains(expected), "{text:?} gives\n{found}\nwhere this is expected\n{expected}");
    }
    let directed = GraphFile { directed: Some(true), ..params() };
    assert!(refusal(&directed, "0 1\n0 2\n1 0").contains("no path leads from router 2 to router 0"));
    let star: String = (1..400).map(|leaf| format!("0 {leaf}\n")).collect();
    assert!(refusal(&params(), &star).contains("255 ports"));
    let none = GraphFile { nodes_per_router: 0, ..params() };
    assert!(refusal(&none, "0 1").contains("the network has no node"));
    let many = GraphFile { nodes_per_router: 129, ..params() };
    assert!(refusal(&many, "0 1").starts_with("graph.nodes_per_router"));
}

#[test]
fn problems_are_bounded() {
    let text: String = (0..1000).map(|line| format!("x{line} y\n")).collect();
    assert!(build(&params(), &text).unwrap_err().0.len() <= 16);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_reader_panic(
        text in prop_oneof![
            "\\PC{0,200}",
            "(%%MatrixMarket matrix coordinate (pattern|real|integer) (general|symmetric)\n)?[0-9 \n.%-]{0,80}",
            "(strict )?(di)?graph [a-c]? ?\\{[a-c{}\\[\\]=;, \"<>\n:/*#-]{0,80}\\}?",
            "<graphml>(<(/?(graph|node|edge|data|key|default)( (id|source|target|key|attr.name)=\"[ab]\"){0,2}/?)>|[0-9&;a]){0,20}",
        ],
        format in prop_oneof![
            Just(None),
            Just(Some(GraphFormat::EdgeList)),
            Just(Some(GraphFormat::MatrixMarket)),
            Just(Some(GraphFormat::Graphml)),
            Just(Some(GraphFormat::Dot)),
        ],
    ) {
        if let Err(problems) = build(&GraphFile { format, ..params() }, &text) {
            prop_assert!(!problems.0.is_empty());
        }
    }
}

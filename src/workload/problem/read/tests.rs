//! Every format on a small graph, and what is said of bad files.

use std::io::Write as _;

use super::*;

fn edges(name: &str, text: &str) -> (u32, bool, Vec<(String, String, f64)>) {
    let graph =
        read(name, text.as_bytes(), None, Told::default()).unwrap_or_else(|it| panic!("{name}: {it}"));
    let named = graph
        .edges
        .iter()
        .map(|edge| (graph.name(edge.from).to_string(), graph.name(edge.to).to_string(), edge.weight));
    (graph.vertices, graph.directed, named.collect())
}

fn check(name: &str, text: &str, vertices: u32, directed: bool, expected: &[(&str, &str, f64)]) {
    let expected: Vec<_> =
        expected.iter().map(|&(from, to, weight)| (from.to_owned(), to.to_owned(), weight)).collect();
    assert_eq!(edges(name, text), (vertices, directed, expected), "{name}");
}

#[test]
fn every_format_is_recognised_and_keeps_the_files_numbers() {
    let both = [("1", "2", 3.0), ("2", "4", 0.5)];
    check("a.gr", "c comment\np sp 4 2\na 1 2 3\na 2 4 0.5\n", 4, true, &both);
    check("a", "c x\np sp 4 2\na 1 2 3\na 2 4 0.5", 4, true, &both);
    check("a.col", "p edge 4 2\ne 1 2\ne 2 4\n", 4, false, &[("1", "2", 1.0), ("2", "4", 1.0)]);
    check(
        "a.mtx",
        "%%MatrixMarket matrix coordinate real general\n% x\n4 4 2\n1 2 3\n2 4 0.5\n",
        4,
        true,
        &both,
    );
    check(
        "m",
        "%%MatrixMarket matrix coordinate pattern symmetric\n4 4 1\n2 1\n",
        4,
        false,
        &[("2", "1", 1.0)],
    );
    check("a.graph", "% x\n4 2 001\n2 3\n1 3 4 .5\n\n2 .5\n", 4, false, &both);
    check("G1", "4 2\n1 2 3\n2 4 .5\n", 4, false, &both);
    check("a.txt", "# Undirected graph: x\n7\t9\n9\t20\n", 3, false, &[("7", "9", 1.0), ("9", "20", 1.0)]);
    check("a.txt", "0 1 2\r\n1 2 3\r\n", 3, true, &[("0", "1", 2.0), ("1", "2", 3.0)]);
    check("a.csv", "from,to,cost\na,b,2\n\"b\",c,3\n", 3, true, &[("a", "b", 2.0), ("b", "c", 3.0)]);
    check("a.csv", "weight,target,source\n2,10,9\n", 2, true, &[("9", "10", 2.0)]);
    let xml = "<graphml><key id='k' for='edge' attr.name='weight'/><graph edgedefault='undirected'>\
               <node id='x'/><node id='y'/><edge source='x' target='y'><data key='k'>2.5</data></edge></graph></graphml>";
    check("a.graphml", xml, 2, false, &[("x", "y", 2.5)]);
}

#[test]
fn a_stated_number_of_vertices_counts_isolated_ones() {
    let told = |vertices| Told { vertices: Some(vertices), directed: Some(false), first: None };
    let graph = read("a", b"1 2\n2 5\n", None, told(6)).unwrap();
    assert_eq!((graph.vertices, graph.directed, graph.find("6"), graph.find("0")), (6, false, Some(5), None));
    assert!(read("a", b"1 2\n2 7\n", None, told(6)).unwrap_err().to_string().contains("vertex 7"));
}

#[test]
fn gzip_is_unpacked() {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(b"p sp 2 1\na 1 2 3\n").unwrap();
    let graph = read("a.gr.gz", &zip.finish().unwrap(), None, Told::default()).unwrap();
    assert_eq!((graph.vertices, graph.edges.len()), (2, 1));
}

#[test]
fn malformed_lines_are_named() {
    for (name, text, expected) in [
        (
            "a.txt",
            "0 1\n0 x\n1\n2 3 4\n5 6 7 8",
            vec![
                "a.txt:2:3: `x` is no vertex number",
                "a.txt:3:2: the vertex number is missing",
                "a.txt:4:1: some edges",
                "a.txt:5:7: an edge has two",
            ],
        ),
        (
            "a.gr",
            "p sp 2 2\na 1 3 1\na 1 2\nz\n",
            vec![
                "a.gr:2:5: vertex 3 is not one of 1 to 2",
                "a.gr:3:6: the weight is missing",
                "a.gr:4:1: `z`",
            ],
        ),
        ("a.gr", "a 1 2 3\n", vec!["a.gr:1:1: an edge before", "a.gr: there is no problem line"]),
        ("a.gr", "p sp 2 2\na 1 2 1\n", vec!["2 edges are announced; found 1"]),
        ("a.mtx", "%%MatrixMarket matrix array real general\n", vec!["a.mtx:1:1: expected"]),
        (
            "a.mtx",
            "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 1\n",
            vec!["a.mtx:2:1: 2 × 3 is not square"],
        ),
        ("a.graph", "3 1\n2\n1\n", vec!["3 vertices are announced; found 2"]),
        ("a.graph", "2 1 001\n\t2  x\n1 1\n", vec!["a.graph:2:5: `x` is no weight"]),
        ("a.graph", "2 1\n2\n\n", vec!["found 1 ends"]),
        ("a.gset", "2 1\n1 2 inf\n", vec!["a.gset:2:5: `inf` is no weight"]),
        ("a.csv", "a,b\n1,2\n", vec!["a.csv:1: the header names no column `source`"]),
        ("a.csv", "from,to,w\n1,2,x\n1\n", vec!["a.csv:2: `x` is no weight", "a.csv:3"]),
        ("a.csv", "from,to,w\r\n\r\n# b\r\n1,2,x\r\n", vec!["a.csv:4: `x` is no weight"]),
        ("a.csv", "", vec!["a.csv:1: there is no header"]),
        (
            "a.graphml",
            "<graph>\n<node id='x'/>\n<edge source='x' target='y'/></graph>",
            vec!["a.graphml:3:1: there is no node `y`"],
        ),
        ("a.txt", "0 18446744073709551616\n", vec!["a.txt:1:3: `18446744073709551616` is no vertex number"]),
    ] {
        let found = match read(name, text.as_bytes(), None, Told::default()) {
            Ok(graph) => panic!("{name} was accepted: {graph:?}"),
            Err(problems) => problems.to_string(),
        };
        expected.iter().for_each(|part| assert!(found.contains(part), "{part:?} is not in\n{found}"));
    }
}

/// Lines that are wrong are not missed as well.
#[test]
fn only_right_lines_are_counted() {
    for (name, text) in [
        ("a.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 x\n"),
        ("a.gset", "2 1\n1 x\n"),
        ("a.gr", "p sp 2 1\na 1 x 1\n"),
        ("a.graph", "2 1\n2\nx\n"),
    ] {
        let problems = read(name, text.as_bytes(), None, Told::default()).expect_err("a line is wrong");
        assert_eq!(problems.0.len(), 1, "{problems}");
    }
}

#[test]
fn no_text_makes_a_reader_panic() {
    let bits = [
        "p sp 3 2\n",
        "a 1 2 3\n",
        "1 2\n",
        "<edge",
        ">",
        "%%MatrixMarket matrix coordinate real general\n",
        "\u{0}\n",
        "4 2 011 3\n",
        ",,\n",
        "9999999999 1\n",
        "-1 2\n",
    ];
    let formats = [
        GraphFormat::EdgeList,
        GraphFormat::Csv,
        GraphFormat::MatrixMarket,
        GraphFormat::Dimacs,
        GraphFormat::Metis,
        GraphFormat::Gset,
        GraphFormat::Graphml,
    ];
    for first in bits {
        for second in bits {
            for format in formats {
                let text = format!("{first}{second}{first}");
                let _ = read("x", text.as_bytes(), Some(format), Told::default());
            }
        }
    }
    for format in formats {
        let _ = read("x", &[0xff, 0xfe, 0x0a, 0x1f], Some(format), Told::default());
        let _ = read("x", &[0x1f, 0x8b, 0x00], Some(format), Told::default());
    }
}

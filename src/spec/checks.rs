//! The reader as a whole, on a document type that has one field of every sort.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preset::PRESETS;
use super::*;
use crate::base::unit::Joules;
use crate::base::{Problem, Problems};

/// How a thing is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Way {
    /// The short one.
    #[default]
    Direct,
    /// With defaults throughout.
    Around {
        /// Times.
        #[serde(default)]
        times: u8,
    },
    /// With something to say.
    By(Stops),
    /// A list.
    Listed(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stops {
    /// Where.
    at: [u8; 2],
    /// What else.
    #[serde(default)]
    energy: Option<Joules>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Sampler {
    /// One way.
    way: Way,
    /// Another way, or none.
    other: Option<Way>,
    /// Ways in a list.
    ways: Vec<Way>,
    /// Pairs.
    pairs: Vec<[u8; 2]>,
    /// Named numbers; 1 to 9 each.
    named: BTreeMap<String, u8>,
    /// Numbered texts.
    numbered: BTreeMap<u32, String>,
    /// At most three.
    #[schemars(range(max = 3))]
    few: i64,
    /// Text.
    text: String,
}

impl Document for Sampler {
    const KIND: Kind = Kind::Faults;
    const EXAMPLE: &'static str = "{}";
    type Built = ();

    fn build(&self, _: document::Files<'_>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, value) in &self.named {
            let path = format!("named.{name}");
            problems.require((1..=9).contains(value), &path, || format!("{value} is out of range"));
        }
        for (i, pair) in self.pairs.iter().enumerate() {
            problems.require(pair[0] != pair[1], &format!("pairs[{i}]"), || "the two are the same".into());
        }
        problems.into_result(())
    }
}

/// A document that is one of several kinds by its top-level key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Task {
    /// Walk about.
    RandomWalk(Walk),
    /// Do nothing.
    Rest(Walk),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Walk {
    /// How far.
    steps: u32,
    /// How fast.
    speed: f64,
}

impl Document for Task {
    const KIND: Kind = Kind::Workload;
    const EXAMPLE: &'static str = "rest: {}";
    type Built = ();

    fn build(&self, _: document::Files<'_>) -> Result<(), Problems> {
        Ok(())
    }
}

fn load_text<T: Document>(text: &str, sets: &[&str]) -> Result<Loaded<T>, Diagnostics> {
    read(Source::memory("t", text), &Overrides::parse(sets)?)
}

fn accept(text: &str, sets: &[&str]) -> Sampler {
    load_text(text, sets).unwrap_or_else(|problems| panic!("{}\n{text}", problems.render(false, 100))).value
}

/// Each problem as `line:column path`.
fn refuse(text: &str) -> Vec<String> {
    let Err(problems) = load_text::<Sampler>(text, &[]) else { panic!("accepted:\n{text}") };
    let shown = problems.iter().map(|problem| {
        let position = problem.place.as_ref().and_then(Place::position);
        let (line, column) = position.unwrap_or_else(|| panic!("{problem} has no place in\n{text}"));
        format!("{line}:{column} {}", problem.path)
    });
    shown.collect()
}

#[test]
fn choices_are_names_or_maps_with_one_key() {
    let around = |times| Way::Around { times };
    let by = Way::By(Stops { at: [1, 2], energy: Some(Joules(3e-12)) });
    for (text, way) in [
        ("way: direct", Way::Direct),
        ("way: {direct: }", Way::Direct),
        ("way: {direct: {}}", Way::Direct),
        ("way: around", around(0)),
        ("way:\n  around:", around(0)),
        ("way: {around: {times: 3}}", around(3)),
        ("way: {by: {at: [1, 2], energy: 3 pJ}}", by),
        ("way: {listed: [1, 2]}", Way::Listed(vec![1, 2])),
    ] {
        assert_eq!(accept(text, &[]).way, way, "{text}");
    }
    assert_eq!(accept("other: around", &[]).other, Some(around(0)));
    assert_eq!(accept("other: ~", &[]).other, None);
    assert_eq!(accept("ways: [direct, {around: {times: 1}}]", &[]).ways, [Way::Direct, around(1)]);
    for text in ["way: by", "way: listed", "way: {direct: 1}", "way: [direct]", "way: {}", "way: 3"] {
        assert_eq!(refuse(text).len(), 1, "{text}");
    }
}

#[test]
fn maps_keep_names_and_numbers_as_keys() {
    let sampler = accept("named: {b: 1, a: 2}\nnumbered: {7: seven, 10: ten}", &[]);
    assert_eq!(sampler.named, BTreeMap::from([("a".into(), 2), ("b".into(), 1)]));
    assert_eq!(sampler.numbered, BTreeMap::from([(7, "seven".into()), (10, "ten".into())]));
    assert_eq!(refuse("numbered: {seven: x}"), ["1:12 faults.numbered.seven"]);
}

#[test]
fn text_is_taken_as_written() {
    for (text, expected) in [
        ("text: plain words", "plain words"),
        ("text: '12'", "12"),
        ("text: \"tab\\tquote\\\" é\"", "tab\tquote\" é"),
        ("text: !!str 12", "12"),
        ("text: |\n  two\n  lines\n", "two\nlines\n"),
        ("text: >-\n  one\n  line\n", "one line"),
        ("\u{feff}text: x", "x"),
        ("text: x\r\nfew: 1\r\n", "x"),
        ("---\ntext: x\n...\n", "x"),
        ("{\"text\": \"json\", \"few\": 1}", "json"),
    ] {
        assert_eq!(accept(text, &[]).text, expected, "{text:?}");
    }
    assert_eq!(refuse("text: 12"), ["1:7 faults.text"]);
}

#[test]
fn aliases_and_merge_keys_are_copied_in() {
    let text = "named: &n {a: 1, b: 2}\nway: &w {around: {times: 4}}\nother: *w\nways: [*w, direct]";
    let sampler = accept(text, &[]);
    assert_eq!(sampler.other, Some(Way::Around { times: 4 }));
    assert_eq!(sampler.ways[0], Way::Around { times: 4 });
    let merged = |text: &str| accept(text, &[]).named.into_values().collect::<Vec<u8>>();
    assert_eq!(merged("named: {<<: {a: 1, b: 2}, b: 3}"), [1, 3]);
    assert_eq!(merged("named: {b: 3, <<: [{a: 1}, {a: 2, c: 4}]}"), [1, 3, 4]);
    assert_eq!(refuse("named: {'<<': 5}"), ["1:9 faults.named"], "in quotes it is neither merged nor a name");
}

#[test]
fn places_are_right_in_every_notation() {
    for (text, places) in [
        ("few: x", vec!["1:6 faults.few"]),
        ("few:\n  x", vec!["2:3 faults.few"]),
        ("# é\npairs: [[1, 2],\n  [3, é]]", vec!["3:7 faults.pairs[1][1]"]),
        ("pairs:\n- - 1\n  - 2\n- - 3\n  - x", vec!["5:5 faults.pairs[1][1]"]),
        ("pairs:\n- [1]\n- [1, 2, 3]", vec!["2:3 faults.pairs[0]", "3:3 faults.pairs[1]"]),
        ("named: &n {a: x}\n", vec!["1:15 faults.named.a"]),
        ("named: {<<: {a: 1, b: x}, c: y}", vec!["1:23 faults.named.b", "1:30 faults.named.c"]),
        ("way:\n  by:\n    at: [1, 2]\n    to: 3\n", vec!["4:5 faults.way.by.to"]),
        ("way:\n  by:\n    energy: 3 pJ\n", vec!["2:3 faults.way.by.at"]),
        ("? few\n: x\n", vec!["2:3 faults.few"]),
        ("'few' : \"x\"", vec!["1:9 faults.few"]),
        ("few: 4", vec!["1:6 faults.few"]),
        ("named: {\"odd.name\": 0}", vec!["1:21 faults.named.odd.name"]),
        ("pairs: [[1, 2], [4, 4]]", vec!["1:17 faults.pairs[1]"]),
        ("few: 1\nfew: 2\nfew: 3", vec!["2:1 faults.few", "3:1 faults.few"]),
        ("few: !odd 1", vec!["1:6 faults.few"]),
    ] {
        assert_eq!(refuse(text), places, "{text}");
    }
}

#[test]
fn every_problem_is_found_and_none_is_made_up() {
    for (text, expected) in [
        // What the rooms say is heard although other values were refused.
        ("few: x\nnamed: {a: 0, b: 5}\npairs: [[1, 1]]", vec!["few", "named.a", "pairs[0]"]),
        // A pair that lacks a refused value is no pair of the wrong length.
        ("pairs: [[1, x], [2, 2]]", vec!["pairs[0][1]"]),
        // A misspelt field is not missing as well; an unrelated one is.
        ("way: {by: {att: [1, 2]}}", vec!["way.by.att"]),
        ("way: {by: {colour: red}}", vec!["way.by", "way.by.colour"]),
        (
            "ways: [{by: {at: [x, y]}}, nowhere, direct]",
            vec!["ways[0].by.at[0]", "ways[0].by.at[1]", "ways[1]"],
        ),
        ("named: {a: x, b: y, c: 0}", vec!["named.a", "named.b", "named.c"]),
        ("few: 9\nnme: 1\ntext: [", vec![""]),
    ] {
        let mut found: Vec<String> = refuse(text)
            .iter()
            .map(|line| {
                let path = line.split_once(' ').map_or("", |(_, path)| path);
                path.strip_prefix("faults.").unwrap_or(path).to_owned()
            })
            .collect();
        found.sort();
        let missing = found.iter().map(|path| path.strip_suffix(".at").unwrap_or(path));
        assert_eq!(missing.collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn overrides_reach_everywhere() {
    let text = "way: {by: {at: [1, 2]}}\npairs: [[1, 2], [3, 4]]";
    let sampler = accept(
        text,
        &[
            "faults.way.by.at[1]=7",
            "faults.pairs[0]=[5, 6]",
            "faults.pairs.1.0=8",
            "faults.named.x=2",
            "faults.other.around.times=3",
            "faults.text=a: b",
            "faults.text='a: b'",
            "chip.router.vcs=ignored",
        ],
    );
    assert_eq!(sampler.way, Way::By(Stops { at: [1, 7], energy: None }));
    assert_eq!(sampler.pairs, [[5, 6], [8, 4]]);
    assert_eq!(sampler.named, BTreeMap::from([("x".into(), 2)]));
    assert_eq!(sampler.other, Some(Way::Around { times: 3 }));
    assert_eq!(sampler.text, "a: b");
    assert_eq!(accept(text, &["faults.way.around.times=9"]).way, Way::Around { times: 9 });
    assert_eq!(accept(text, &["faults.way=around"]).way, Way::Around { times: 0 });
    assert_eq!(
        accept(text, &["faults.way=around", "faults.way.around.times=2"]).way,
        Way::Around { times: 2 }
    );
    let named =
        load_text::<Sampler>(text, &["faults.name=mine", "faults.description=ours"]).map(|it| it.header);
    assert_eq!(named.map(|it| (it.name, it.description)), Ok(("mine".into(), Some("ours".into()))));
}

#[test]
fn a_document_is_laid_over_what_it_extends() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    };
    write(
        "lib/root.yaml",
        "name: root\ndescription: the first\nway: {around: {times: 2}}\nnamed: {a: 1, b: 2}",
    );
    write("lib/middle.yaml", "extends: root.yaml\nnamed: {b: 3, c: 4}\npairs: [[1, 2]]");
    write("top.yaml", "extends: lib/middle.yaml\nway: {by: {at: [5, 6]}}\nnamed: {c: 5}\npairs: [[7, 8]]");
    write("same.yaml", "extends: lib/root.yaml\nway: {around: {}}");
    let load_file = |name: &str| {
        let path = folder.path().join(name);
        load::<Sampler>(path.to_str().expect("the path is text"), &Overrides::none())
    };
    let top = load_file("top.yaml").expect("nothing is wrong");
    assert_eq!(top.name(), "top", "a name is not inherited");
    assert_eq!(top.header.description.as_deref(), Some("the first"));
    assert_eq!(top.value.way, Way::By(Stops { at: [5, 6], energy: None }), "another choice replaces");
    assert_eq!(top.value.named.into_values().collect::<Vec<_>>(), [1, 3, 5], "maps are merged");
    assert_eq!(top.value.pairs, [[7, 8]], "lists are replaced");
    let same = load_file("same.yaml").expect("nothing is wrong");
    assert_eq!(same.value.way, Way::Around { times: 2 }, "the same choice is merged");
}

#[test]
fn files_are_found_next_to_the_documents() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let put = |name: &str, text: &str| {
        fs::create_dir_all(folder.path().join("lib")).expect("the folder can be made");
        fs::write(folder.path().join(name), text).expect("the file can be written");
    };
    put("lib/base.yaml", "few: 1");
    put("lib/only-there.csv", "base");
    put("top.yaml", "extends: lib/base.yaml");
    put("here.csv", "top");
    let path = folder.path().join("top.yaml");
    let top: Loaded<Sampler> =
        load(path.to_str().expect("the path is text"), &Overrides::none()).expect("nothing is wrong");
    assert_eq!(top.file(Path::new("here.csv")).expect("it is there"), b"top");
    assert_eq!(top.file(Path::new("only-there.csv")).expect("it is there"), b"base");
    assert!(top.file(Path::new("nowhere.csv")).is_err());
}

#[test]
fn a_document_can_be_one_of_several_kinds() {
    let accept = |text: &str| load_text::<Task>(text, &[]).expect("nothing is wrong");
    let walk = accept("name: stroll\nrandom-walk: {steps: 3}");
    assert_eq!(walk.value, Task::RandomWalk(Walk { steps: 3, speed: 0.0 }));
    assert_eq!(walk.name(), "stroll");
    assert_eq!(load_text::<Task>(&walk.to_yaml(), &[]).expect("it reads back").value, walk.value);
    let set =
        load_text::<Task>("random-walk: {}", &["workload.random-walk.steps=4"]).expect("nothing is wrong");
    assert_eq!(set.value, Task::RandomWalk(Walk { steps: 4, speed: 0.0 }));
    let Err(problems) = load_text::<Task>("random-wlak: {steps: 3}", &[]) else { panic!("it was accepted") };
    assert_eq!(problems.iter().next().and_then(|it| it.nearest.as_deref()), Some("random-walk"));
    let schema = schema_of::<Task>();
    let alternatives = schema["oneOf"].as_array().expect("there are alternatives");
    assert!(alternatives.iter().all(|it| it["properties"].get("name").is_some()), "{schema:#}");
    assert!(template_of::<Task>("t").contains("rest:\n"));
}

#[test]
fn later_problems_are_explained_where_the_value_was_written() {
    let text = "pairs:\n  - [1, 2]\n";
    let loaded = load_text::<Sampler>(text, &["faults.few=2"]).expect("nothing is wrong");
    let mut problems = Problems::one("pairs[0][1]", "lies outside the chip");
    problems.push(Problem::new("few", "does not fit"));
    problems.push(Problem::new("way.around.times", "is too small"));
    let explained = loaded.explain(problems);
    let places: Vec<String> =
        explained.iter().filter_map(|it| Some(it.place.as_ref()?.to_string())).collect();
    assert_eq!(places, ["t:1:1", "t:2:9", "`--set faults.few=2`"]);
    assert!(explained.iter().any(|it| it.help.as_deref().is_some_and(|help| help.contains("default"))));
}

#[test]
fn resolved_documents_read_back_to_the_same_value() {
    let text = "way: {by: {at: [1, 2], energy: 0.1 fJ}}\nother: around\nways: [direct, {listed: [1]}]\n\
                pairs: [[1, 2]]\nnamed: {y: 1, \"no\": 2}\nnumbered: {3: 'true'}\ntext: \"# no: comment\"\nfew: -7";
    let first = load_text::<Sampler>(text, &[]).expect("nothing is wrong");
    let json = serde_json::to_string(&first).expect("it is JSON");
    for text in [first.to_yaml(), json] {
        let again =
            load_text::<Sampler>(&text, &[]).unwrap_or_else(|it| panic!("{}\n{text}", it.render(false, 100)));
        assert_eq!(again.value, first.value, "{text}");
        assert_eq!(again.header, first.header, "{text}");
        assert_eq!(again.to_yaml(), first.to_yaml());
    }
    assert!(first.to_yaml().starts_with("name: t\nway:\n  by:\n    at:\n"), "{}", first.to_yaml());
}

/// Reads a preset, and what it resolves to once more.
fn reads_back<T: Document + PartialEq + std::fmt::Debug>(name: &str) -> Loaded<T> {
    let first = load::<T>(name, &Overrides::none())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false, 100)));
    assert_eq!(first.name(), name);
    let again: Loaded<T> = load_text(&first.to_yaml(), &[]).expect("it reads back");
    assert_eq!(again.value, first.value, "{name}");
    first
}

#[test]
fn every_preset_is_right_and_reads_back() {
    let mesh = reads_back::<ChipDoc>("mesh8").built;
    for preset in PRESETS {
        match preset.kind {
            Kind::Chip => {
                let description = reads_back::<ChipDoc>(preset.name).header.description;
                assert!(description.is_some(), "{} is not described", preset.name);
            }
            Kind::Faults => {
                let faults = reads_back::<FaultDoc>(preset.name);
                let health = faults.value.resolve(&mesh, 0).expect("it fits the reference mesh");
                let later = !faults.value.events.is_empty() || faults.value.transient.is_some();
                assert!(later || !health.is_perfect(), "{} breaks nothing", preset.name);
            }
            Kind::Workload => {
                let workload = reads_back::<WorkloadDoc>(preset.name);
                // Algorithms run in the tests of their room.
                let made = match (&workload.value.traffic, &workload.value.network) {
                    (Some(traffic), _) => traffic.compile(&mesh, &|name| workload.file(name), 0).map(drop),
                    // Of networks that are there for their size no synapse is made.
                    (_, Some(network)) if network.populations.iter().any(|it| it.neurons > 100_000) => {
                        network.check()
                    }
                    (_, Some(network)) => {
                        network.compile(&|name| workload.open(Path::new(name)), 0).map(drop)
                    }
                    _ => Ok(()),
                };
                assert!(made.is_ok(), "{}: {}", preset.name, made.expect_err("it is refused"));
            }
            Kind::Device => {
                let description = reads_back::<DeviceDoc>(preset.name).header.description;
                assert!(description.is_some(), "{} is not described", preset.name);
            }
            Kind::Sweep => {
                let sweep = reads_back::<SweepDoc>(preset.name);
                assert!(sweep.header.description.is_some(), "{} is not described", preset.name);
            }
        }
    }
}

#[test]
fn without_a_fault_map_overrides_make_one() {
    assert_eq!(no_faults(&Overrides::none()).expect("nothing is wrong").value, FaultDoc::default());
    let overrides =
        Overrides::parse(["faults.random.node_rate=0.05", "faults.nodes=[[1, 2]]"]).expect("they are right");
    let faults = no_faults(&overrides).expect("nothing is wrong").value;
    assert_eq!(faults.random.and_then(|random| random.node_rate), Some(0.05));
    assert_eq!(faults.nodes, [crate::fabric::Place::At(vec![1, 2])]);
}

#[test]
fn every_shipped_document_is_built_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["topologies", "topologies/devices", "topologies/faults", "workloads"] {
        for entry in fs::read_dir(root.join(folder)).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("it is text");
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let known =
                PRESETS.iter().any(|preset| Some(preset.name) == stem.as_deref() && preset.text == text);
            assert!(known, "{} is not in the list of presets", path.display());
        }
    }
}

#[test]
fn the_reference_chips_are_pipeline_a() {
    let chip = |name: &str| load_chip(name, &Overrides::none()).expect("it is built in");
    for name in ["mesh8", "mesh16", "torus8"] {
        let router = chip(name).value.router;
        assert_eq!(router, crate::noc::params::RouterParams::default(), "{name}");
        assert_eq!((router.vcs, router.buffer_flits), (4, 8));
    }
    assert_eq!(chip("mesh8").built.routers.len(), 64);
    assert_eq!(chip("mesh16").built.links.len(), 4 * 16 * 15);
    assert_eq!(chip("torus8").built.links.len(), 4 * 64);
    assert!(chip("torus8").built.links.iter().all(|link| link.latency == 2));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None, ..proptest::prelude::ProptestConfig::default()
    })]

    /// Text that looks like something else, and every number, survive being written and read.
    #[test]
    fn texts_and_numbers_read_back(
        text in proptest::prop_oneof!["[-+.0-9oxeE_~]{0,6}", "(yes|no|on|off|null|true|<<|=|---|#|: |- )?", "[^\\p{Cc}]{0,12}"],
        joules in proptest::num::f64::NORMAL,
        few in i64::MIN..=3,
    ) {
        let way = Way::By(Stops { at: [1, 2], energy: Some(Joules(joules)) });
        let named = BTreeMap::from([(text.replace("<<", "<"), 1)]);
        let sampler = Sampler { way, few, named, text, ..Sampler::default() };
        let header = Header { name: "t".into(), description: Some(sampler.text.clone()) };
        let first = Loaded::<Sampler>::unplaced(header, sampler);
        let json = serde_json::to_string(&first).expect("it is JSON");
        for written in [first.to_yaml(), json] {
            let again = load_text::<Sampler>(&written, &[]).unwrap_or_else(|it| panic!("{it}\n{written}"));
            proptest::prop_assert_eq!(&again.value, &first.value, "{}", written);
            proptest::prop_assert_eq!(&again.header, &first.header);
        }
    }
}

//! The gallery of wrong input: what is said about each is kept as text and read by people.
//!
//! `UPDATE_GOLDENS=1 cargo test --test program bad_input` writes the texts anew; look at the difference.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spikeloom::spec::{
    ChipDoc, Diagnostics, Origin, Overrides, Source, load_chip, load_faults, read, source,
};

const GALLERY: &str = "tests/golden/bad";

/// Compares what is said about a wrong input with the text kept for it.
fn check(name: &str, outcome: Result<(), Diagnostics>) {
    let Err(problems) = outcome else { panic!("{name} was accepted") };
    assert!(!problems.is_empty(), "{name} was refused without a reason");
    check_said(name, &problems.render(false, 100));
}

fn check_said(name: &str, said: &str) {
    let golden = Path::new(GALLERY).join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&golden, said).expect("the gallery can be written to");
    }
    let kept = fs::read_to_string(&golden)
        .unwrap_or_else(|error| panic!("{}: {error}; it would say\n{said}", golden.display()));
    assert_eq!(said, kept, "{} is said otherwise", golden.display());
}

fn check_text(name: &str, bytes: &[u8]) {
    let outcome = source::text(Origin::Memory(name.into()), bytes.to_vec())
        .and_then(|source| read::<ChipDoc>(source, &Overrides::none()));
    check(name, outcome.map(drop));
}

#[test]
fn files_are_refused_with_every_problem_in_its_place() {
    let mut files: Vec<PathBuf> = fs::read_dir(GALLERY)
        .expect("the gallery is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 40, "{} files", files.len());
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("the name is text");
        let path = file.to_str().expect("the path is text");
        check(
            name,
            match name.starts_with("faults-") {
                true => load_faults_on_a_mesh(path),
                false => load_chip(path, &Overrides::none()).map(drop),
            },
        );
    }
}

/// A fault map is right only if it fits the chip.
fn load_faults_on_a_mesh(path: &str) -> Result<(), Diagnostics> {
    let chip = load_chip("mesh8", &Overrides::none())?;
    let faults = load_faults(path, &Overrides::none())?;
    faults.value.resolve(&chip.built, 1).map(drop).map_err(|problems| faults.explain(problems))
}

#[test]
fn overrides_are_refused_with_the_argument() {
    let cases: [(&str, &[&str]); 6] = [
        ("set-unknown-path", &["chip.router.vcz=2", "chip.rooter.vcs=2"]),
        ("set-wrong-value", &["chip.router.vcs=many", "chip.clock=3 m", "chip.link.latency={a: 1}"]),
        ("set-out-of-range", &["chip.router.vcs=99", "chip.topology.mesh.size[1]=0", "chip.clock=1e30 Hz"]),
        ("set-absent-item", &["chip.topology.mesh.size[2]=4", "chip.router.vcs[0]=4"]),
        ("set-malformed", &["chip.router.vcs", "chp.router.vcs=2", "chip..vcs=2", "chip.router.vcs="]),
        ("set-not-yaml", &["chip.topology.mesh.size=[8, 8", "chip.extends=torus8"]),
    ];
    for (name, arguments) in cases {
        let outcome = Overrides::parse(arguments).and_then(|overrides| load_chip("mesh8", &overrides));
        check(name, outcome.map(drop));
    }
}

#[test]
fn names_are_refused_with_the_nearest() {
    for (name, chip) in [
        ("name-of-no-chip", "mesh88"),
        ("name-of-no-file", "tests/golden/bad/unknwon-field.yaml"),
        ("name-of-a-folder", "tests/golden/bad"),
    ] {
        check(name, load_chip(chip, &Overrides::none()).map(drop));
    }
}

#[test]
fn hostile_text_is_refused() {
    let nested = |open: &str, count: usize| format!("topology: {}", open.repeat(count));
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, previous) in ('b'..='i').zip('a'..='h') {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{previous}"); 9].join(", "));
    }
    let mut chain = String::from("a: &a [x]\n");
    for level in 0..80 {
        let (name, previous) =
            (format!("a{level}"), if level == 0 { "a".into() } else { format!("a{}", level - 1) });
        chain += &format!("{name}: &{name} [*{previous}]\n");
    }
    let blocks: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let long_number = format!("clock: {}", "9".repeat(1 << 20));
    let many = format!("topology: [{}]", "1,".repeat((1 << 22) + 1));
    for (name, text) in [
        ("hostile-nested-lists", nested("[", 100_000)),
        ("hostile-nested-maps", nested("{a: ", 100_000)),
        ("hostile-nested-blocks", blocks),
        ("hostile-alias-bomb", bomb),
        ("hostile-alias-chain", chain),
        ("hostile-long-number", long_number),
        ("hostile-many-values", many),
        ("hostile-size", "#".repeat(source::MAX_BYTES + 1)),
        ("hostile-nul", "topology: \0".to_owned()),
        ("hostile-escape-sequence", "name: \u{1b}[31mred\n".to_owned()),
    ] {
        check_text(name, text.as_bytes());
    }
    check_text("hostile-not-utf8", b"topology: {mesh: {size: [8, 8]}}\nname: caf\xe9\n");
    check_text("hostile-utf16", b"\xff\xfet\0o\0p\0");
}

/// Files that chips and workloads name, and networks that do not fit a chip.
const FILES: &[(&str, &str)] = &[
    ("table.yaml", "topology: {mesh: {size: [4, 4]}}\nrouting: {table: {file: words.csv}}\n"),
    ("words.csv", "at,from,to,next\n0,,1,1\n77,,3,x\n1,2\n"),
    ("table-absent.yaml", "topology: {mesh: {size: [4, 4]}}\nrouting: {table: {file: absent.csv}}\n"),
    ("absent.csv", "at,from,to,next\n0,,1,1\n\n0,,99,1\n77,,3,88\n"),
    (
        "sweep.yaml",
        "workload: uniforn\naxes:\n  - {path: chip, values: [mesh8, mesh88]}\n  - {path: seed, values: [1]}\n",
    ),
    ("words.yaml", "mapping:\n- {neurons: a, core: first}\n"),
    ("absent.yaml", "mapping:\n- {neurons: a, core: 9999}\n- {core: 128, neurons: b}\n"),
    ("unknown.yaml", "network:\n  mapping:\n  - {neurons: a, core: 1}\n  - {core: 1, neurons: bb}\n"),
];

/// A network of 40 and 40 neurons, with `fields` before it.
fn network(fields: &str) -> String {
    format!(
        "steps: 20\n{fields}\nnetwork:\n  dt: 1 ms\n  populations:\n    - {{name: a, neurons: 40, model: {{source-poisson: \
         {{rate: 20 Hz}}}}}}\n    - {{name: b, neurons: 40, model: {{lif: {{}}}}}}\n  projections:\n    - {{from: a, \
         to: b, pattern: {{fan-out: {{count: 1}}}}}}\n"
    )
}

#[test]
fn what_other_files_hold_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is written");
    FILES.iter().for_each(|(name, text)| write(name, text));
    for file in ["words", "absent", "unknown"] {
        write(&format!("seats-{file}.yaml"), &network(&format!("mapping: {{file: {file}.yaml}}")));
    }
    let seats = "  mapping:\n    - {neurons: a, core: 1}\n    - {neurons: b, core: 4711}\n";
    write("seats-here.yaml", &(network("") + seats));
    write("probes.yaml", &network("probes: {spikes: [zz, a], potentials: [bb]}"));
    write("endless.yaml", &network("").replace("neurons: 40", "neurons: 4000000000"));
    let unknown = "    - {from: aa, to: b, pattern: {one-to-one: {}}}\n    - {from: a, to: \"b[40]\", pattern: {one-to-one: {}}, \
                   weights: {constant: .nan}}\n";
    write("ends.yaml", &(network("") + unknown));
    write("wide.yaml", &network("").replacen("40", "4100", 1).replacen("40", "1", 1));
    for (name, arguments) in [
        ("cli-table-words", "check table.yaml"),
        ("cli-table-absent-routers", "check table-absent.yaml"),
        ("cli-mapping-words", "run seats-words.yaml"),
        ("cli-mapping-absent-cores", "run seats-absent.yaml"),
        ("cli-mapping-unknown-neurons", "run seats-unknown.yaml"),
        ("cli-mapping-absent-core", "run seats-here.yaml"),
        ("cli-probes-unknown", "run probes.yaml"),
        ("cli-sweep-unknown-names", "sweep sweep.yaml"),
        ("cli-projections-from-nowhere", "run ends.yaml"),
        ("cli-neurons-without-end", "run endless.yaml"),
        ("cli-axons-of-loihi", "run wide.yaml --chip loihi --set chip.cores.input_axons=4096"),
        (
            "cli-map-axons-of-loihi",
            "map wide.yaml --chip loihi --measure 0 --set chip.cores.input_axons=4096",
        ),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
        let output = program.current_dir(folder.path()).args(arguments.split(' ')).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        check_said(name, &said);
    }
}

/// A document that is right is the control: the gallery's reader does accept something.
#[test]
fn what_is_right_is_accepted() {
    let source = Source::memory("right", "topology: {mesh: {size: [4, 4]}}");
    let chip = read::<ChipDoc>(source, &Overrides::none()).expect("nothing is wrong with it");
    assert_eq!(chip.name(), "right");
}

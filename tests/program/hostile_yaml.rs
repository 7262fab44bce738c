//! Whatever the bytes, reading a document neither panics nor takes long, and what it says can be shown.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use spikeloom::spec::preset::PRESETS;
use spikeloom::spec::{ChipDoc, Diagnostics, Origin, Overrides, Place, load_chip, read, source};

/// Generous for a debug build on a busy machine; a hang or quadratic time goes far beyond it.
const LONGEST: Duration = Duration::from_secs(10);

/// Reads the bytes as a chip; checks what is said about them.
fn digest(bytes: &[u8], overrides: &Overrides) -> Result<(), Diagnostics> {
    let start = Instant::now();
    let outcome = source::text(Origin::Memory("fuzz".into()), bytes.to_vec())
        .and_then(|source| read::<ChipDoc>(source, overrides));
    let outcome = match outcome {
        Ok(chip) => {
            let again = source::text(Origin::Memory("fuzz".into()), chip.to_yaml().into_bytes())
                .and_then(|source| read::<ChipDoc>(source, &Overrides::none()))
                .unwrap_or_else(|problems| panic!("the resolved document is refused: {problems}"));
            assert_eq!(again.value, chip.value);
            assert_eq!(again.header, chip.header);
            Ok(())
        }
        Err(problems) => {
            assert_sound(&problems);
            Err(problems)
        }
    };
    let took = start.elapsed();
    assert!(took < LONGEST, "{took:?} for {} bytes", bytes.len());
    outcome
}

fn assert_sound(problems: &Diagnostics) {
    assert!(!problems.is_empty(), "refused without a reason");
    for problem in problems.iter() {
        assert!(!problem.message.is_empty());
        let Some(Place { source, span: Some(span) }) = &problem.place else { continue };
        assert!(source.text.get(span.clone()).is_some(), "{problem}: {span:?} is no part of the text");
    }
    for (color, width) in [(false, 40), (true, 120)] {
        let shown = problems.render(color, width);
        let control = |c: char| c.is_control() && c != '\n' && !(color && c == '\u{1b}');
        assert!(!shown.contains(control), "{shown:?}");
    }
}

/// Pieces that YAML gives a meaning to, and names and values of a chip.
const PIECES: &[&str] = &[
    ":",
    ": ",
    "- ",
    "? ",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: ",
    "<<: *a",
    "!t ",
    "!!str ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "#",
    " # c",
    "%",
    "---\n",
    "...\n",
    "\n",
    "\n  ",
    "\n    ",
    "\r\n",
    "\t",
    "~",
    "null",
    "true",
    "0",
    "-1",
    "8",
    "1e999",
    ".nan",
    "0x10",
    "99999999999999999999",
    "1 GHz",
    "3 parsec",
    "\u{0}",
    "\u{7f}",
    "é",
    "\u{2028}",
    "\u{feff}",
    "\\",
    "\"\\e[31m\"",
    "topology",
    "mesh",
    "torus",
    "size",
    "[8, 8]",
    "router",
    "vcs",
    "allocator",
    "islip",
    "clock",
    "link",
    "length",
    "name",
    "description",
    "extends",
    "mesh8",
    "flit_bits",
];

fn piece() -> impl Strategy<Value = String> {
    select(PIECES).prop_map(str::to_owned)
}

/// One change of a text: a piece put in, a stretch taken out, repeated or turned into another byte.
#[derive(Clone, Debug)]
enum Change {
    Insert(usize, String),
    Remove(usize, usize),
    Repeat(usize, usize),
    Overwrite(usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..2000usize;
    prop_oneof![
        (at.clone(), piece()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at.clone(), 1..40usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at.clone(), 1..80usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at, any::<u8>()).prop_map(|(at, byte)| Change::Overwrite(at, byte)),
    ]
}

fn apply(text: &mut Vec<u8>, change: Change) {
    let place =
        |at: usize, length: usize| (at % (text.len() + 1), (at % (text.len() + 1) + length).min(text.len()));
    match change {
        Change::Insert(at, piece) => {
            let (at, _) = place(at, 0);
            text.splice(at..at, piece.into_bytes());
        }
        Change::Remove(at, length) => {
            let (from, to) = place(at, length);
            text.drain(from..to);
        }
        Change::Repeat(at, length) => {
            let (from, to) = place(at, length);
            let copy = text[from..to].to_vec();
            text.splice(to..to, copy);
        }
        Change::Overwrite(at, byte) => {
            let (from, to) = place(at, 1);
            text[from..to].fill(byte);
        }
    }
}

/// A chip without the comments, which would soak up most changes.
fn bare(text: &str) -> Vec<u8> {
    let line = |line: &str| line.split('#').next().map(|code| format!("{}\n", code.trim_end()));
    text.lines().filter_map(line).filter(|line| line.len() > 1).collect::<String>().into_bytes()
}

/// An unlucky change asks for a large but lawful network, which takes longer to draw than to read.
fn asks_for_little(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.split('[').all(|list| {
        let items = list.split(']').next().unwrap_or_default().split(',');
        let numbers = items.filter_map(|item| item.trim().parse::<f64>().ok());
        numbers.product::<f64>() < 1e5
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_digested(bytes in vec(any::<u8>(), 0..2000)) {
        let _ = digest(&bytes, &Overrides::none());
    }

    #[test]
    fn random_pieces_are_digested(pieces in vec(piece(), 0..60)) {
        let _ = digest(pieces.concat().as_bytes(), &Overrides::none());
    }

    #[test]
    fn changed_chips_are_digested(preset in select(PRESETS), changes in vec(change(), 1..8)) {
        let mut text = bare(preset.text);
        changes.into_iter().for_each(|change| apply(&mut text, change));
        prop_assume!(asks_for_little(&text));
        let _ = digest(&text, &Overrides::none());
    }

    #[test]
    fn overrides_are_digested(
        path in "(chip|faults|x)?[.\\[\\]a-z0-9]{0,12}",
        names in vec(select(vec!["topology", "mesh", "size", "[0]", "router", "vcs", "name", "extends", "link"]), 0..5),
        value in vec(piece(), 0..6),
    ) {
        let named = names.iter().fold("chip".to_owned(), |path, name| match name.starts_with('[') {
            true => path + name,
            false => path + "." + name,
        });
        for path in [path, named] {
            let argument = format!("{path}={}", value.concat());
            match Overrides::parse([&argument]) {
                Ok(overrides) => drop(digest(b"topology: {mesh: {size: [4, 4]}}", &overrides)),
                Err(problems) => assert_sound(&problems),
            }
        }
    }
}

#[test]
fn a_name_from_a_file_cannot_steer_the_terminal() {
    let text =
        "\"\\e[31mred\\a\": 1\ntopology: {\"\\e]0;x\\a\": 1}\nclock: \"\\e[2J\"\nextends: \"\\e[1m\"\n";
    digest(text.as_bytes(), &Overrides::none()).expect_err("nothing of it is right");
    let error = load_chip("\u{1b}[31m", &Overrides::none()).expect_err("there is no such chip");
    assert_sound(&error);
}

/// What ends a line differs between the versions of YAML.
#[test]
fn a_name_of_odd_characters_survives_being_written() {
    for name in ["\u{2028}", "\u{2028}\n", "a\u{2029}b", "\u{feff}a", "a\rb\n", "\n\n", "a: b # c", "~", "\t"]
    {
        let escaped: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let text = format!("name: \"{escaped}\"\ntopology: {{mesh: {{size: [4, 4]}}}}");
        digest(text.as_bytes(), &Overrides::none()).expect("a chip with a name");
    }
}

/// Texts that have cost parsers quadratic time or all memory.
#[test]
fn large_hostile_texts_are_refused_in_time() {
    let count = 100_000;
    let lines = |line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let anchors =
        format!("x: {}1{}", (0..60).map(|i| format!("&a{i} [")).collect::<String>(), "]".repeat(60));
    let merges = format!(
        "b: &b {{{}}}\n{}",
        (0..500).map(|i| format!("k{i}: 1, ")).collect::<String>(),
        (0..2000).map(|i| format!("m{i}: {{<<: *b}}\n")).collect::<String>()
    );
    for text in [
        lines(&|i| format!("key{i}: {i}\n")),
        lines(&|i| format!("k{i}: &a{i} {i}\n")),
        lines(&|_| "vcs: 1\n".into()),
        lines(&|_| "- ".into()),
        lines(&|_| "? ".into()),
        lines(&|_| "&a ".into()),
        lines(&|_| "! ".into()),
        lines(&|_| ":".into()),
        lines(&|_| "[*a,".into()),
        lines(&|_| "# comment\n".into()),
        format!("topology: {{mesh: {{size: [{}]}}}}", "x, ".repeat(count)),
        format!("topology: {{mesh: {{size: [{}]}}}}", "1, ".repeat(count)),
        format!("topology: {{mesh: {{size: [8, 8]}}}}\nrouter: {{{}}}", lines(&|i| format!("f{i}: 1, "))),
        format!("{}: 1", "a".repeat(1 << 20)),
        format!("topology: \"{}\"", "\\u00e9".repeat(count)),
        format!("clock: 1e{}", "9".repeat(count)),
        format!("clock: \"{} GHz\"", "9".repeat(count)),
        format!("name: |\n{}", " x\n".repeat(count)),
        anchors,
        merges,
    ] {
        digest(text.as_bytes(), &Overrides::none()).expect_err("nothing of this is a chip");
    }
}

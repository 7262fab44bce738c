use super::*;
use crate::base::NeuronId;
use crate::network::{Bench, Machine, Net};

fn compile(yaml: &str) -> Result<Net, String> {
    let deserializer = serde_yaml::Deserializer::from_str(yaml);
    let params: NetworkParams = serde_yaml::with::singleton_map_recursive::deserialize(deserializer).unwrap();
    let files = |name: &str| -> std::io::Result<Box<dyn std::io::Read>> {
        match name {
            "pairs.csv" => Ok(Box::new(&b"source,target,weight,delay\n0,1,0.5,3\n2,0,-1,1\n"[..])),
            "trains.csv" => Ok(Box::new(&b"neuron,step\n2,3\n0,5\n2,1\n"[..])),
            "wrong-trains.csv" => Ok(Box::new(&b"neuron,step\n3,3\n0,x\n1,0\n"[..])),
            "taps.csv" => Ok(Box::new(&b"source,target,weight,tap\n0,1,0.5,2\n2,0,-1,0\n"[..])),
            "wrong-taps.csv" => Ok(Box::new(&b"source,target,tap\n0,1,3\n2,0,x\n2,3,1\n"[..])),
            "bare.csv" => Ok(Box::new(&b"source,target\n0,1\n2,0\n"[..])),
            "six-by-four.mtx" => {
                Ok(Box::new(&b"%%MatrixMarket matrix coordinate real general\n6 4 1\n6 1 0.5\n"[..]))
            }
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    };
    params.compile(&files, 7).map(|described| described.net).map_err(|problems| problems.to_string())
}

fn network(projection: &str) -> String {
    format!(
        "populations: [{{name: a, neurons: 6, model: integrate-fire}}, {{name: b, neurons: 4, model: integrate-fire}}]\n\
         projections: [{projection}]"
    )
}

/// Source, target and weight of every synapse, numbered through both populations.
fn synapses(projection: &str) -> Vec<(u32, u32, f64)> {
    let net = compile(&network(projection)).unwrap();
    let of = |source| net.synapses.of(NeuronId(source)).map(move |it| (source, it.target.0, it.weight));
    (0..net.neurons()).flat_map(of).collect()
}

#[test]
fn plain_patterns_join_whom_they_say() {
    assert_eq!(
        synapses("{from: 'a[1..2]', to: 'b[2..3]', pattern: one-to-one, weights: {values: [2, 3]}}"),
        [(1, 8, 2.0), (2, 9, 3.0)]
    );
    assert_eq!(
        synapses("{from: 'a[0..1]', to: 'a[0..1]', pattern: {all-to-all: {itself: false}}}"),
        [(0, 1, 1.0), (1, 0, 1.0)]
    );
    assert_eq!(synapses("{from: a, to: b, pattern: {list: {file: pairs.csv}}}"), [(0, 7, 0.5), (2, 6, -1.0)]);
}

#[test]
fn random_patterns_have_the_numbers_they_say() {
    let count = |projection: &str| synapses(projection).len();
    assert_eq!(count("{from: a, to: b, pattern: {fan-in: {count: 5}}}"), 20);
    assert_eq!(count("{from: a, to: b, pattern: {fan-out: {count: 5}}}"), 30);
    assert_eq!(count("{from: a, to: b, pattern: {probability: {probability: 1}}}"), 24);
    assert_eq!(count("{from: a, to: b, pattern: {probability: {probability: 0}}}"), 0);
    let wide = "populations: [{name: a, neurons: 300, model: integrate-fire}]\n\
                projections: [{from: a, to: a, pattern: {probability: {probability: 0.1, itself: true}}}]";
    let found = compile(wide).unwrap().synapses.len() as f64;
    // Four standard deviations of a binomial count.
    assert!((found - 9000.0).abs() < 4.0 * (90_000.0f64 * 0.09).sqrt(), "{found}");
}

#[test]
fn distance_joins_the_near_and_not_the_far() {
    let all = synapses("{from: a, to: a, pattern: {distance: {width: 3, peak: 1, radius: 1e9, reach: 1}}}");
    let of_first: Vec<u32> = all.iter().filter(|it| it.0 == 0).map(|it| it.1).collect();
    assert_eq!(of_first, [0, 1, 3]);
}

/// Against the sum over the window of every output, written out.
#[test]
fn convolutions_match_their_definition() {
    for (order, padding, stride) in [("planes-first", 0, 1), ("places-first", 1, 2), ("planes-first", 1, 1)] {
        let (width, height, channels, filters, kernel) = (4i64, 3i64, 2i64, 3i64, 3i64);
        let out = |size: i64| 1 + (size + 2 * padding - kernel) / stride;
        let (wide, high) = (out(width), out(height));
        let weights: Vec<String> =
            (0..kernel * kernel * channels * filters).map(|i| (i + 1).to_string()).collect();
        let yaml = format!(
            "populations: [{{name: a, neurons: {}, model: integrate-fire}}, {{name: b, neurons: {}, model: integrate-fire}}]\n\
             projections: [{{from: a, to: b, weights: {{values: [{}]}}, pattern: {{convolution: {{width: 4, height: 3, \
             channels: 2, filters: 3, kernel: [3, 3], stride: [{stride}, {stride}], padding: [{padding}, {padding}], order: {order}}}}}}}]",
            width * height * channels,
            wide * high * filters,
            weights.join(", ")
        );
        let net = compile(&yaml).unwrap();
        let number = |x: i64, y: i64, plane: i64, wide: i64, high: i64, planes: i64| match order {
            "planes-first" => (plane * high + y) * wide + x,
            _ => (y * wide + x) * planes + plane,
        };
        let mut expected = Vec::new();
        for (filter, y, x) in
            (0..filters * high * wide).map(|i| (i / (high * wide), i / wide % high, i % wide))
        {
            for tap in 0..kernel * kernel * channels {
                let (ky, kx, channel) = (tap / channels / kernel, tap / channels % kernel, tap % channels);
                let (from_x, from_y) = (x * stride + kx - padding, y * stride + ky - padding);
                if (0..width).contains(&from_x) && (0..height).contains(&from_y) {
                    let source = number(from_x, from_y, channel, width, height, channels) as u32;
                    let target =
                        (width * height * channels + number(x, y, filter, wide, high, filters)) as u32;
                    expected.push((source, target, (tap * filters + filter + 1) as f64));
                }
            }
        }
        let of = |source| net.synapses.of(NeuronId(source)).map(move |it| (source, it.target.0, it.weight));
        let mut found: Vec<_> = (0..net.neurons()).flat_map(of).collect();
        let key = |a: &(u32, u32, f64)| (a.0, a.1, a.2 as u64);
        found.sort_by_key(key);
        expected.sort_by_key(key);
        assert_eq!(found, expected);
    }
}

#[test]
fn everything_wrong_is_named_by_its_path() {
    let check = |projection: &str, expected: &str| {
        let found = compile(&network(projection)).unwrap_err();
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    };
    check("{from: c, to: b, pattern: one-to-one}", "projections[0].from: there is no population `c`");
    check("{from: 'a[6]', to: b, pattern: one-to-one}", "`a` has 6 neurons; found `a[6]`; allowed: a[0..5]");
    check(
        "{from: a, to: b, pattern: one-to-one}",
        "projections[0].pattern: 6 sources are not as many as 4 targets",
    );
    check(
        "{from: a, to: b, pattern: {all-to-all: {}}, weights: {values: [1]}}",
        "1 weights were given for 24 synapses",
    );
    check("{from: a, to: b, pattern: {list: {file: no.csv}}}", "`no.csv` cannot be read");
    check(
        "{from: a, to: 'b[0..1]', pattern: {list: {file: pairs.csv}}, delays: {constant: 0}}",
        "delays are 1 step or more",
    );
}

#[test]
fn parts_and_values_give_neurons_their_own_parameters() {
    let yaml = "populations:\n\
                - {name: a, neurons: 4, model: integrate-fire, parts: [{neurons: [1, 2], model: {integrate-fire: {bias: 2}}}]}\n\
                - {name: b, neurons: 3, model: integrate-fire, values: {bias: [1, 1, 3]}}";
    let net = compile(yaml).unwrap();
    let counts = |i: usize| net.populations[i].parts.iter().map(|part| part.count).collect::<Vec<_>>();
    assert_eq!((counts(0), counts(1)), (vec![1, 2, 1], vec![2, 1]));
}

#[test]
fn projections_that_learn_know_their_synapses() {
    let plasticity = "plasticity: {rule: {pair: {a_plus: 0.1}}}";
    let yaml = format!(
        "populations: [{{name: a, neurons: 3, model: integrate-fire}}, {{name: b, neurons: 2, model: integrate-fire}}]\n\
         projections:\n\
         - {{from: b, to: a, pattern: {{all-to-all: {{}}}}}}\n\
         - {{from: a, to: b, pattern: {{all-to-all: {{}}}}, {plasticity}}}"
    );
    let net = compile(&yaml).unwrap();
    let found: Vec<_> = net.lessons.iter().map(|lesson| lesson.synapses.clone()).collect();
    // Made after those of b, and stored before them.
    assert_eq!(found, [[(0, 3, 0), (0, 4, 1), (1, 3, 2), (1, 4, 3), (2, 3, 4), (2, 4, 5)]]);
}

#[test]
fn learning_that_makes_no_sense_is_refused() {
    let wrong = |plasticity: &str| {
        let projection =
            format!("{{from: a, to: b, pattern: {{all-to-all: {{}}}}, plasticity: {plasticity}}}");
        compile(&network(&projection)).unwrap_err()
    };
    for (plasticity, expected) in [
        ("{rule: {reward: {}}}", "projections[0].plasticity.reward: the rule `reward` changes no weight"),
        ("{rule: {pair: {}}, reward: {from: a}}", "plasticity.reward: the rule `pair` knows no reward"),
        ("{rule: {pair: {tau_plus: 0 s}}}", "plasticity.rule.pair.tau_plus: 0 s is no time constant"),
        ("{rule: {reward: {}}, reward: {from: c}}", "plasticity.reward.from: there is no population `c`"),
        ("{rule: {reward: {}}, reward: {from: a, amount: 0}}", "plasticity.reward.amount: 0 is no reward"),
    ] {
        let found = wrong(plasticity);
        assert!(found.contains(expected), "{found}\ndoes not say\n{expected}");
    }
}

#[test]
fn procedural_projections_give_the_synapses_that_would_be_stored() {
    for projection in [
        "{from: a, to: a, pattern: {probability: {probability: 0.4}}, weights: {uniform: {low: 1, high: 2}}, P}",
        "{from: 'a[1..5]', to: b, pattern: {fan-out: {count: 7}}, delays: {uniform: {low: 2, high: 9}}, P}",
        "{from: a, to: a, pattern: {distance: {width: 3, peak: 0.7, radius: 1, reach: 9}}, P}",
        "{from: a, to: a, pattern: {all-to-all: {itself: false}}, weights: {normal: {mean: 0, deviation: 1}}, P}",
        "{from: 'a[0..3]', to: b, pattern: one-to-one, P}",
    ] {
        let made = |flag: &str| compile(&network(&projection.replace('P', flag))).unwrap();
        let (stored, drawn) = (made("channel: 0"), made("procedural: true"));
        assert!(drawn.synapses.is_empty() && !stored.synapses.is_empty());
        let all = |net: &Net| {
            let mut all = Vec::new();
            (0..net.neurons()).for_each(|it| net.each(NeuronId(it), |synapse| all.push((it, synapse))));
            all
        };
        assert_eq!(all(&drawn), all(&stored), "{projection}");
    }
}

#[test]
fn what_cannot_be_drawn_source_by_source_is_refused() {
    let check = |projections: &str, expected: &str| {
        let found = compile(&network(projections)).unwrap_err();
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    };
    check(
        "{from: a, to: b, pattern: {fan-in: {count: 2}}, procedural: true}",
        "projections[0].procedural: synapses of this pattern cannot be drawn source by source",
    );
    check(
        "{from: a, to: a, pattern: one-to-one, weights: {values: [1, 2, 3, 4, 5, 6]}, procedural: true}",
        "projections[0].weights: weights from a list have to be stored",
    );
    check(
        "{from: a, to: a, pattern: one-to-one, procedural: true}, {from: 'a[2]', to: b, pattern: {all-to-all: {}}}",
        "neuron 2 has stored and procedural synapses",
    );
    check(
        "{from: a, to: a, pattern: one-to-one, channel: 1, procedural: true}",
        "drawn[0]: `a` has 1 input channels; found channel 1",
    );
}

fn refused(projection: &str, expected: &[&str]) {
    let found = compile(&network(projection)).unwrap_err();
    let found: Vec<&str> = found.lines().collect();
    assert_eq!(found, expected, "{projection}");
}

#[test]
fn a_matrix_has_the_size_of_its_two_ends() {
    let of = |from: &str, to: &str| {
        format!("{{from: {from}, to: {to}, pattern: {{matrix: {{file: six-by-four.mtx}}}}}}")
    };
    assert_eq!(synapses(&of("a", "b")), [(5, 6, 0.5)]);
    let size = "6 rows and 4 columns are not the sources and targets; allowed:";
    let at = "projections[0].pattern: six-by-four.mtx:2:";
    refused(&of("a", "a"), &[&format!("{at} {size} 6 rows and 6 columns")]);
    refused(
        &of("'b[0..1]'", "b"),
        &[
            &format!("{at} {size} 2 rows and 4 columns"),
            "projections[0].pattern: six-by-four.mtx:3: there is no such synapse as 5 → 0; allowed: 0..1 → 0..3",
        ],
    );
}

#[test]
fn what_a_file_says_is_not_said_again() {
    let weights = "projections[0].weights: the file of the pattern says the weights already";
    let delays = "projections[0].delays: the file of the pattern says the delays already";
    let list =
        |file: &str, more: &str| format!("{{from: a, to: b, pattern: {{list: {{file: {file}}}}}, {more}}}");
    refused(&list("pairs.csv", "weights: {constant: 2}"), &[weights]);
    refused(&list("pairs.csv", "weights: {values: [1]}, delays: {constant: 2}"), &[weights, delays]);
    let matrix = "{from: a, to: b, pattern: {matrix: {file: six-by-four.mtx}}, weights: {constant: 2}}";
    refused(matrix, &[weights]);
    assert_eq!(synapses(&list("bare.csv", "weights: {values: [3, 4]}")), [(0, 7, 3.0), (2, 6, 4.0)]);
}

#[test]
fn what_nothing_can_be_drawn_from_is_refused() {
    let of = |more: &str| format!("{{from: a, to: b, pattern: {{all-to-all: {{}}}}, {more}}}");
    refused(
        &of("weights: {uniform: {low: 2, high: 1}}, delays: {uniform: {low: 3, high: 2}}"),
        &[
            "projections[0].weights.uniform: the least weight comes first; found 2 to 1",
            "projections[0].delays: delays are 1 step or more, the least first",
        ],
    );
    let deviation = "projections[0].weights.normal.deviation: a standard deviation is 0 or more; found -1";
    refused(&of("weights: {normal: {mean: 0, deviation: -1}}"), &[deviation]);
    refused(&of("weights: {normal: {mean: 0, deviation: -1}}, procedural: true"), &[deviation]);
}

#[test]
fn weights_that_learn_start_within_their_bounds() {
    let of = |weights: &str| {
        let plasticity = "plasticity: {rule: {pair: {w_min: -1, w_max: 2}}}";
        format!(
            "{{from: 'a[0..1]', to: 'b[0..1]', pattern: {{all-to-all: {{}}}}, weights: {weights}, {plasticity}}}"
        )
    };
    assert_eq!(synapses(&of("{values: [-1, 0, 1, 2]}")).len(), 4);
    let says = "projections[0].weights: weights start within the bounds of their rule;";
    refused(
        &of("{values: [-1, 2.5, 1, -7]}"),
        &[&format!("{says} 2 do not, the first is 2.5; allowed: -1 to 2")],
    );
}

#[test]
fn more_synapses_than_can_be_numbered_are_refused_before_they_are_made() {
    let of = |pattern: &str| format!("{{from: a, to: b, pattern: {pattern}}}");
    let more = |count: u64| {
        format!(
            "projections[0].pattern: {count} synapses are more than a network can hold; allowed: at most 4294967294"
        )
    };
    refused(&of("{fan-in: {count: 4000000000}}"), &[&more(16_000_000_000)]);
    refused(&of("{fan-out: {count: 4000000000}}"), &[&more(24_000_000_000)]);
    let yaml = |projections: &str| {
        format!(
            "populations: [{{name: a, neurons: 90000, model: integrate-fire}}, {{name: b, neurons: 2, model: integrate-fire}}]\n\
             projections: [{projections}]"
        )
    };
    let first = "{from: b, to: b, pattern: {all-to-all: {}}}";
    for (pattern, count) in [
        ("{all-to-all: {}}", 8_100_000_000u64),
        ("{all-to-all: {itself: false}}", 8_099_910_000),
        ("{probability: {probability: 1}}", 8_099_370_003),
        (
            "{convolution: {width: 300, height: 300, filters: 1, kernel: [301, 301], padding: [150, 150]}}",
            4_576_522_500,
        ),
    ] {
        let found = compile(&yaml(&format!("{first}, {{from: a, to: a, pattern: {pattern}}}"))).unwrap_err();
        let room = "beside the 4 of other projections; allowed: at most 4294967290";
        let expected =
            format!("projections[1].pattern: {count} synapses are more than a network can hold {room}");
        assert_eq!(found, expected);
    }
}

#[test]
fn spike_trains_come_from_a_file() {
    let population = |more: &str| format!("populations: [{{name: a, neurons: 3, {more}}}]");
    let net = compile(&population("model: {source-list: {repeat: 10}}, trains: trains.csv")).unwrap();
    let mut bench = Bench::new(net, 1).unwrap();
    let fired: Vec<Vec<u32>> =
        (0..15).map(|_| (bench.step().unwrap(), bench.fired().iter().map(|it| it.0).collect()).1).collect();
    let spikes = |neuron| (1..16).filter(|&step| fired[step - 1].contains(&neuron)).collect::<Vec<_>>();
    assert_eq!((spikes(0), spikes(1), spikes(2)), (vec![5, 15], vec![], vec![1, 3, 11, 13]));
    for (more, expected) in [
        (
            "model: source-list, trains: wrong-trains.csv",
            "populations[0].trains: wrong-trains.csv:2: there is no neuron 3",
        ),
        ("model: source-list, trains: wrong-trains.csv", "wrong-trains.csv:3: is not a neuron and a step"),
        ("model: source-list, trains: wrong-trains.csv", "wrong-trains.csv:4: the first step has number 1"),
        ("model: source-list, trains: none.csv", "populations[0].trains: `none.csv` cannot be read"),
        ("model: integrate-fire, trains: trains.csv", "trains: a file of spike trains is for `source-list`"),
        ("model: {source-list: {steps: [1]}}, trains: trains.csv", "trains: the model lists `steps` already"),
    ] {
        let found = compile(&population(more)).unwrap_err();
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
}

#[test]
fn projections_name_the_taps_of_dendrites() {
    let net = |projection: &str| {
        compile(&format!(
            "populations:\n\
             - {{name: a, neurons: 3, model: integrate-fire}}\n\
             - {{name: b, neurons: 4, model: integrate-fire, dendrite: {{decay: [0.9, 0.8, 0.7], exchange: [0.1, 0.1]}},\n   \
             parts: [{{neurons: [3, 3], model: integrate-fire, dendrite: {{decay: [0.5], read: on-arrival}}}}]}}\n\
             - {{name: two, neurons: 1, model: lif-cond, dendrite: {{decay: [0.9, 0.8], exchange: [0.1]}}}}\n\
             projections: [{projection}]"
        ))
    };
    let inputs = |projection: &str| {
        let net = net(projection).unwrap();
        let of = |source| {
            net.synapses.of(NeuronId(source)).map(|it| (it.target.0, it.channel)).collect::<Vec<_>>()
        };
        (0..3).flat_map(of).collect::<Vec<_>>()
    };
    assert_eq!(inputs("{from: a, to: 'b[0..2]', pattern: one-to-one, tap: 2}"), [(3, 2), (4, 2), (5, 2)]);
    assert_eq!(inputs("{from: a, to: b, pattern: {list: {file: taps.csv}}}"), [(4, 2), (3, 0)]);
    // Behind two channels.
    assert_eq!(inputs("{from: 'a[0]', to: two, pattern: {all-to-all: {}}, tap: 1}"), [(7, 2)]);
    assert_eq!(inputs("{from: 'a[0]', to: two, pattern: {all-to-all: {}}, channel: 1}"), [(7, 1)]);
    let dendrites = net("").unwrap().dendrites;
    let taps = |neuron| dendrites.of(NeuronId(neuron)).map(crate::neuron::Dendrite::taps);
    assert_eq!([2, 3, 5, 6, 7, 8].map(taps), [None, Some(3), Some(3), Some(1), Some(2), None]);

    let wrong = |projection: &str, expected: &str| {
        let found = net(projection).unwrap_err();
        assert!(found.contains(expected), "{found}\ndoes not say\n{expected}");
    };
    let all = |rest: &str| format!("{{from: a, pattern: {{all-to-all: {{}}}}, {rest}}}");
    let none = "projections[0].tap: there is no tap 1 at dendrites of";
    wrong(&all("to: b, tap: 1"), &format!("{none} `b`; allowed: 0 to 0"));
    wrong(&all("to: a, tap: 1"), &format!("{none} `a`; allowed: 0 to 0"));
    wrong(
        &all("to: two, tap: 1, channel: 1"),
        "a dendrite leads to channel 0, and tap 1 is not on channel 1",
    );
    wrong(
        "{from: a, to: b, tap: 1, pattern: {list: {file: taps.csv}}}",
        "projections[0].tap: there is no tap 1 at dendrites of `b`",
    );
    wrong(
        "{from: a, to: 'b[0..2]', tap: 1, pattern: {list: {file: taps.csv}}}",
        "projections[0].tap: the file of the pattern says the taps already",
    );
    let file = "{from: a, to: b, pattern: {list: {file: wrong-taps.csv}}}";
    wrong(file, "wrong-taps.csv:2: there is no tap 3 at dendrites of `b`; allowed: 0 to 2");
    wrong(file, "wrong-taps.csv:3: the tap is `x`; allowed: a whole number from 0 to 254");
    wrong(file, "wrong-taps.csv:4: there is no tap 1 at dendrites of `b`; allowed: 0 to 0");
    let of = |dendrite: &str| format!("populations: [{{name: a, neurons: 3, dendrite: {dendrite}}}]");
    let cells = of("{decay: [0.5, 2]}, model: integrate-fire");
    let found = compile(&cells).unwrap_err();
    assert!(found.contains("populations[0].dendrite.exchange: 2 taps have 1 pairs of neighbours"), "{found}");
    let source = of("{decay: [0.5]}, model: {source-list: {steps: [1]}}");
    let found = compile(&source).unwrap_err();
    assert!(found.contains("populations[0].dendrite: `source-list` takes no input"), "{found}");
}

#[test]
fn relays_are_seated_with_their_sources_or_as_the_mapping_says() {
    let described = |more: &str, longest: u16| {
        let yaml = format!(
            "populations: [{{name: a, neurons: 2, model: {{integrate-fire: {{}}}}}}]\nrelays: true\n\
             projections: [{{from: a, to: a, pattern: one-to-one, delays: {{constant: 10}}}}]\n{more}"
        );
        let deserializer = serde_yaml::Deserializer::from_str(&yaml);
        let params: NetworkParams =
            serde_yaml::with::singleton_map_recursive::deserialize(deserializer).unwrap();
        params.compile_for(longest, &|_| Err(std::io::ErrorKind::NotFound.into()), 1)
    };
    let seats = |more: &str, longest: u16| {
        let Described { net, seats } = described(more, longest).unwrap();
        let seat = |it: &Seat| {
            (net.populations[it.neurons.population].name.clone(), it.neurons.span.first.0, it.core)
        };
        (net.relays(), seats.iter().map(seat).collect::<Vec<_>>())
    };
    let of = |list: &[(&str, u32, u32)]| {
        list.iter().map(|&(name, first, core)| (name.to_owned(), first, core)).collect()
    };
    assert_eq!(seats("", 4), (4, Vec::new()));
    let apart = "mapping: [{neurons: 'a[1]', core: 3}, {neurons: 'a[0]', core: 5}]";
    assert_eq!(seats(apart, 10), (0, of(&[("a", 1, 3), ("a", 0, 5)])));
    assert_eq!(seats(apart, 4), (4, of(&[("a", 1, 3), ("a", 0, 5), ("relays", 4, 3), ("relays", 2, 5)])));
    let named = "mapping: [{neurons: a, core: 3}, {neurons: relays, core: 6}]";
    assert_eq!(seats(named, 4), (4, of(&[("a", 0, 3), ("relays", 2, 6)])));
    let found =
        described("mapping: [{neurons: a, core: 3}, {neurons: 'relays[0]', core: 6}]", 4).unwrap_err();
    assert_eq!(found.to_string(), "mapping: neuron 3 is placed 0 times; all are to be placed once, or none");
    let found = described("mapping: [{neurons: relays, core: 6}]", 10).unwrap_err();
    assert!(found.to_string().contains("mapping[0].neurons: there is no population `relays`"), "{found}");
}

//! The grid: what rows can be like, how many there are, and what is asked about them.

use super::{
    draw::{Stream, logistic},
    frame::{Frame, Question},
};
use modelgate::{
    model::{Columns, Task},
    predictions::block::Values,
    stats::normal,
};

/// Draws `n` rows. The second frame is the baseline's, for comparisons.
pub type Draw = Box<dyn Fn(&mut Stream, usize) -> (Frame, Option<Frame>) + Send + Sync>;

/// One kind of rows, asked one question, at several sizes.
pub struct Situation {
    pub name: String,
    pub question: Question,
    pub draw: Draw,
    pub sizes: Vec<usize>,
    /// Metrics whose truth is known exactly.
    pub known: Vec<(&'static str, f64)>,
}

fn texts(classes: &[&'static str], codes: Vec<u32>) -> Values {
    Values::Text { dictionary: classes.iter().map(|c| Box::from(*c)).collect(), codes }
}

/// The columns of a score and its label.
fn scored(cluster: bool) -> Columns {
    Columns {
        label: Some("label".into()),
        prediction: Some("label".into()),
        score: Some("score".into()),
        cluster: cluster.then(|| "cluster".into()),
        ..Columns::default()
    }
}

/// A score for each row of a class.
type Score = Box<dyn Fn(&mut Stream, bool) -> f64 + Send + Sync>;

/// The separation at which two normal distributions have this area.
fn apart(area: f64) -> f64 {
    normal::quantile(area) * 2.0_f64.sqrt()
}

/// What scores can be like.
fn scores() -> Vec<(String, Score)> {
    let mut all: Vec<(String, Score)> = Vec::new();
    for area in [0.55, 0.7, 0.83, 0.9, 0.95, 0.98, 0.995] {
        let d = apart(area);
        all.push((
            format!("normal scores, area {area}"),
            Box::new(move |r, p| r.normal() + if p { d } else { 0.0 }),
        ));
    }
    for (area, spread) in [(0.83, 0.3), (0.95, 0.3), (0.83, 3.0), (0.95, 3.0)] {
        let d = normal::quantile(area) * (1.0_f64 + spread * spread).sqrt();
        all.push((
            format!("normal scores, spread {spread} of the positives, area {area}"),
            Box::new(move |r, p| if p { r.normal() * spread + d } else { r.normal() }),
        ));
    }
    for area in [0.83, 0.98] {
        let k = area / (1.0 - area);
        all.push((
            format!("exponential scores, area {area}"),
            Box::new(move |r, p| r.exponential() * if p { k } else { 1.0 }),
        ));
    }
    for area in [0.83, 0.95, 0.98] {
        let d = apart(area);
        all.push((
            format!("scores in whole steps, area {area}"),
            Box::new(move |r, p| (r.normal() + if p { d } else { 0.0 }).round()),
        ));
    }
    for rate in [0.7, 0.9, 0.98] {
        all.push((
            format!("two scores, right at {rate}"),
            Box::new(move |r, p| f64::from(u8::from(r.chance(rate) == p))),
        ));
    }
    for share in [0.01, 0.02, 0.05, 0.15] {
        all.push((
            format!("{share} of the positives lost below all"),
            Box::new(move |r, p| {
                let lost = p && r.chance(share);
                r.normal()
                    + if lost {
                        -50.0
                    } else if p {
                        10.0
                    } else {
                        -10.0
                    }
            }),
        ));
        all.push((
            format!("{share} of the negatives above all"),
            Box::new(move |r, p| {
                let alarm = !p && r.chance(share);
                r.normal()
                    + if alarm {
                        50.0
                    } else if p {
                        10.0
                    } else {
                        -10.0
                    }
            }),
        ));
    }
    all
}

fn labels(r: &mut Stream, n: usize, share: f64, fixed: bool) -> Vec<bool> {
    if fixed {
        let positives = (share * n as f64).round() as usize;
        return (0..n).map(|i| i < positives).collect();
    }
    (0..n).map(|_| r.chance(share)).collect()
}

fn ranked(labels: &[bool], scores: Vec<f64>) -> Frame {
    Frame::default()
        .with("label", Values::Int(labels.iter().map(|l| i64::from(*l)).collect()))
        .with("score", Values::F64(scores))
}

/// Areas and average precision, by kind of scores and share of positives.
pub fn areas() -> Vec<Situation> {
    let mut all = Vec::new();
    for share in [0.03, 0.1, 0.5] {
        for (place, (name, score)) in scores().into_iter().enumerate() {
            let fixed = share != 0.1;
            let sizes = match (share, place % 3) {
                (0.03, 0) => vec![400],
                (0.03, _) => continue,
                (0.1, 2) => vec![200, 1_000, 10_500],
                (0.1, _) => vec![200, 1_000],
                _ => vec![40, 200],
            };
            all.push(Situation {
                name: format!("{name}, {share} positive"),
                question: Question {
                    columns: scored(false),
                    metrics: vec!["roc_auc", "average_precision", "ks_statistic"],
                    ..Question::default()
                },
                draw: Box::new(move |r, n| {
                    let labels = labels(r, n, share, fixed);
                    let scores = labels.iter().map(|l| score(r, *l)).collect();
                    (ranked(&labels, scores), None)
                }),
                sizes,
                known: Vec::new(),
            });
        }
    }
    for (area, spread) in [(0.9, 1.0_f64), (0.98, 1.0), (0.9, 3.0)] {
        let d = apart(area) * (1.0 + spread * spread).sqrt();
        all.push(Situation {
            name: format!("clusters of 1 to 9 rows, spread {spread} between them"),
            question: Question {
                columns: scored(true),
                metrics: vec!["roc_auc", "average_precision", "ks_statistic"],
                ..Question::default()
            },
            draw: Box::new(move |r, n| {
                let mut cluster = Vec::with_capacity(n);
                let (mut labels, mut scores) = (Vec::new(), Vec::new());
                let mut number = 0;
                while scores.len() < n {
                    number += 1;
                    let (rows, shift, p) =
                        (1 + (r.uniform() * 9.0) as usize, spread * r.normal(), r.chance(0.3));
                    for _ in 0..rows.min(n - scores.len()) {
                        cluster.push(number);
                        labels.push(p);
                        scores.push(r.normal() + shift + if p { d } else { 0.0 });
                    }
                }
                (ranked(&labels, scores).with("cluster", Values::Int(cluster)), None)
            }),
            sizes: vec![200, 1_000],
            known: Vec::new(),
        });
    }
    all
}

/// Two models on the same rows.
pub fn paired() -> Vec<Situation> {
    let mut all = Vec::new();
    for cluster in [false, true] {
        for (share, sizes) in [(0.1, vec![200, 1_000]), (0.5, vec![200])] {
            for (better, worse, common) in [
                (0.9, 0.9, 0.9),
                (0.98, 0.95, 0.8),
                (0.9, 0.9, 0.0),
                (0.85, 0.95, 0.5),
                (0.98, 0.98, 0.99),
            ] {
                let (c, b) = (apart(better), apart(worse));
                all.push(Situation {
                    name: format!(
                        "areas {better} and {worse}, {common} in common, {share} positive{}",
                        if cluster { ", clusters of 4" } else { "" }
                    ),
                    question: Question {
                        columns: scored(cluster),
                        metrics: vec![
                            "roc_auc",
                            "average_precision",
                            "log_loss",
                            "brier_score_loss",
                        ],
                        compared: true,
                        factor: 1.0,
                    },
                    draw: Box::new(move |r, n| {
                        let (mut labels, mut keys) = (Vec::new(), Vec::new());
                        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                        let size = if cluster { 4 } else { 1 };
                        while labels.len() < n {
                            let (p, shift) = (r.chance(share), r.normal());
                            for _ in 0..size {
                                let both = if cluster { shift } else { r.normal() };
                                let mut one = |d: f64| {
                                    let z = common * both
                                        + (1.0_f64 - common * common).sqrt() * r.normal();
                                    logistic(z + if p { d } else { 0.0 } - 1.5)
                                };
                                ours.push(one(c));
                                theirs.push(one(b));
                                labels.push(p);
                                keys.push((labels.len() as i64 - 1) / size);
                            }
                        }
                        let cluster = Values::Int(keys);
                        (
                            ranked(&labels, ours).with("cluster", cluster.clone()),
                            Some(ranked(&labels, theirs).with("cluster", cluster)),
                        )
                    }),
                    sizes: sizes.clone(),
                    known: Vec::new(),
                });
            }
            let missed = 0.02;
            all.push(Situation {
                name: format!(
                    "each model loses {missed} of the rows, {share} positive{}",
                    if cluster { ", clusters of 4" } else { "" }
                ),
                question: Question {
                    columns: scored(cluster),
                    metrics: vec!["roc_auc", "average_precision"],
                    compared: true,
                    factor: 1.0,
                },
                draw: Box::new(move |r, n| {
                    let labels: Vec<bool> = if cluster {
                        (0..n.div_ceil(4)).flat_map(|_| [r.chance(share); 4]).take(n).collect()
                    } else {
                        labels(r, n, share, false)
                    };
                    let lost: Vec<[bool; 2]> = if cluster {
                        (0..n.div_ceil(4))
                            .flat_map(|_| [[r.chance(missed), r.chance(missed)]; 4])
                            .take(n)
                            .collect()
                    } else {
                        (0..n).map(|_| [r.chance(missed), r.chance(missed)]).collect()
                    };
                    let side = |r: &mut Stream, i: usize| -> Vec<f64> {
                        labels
                            .iter()
                            .zip(&lost)
                            .map(|(p, lost)| {
                                logistic(r.normal() + if *p != lost[i] { 9.0 } else { -9.0 })
                            })
                            .collect()
                    };
                    let keys = Values::Int((0..n as i64).map(|i| i / 4).collect());
                    (
                        ranked(&labels, side(r, 0)).with("cluster", keys.clone()),
                        Some(ranked(&labels, side(r, 1)).with("cluster", keys)),
                    )
                }),
                sizes: sizes.clone(),
                known: Vec::new(),
            });
        }
    }
    all
}

/// Losses and calibration of probabilities.
pub fn probabilities() -> Vec<Situation> {
    type Pair = Box<dyn Fn(&mut Stream) -> (f64, f64) + Send + Sync>;
    let kinds: Vec<(&str, bool, Pair)> = vec![
        (
            "calibrated, uniform",
            true,
            Box::new(|r| {
                let p = r.uniform();
                (p, p)
            }),
        ),
        (
            "calibrated, mostly near 0.5",
            true,
            Box::new(|r| {
                let p = logistic(0.4 * r.normal());
                (p, p)
            }),
        ),
        (
            "calibrated, rare positives",
            true,
            Box::new(|r| {
                let p = 0.1 * r.uniform().powi(2);
                (p, p)
            }),
        ),
        (
            "calibrated, confident",
            true,
            Box::new(|r| {
                let p = logistic(4.0 * r.normal());
                (p, p)
            }),
        ),
        (
            "overconfident",
            false,
            Box::new(|r| {
                let z = r.normal();
                (logistic(3.0 * z), logistic(z))
            }),
        ),
        (
            "too high by 0.05",
            false,
            Box::new(|r| {
                let p = 0.9 * r.uniform();
                (p + 0.05, p)
            }),
        ),
        (
            "rounded to 0, 1% positive there",
            false,
            Box::new(|r| {
                if r.chance(0.5) {
                    (0.0, 0.01)
                } else {
                    let p = r.uniform();
                    (p, p)
                }
            }),
        ),
        (
            "rounded to 0, 0.1% positive there",
            false,
            Box::new(|r| {
                if r.chance(0.8) {
                    (0.0, 0.001)
                } else {
                    let p = r.uniform();
                    (p, p)
                }
            }),
        ),
        (
            "rounded to two decimals",
            false,
            Box::new(|r| {
                let p = logistic(3.0 * r.normal());
                ((p * 100.0).round() / 100.0, p)
            }),
        ),
        ("always 0.5 of 0.3", false, Box::new(|_| (0.5, 0.3))),
    ];
    let mut all = Vec::new();
    for (name, calibrated, pair) in kinds {
        let known = if calibrated { vec![("expected_calibration_error", 0.0)] } else { Vec::new() };
        all.push(Situation {
            name: name.to_owned(),
            question: Question {
                columns: scored(false),
                metrics: vec![
                    "log_loss",
                    "brier_score_loss",
                    "expected_calibration_error",
                    "calibration_p_value",
                ],
                ..Question::default()
            },
            draw: Box::new(move |r, n| {
                let (mut labels, mut scores) = (Vec::new(), Vec::new());
                for _ in 0..n {
                    let (score, truth) = pair(r);
                    scores.push(score);
                    labels.push(r.chance(truth));
                }
                (ranked(&labels, scores), None)
            }),
            sizes: vec![50, 200, 1_000, 10_500],
            known,
        });
    }
    all
}

/// Several classes, some of them rare.
pub fn classes() -> Vec<Situation> {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let mut all = Vec::new();
    for (name, shares, right) in [
        ("three classes", vec![0.4, 0.3, 0.3], vec![0.9, 0.8, 0.7]),
        ("one class of 2%", vec![0.5, 0.48, 0.02], vec![0.95, 0.9, 0.8]),
        ("one class of 5%, nearly always right", vec![0.6, 0.35, 0.05], vec![0.99, 0.99, 0.97]),
        (
            "six classes, two of 2%",
            vec![0.3, 0.3, 0.2, 0.16, 0.02, 0.02],
            vec![0.9, 0.9, 0.9, 0.9, 0.7, 0.95],
        ),
        ("one class of 2%, mostly wrong", vec![0.58, 0.4, 0.02], vec![0.9, 0.9, 0.3]),
    ] {
        let count = shares.len();
        all.push(Situation {
            name: name.to_owned(),
            question: Question {
                columns: Columns {
                    label: Some("label".into()),
                    prediction: Some("prediction".into()),
                    task: Some(Task::Multiclass),
                    ..Columns::default()
                },
                metrics: vec![
                    "precision@macro avg",
                    "recall@macro avg",
                    "f1@macro avg",
                    "f1@weighted avg",
                    "precision@weighted avg",
                    "balanced_accuracy",
                    "matthews_corrcoef",
                    "cohen_kappa",
                ],
                ..Question::default()
            },
            draw: Box::new(move |r, n| {
                let (mut labels, mut predictions) = (Vec::new(), Vec::new());
                for _ in 0..n {
                    let label = r.class(&shares);
                    let prediction = if r.chance(right[label]) {
                        label
                    } else {
                        (label + 1 + (r.uniform() * (count - 1) as f64) as usize) % count
                    };
                    labels.push(label as u32);
                    predictions.push(prediction as u32);
                }
                let frame = Frame::default()
                    .with("label", texts(&NAMES[..count], labels))
                    .with("prediction", texts(&NAMES[..count], predictions));
                (frame, None)
            }),
            sizes: vec![100, 300, 1_000, 3_000],
            known: Vec::new(),
        });
    }
    all
}

/// Errors of a regression, with light and heavy tails.
pub fn errors() -> Vec<Situation> {
    let kinds: Vec<(&str, Error)> = vec![
        ("normal errors", Box::new(Stream::normal)),
        ("uniform errors", Box::new(|r| r.uniform() - 0.5)),
        ("Laplace errors", Box::new(|r| r.exponential() * if r.chance(0.5) { 1.0 } else { -1.0 })),
        ("errors of Student's t, 5 degrees", Box::new(|r| r.student(5))),
        ("errors of Student's t, 3 degrees", Box::new(|r| r.student(3))),
        ("errors of Student's t, 2 degrees", Box::new(|r| r.student(2))),
        ("lognormal errors, σ 0.5", Box::new(|r| (0.5 * r.normal()).exp())),
        ("lognormal errors, σ 1", Box::new(|r| r.normal().exp())),
        ("lognormal errors, σ 1.5", Box::new(|r| (1.5 * r.normal()).exp())),
        (
            "5% of the errors five times as large",
            Box::new(|r| r.normal() * if r.chance(0.05) { 5.0 } else { 1.0 }),
        ),
    ];
    let mut all = Vec::new();
    for (name, error) in kinds {
        all.push(regression(name.to_owned(), Box::new(|r| 3.0 * r.normal()), error));
    }
    let heavy: Error = Box::new(|r| (1.2 * r.normal()).exp());
    all.push(regression(
        "normal errors, lognormal labels".to_owned(),
        heavy,
        Box::new(Stream::normal),
    ));
    all
}

type Error = Box<dyn Fn(&mut Stream) -> f64 + Send + Sync>;

fn regression(name: String, label: Error, error: Error) -> Situation {
    Situation {
        name,
        question: Question {
            columns: Columns {
                label: Some("label".into()),
                prediction: Some("prediction".into()),
                task: Some(Task::Regression),
                ..Columns::default()
            },
            metrics: vec![
                "mean_absolute_error",
                "root_mean_squared_error",
                "r2",
                "median_absolute_error",
            ],
            ..Question::default()
        },
        draw: Box::new(move |r, n| {
            let (mut labels, mut predictions) = (Vec::new(), Vec::new());
            for _ in 0..n {
                let label = label(r);
                labels.push(label);
                predictions.push(label + error(r));
            }
            let frame = Frame::default()
                .with("label", Values::F64(labels))
                .with("prediction", Values::F64(predictions));
            (frame, None)
        }),
        sizes: vec![100, 500, 2_000, 10_500],
        known: Vec::new(),
    }
}

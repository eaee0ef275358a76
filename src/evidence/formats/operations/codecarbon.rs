//! codecarbon's `emissions.csv`, its runs as JSON, and its tables of tasks.
//!
//! The table has a row for each run, and new runs are appended. Columns differ between versions
//! (the first has no powers, later ones no water or no load), so they are read by name. Units are
//! fixed by the tool's documentation: energy in kWh, duration in seconds, emissions in kilograms of
//! CO₂ equivalent, power in watts, water in litres. Runs of one project have the same slice with
//! different values, and a rule that selects them is in conflict until only one run is left.
//! Descriptions of the machine (`cpu_count`, `longitude`, `pue`, …) are not measurements.
//! `timestamp` is local time without a zone, so it gives no moment.

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family, collector::Collector, json::Json,
    precision::Precision,
};
use crate::model::{Evidence, Producer, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "codecarbon",
    title: "codecarbon's emissions.csv, or a run as JSON",
    family: Family::Operations,
    written_by: "EmissionsTracker(project_name=…).start() … .stop()",
    reads: "energy in kWh, emissions in kg, duration in seconds, powers and shares of use for each run, with the project as \
            slice. n stays unknown.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::Checks],
    recognised_by: "columns or keys `project_name`, `duration`, `emissions` and `energy_consumed`",
    rule: "id = \"energy\"\nmetric = \"energy\"\nmax = \"0.5 kWh\"\npoint_estimate = \"allow\"",
    detect,
    read,
};

const KEYS: [&str; 4] = ["project_name", "duration", "emissions", "energy_consumed"];

/// Columns that are measured, our name of each, and its unit if we have it.
const COLUMNS: [(&str, &str, Option<Unit>); 15] = [
    ("duration", "duration", Some(Unit::Seconds)),
    ("emissions", "emissions", None),
    ("emissions_rate", "emissions_rate", None),
    ("cpu_power", "cpu_power", None),
    ("gpu_power", "gpu_power", None),
    ("ram_power", "ram_power", None),
    ("cpu_energy", "cpu_energy", Some(Unit::KilowattHours)),
    ("gpu_energy", "gpu_energy", Some(Unit::KilowattHours)),
    ("ram_energy", "ram_energy", Some(Unit::KilowattHours)),
    ("energy_consumed", "energy", Some(Unit::KilowattHours)),
    ("water_consumed", "water_consumed", None),
    ("cpu_utilization_percent", "cpu_utilization_percent", Some(Unit::Percent)),
    ("gpu_utilization_percent", "gpu_utilization_percent", Some(Unit::Percent)),
    ("ram_utilization_percent", "ram_utilization_percent", Some(Unit::Percent)),
    ("ram_used_gb", "ram_used_gb", Some(Unit::Gibibytes)),
];

/// Columns that describe the run or the machine.
const ABOUT: [&str; 25] = [
    "timestamp",
    "project_name",
    "task_name",
    "run_id",
    "experiment_id",
    "experiment_name",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "on_cloud",
    "os",
    "python_version",
    "codecarbon_version",
    "cpu_count",
    "cpu_model",
    "gpu_count",
    "gpu_model",
    "longitude",
    "latitude",
    "ram_total_size",
    "tracking_mode",
    "pue",
    "wue",
];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let found = if document.looks_like_json() {
        let run = match document.object() {
            Ok(object) => Some(object),
            Err(_) => document.array()?.first().and_then(Json::as_object),
        };
        run.is_some_and(|run| KEYS.iter().all(|key| run.has(key)))
    } else {
        let header = document.header(b',')?;
        KEYS.iter().all(|key| header.iter().any(|cell| cell == key))
    };
    if found {
        Ok(())
    } else {
        Err(Declined::because("no `project_name`, `duration`, `emissions` and `energy_consumed`"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let runs = if document.looks_like_json() {
        json(&mut collector, document)?
    } else {
        csv(&mut collector, document)?
    };
    if runs == 0 {
        collector.check(
            "energy_consumed",
            false,
            Some("the file holds no run: nothing was measured".to_owned()),
        );
    } else if runs > 1 {
        collector
            .warn(format!("{runs} runs are appended in this file; each is read, none is summed"));
    }
    collector.warn("`timestamp` has no zone: when the run was made is not known");
    collector.finish()
}

fn json(collector: &mut Collector<'_>, document: &Document<'_>) -> Result<usize, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let runs = json.as_array().unwrap_or(std::slice::from_ref(json));
    for run in runs {
        let Some(object) = run.as_object() else {
            return Err(document.invalid(ADAPTER.id, run.at, format!("a run is {}", run.kind())));
        };
        let text = |key: &str| object.get(key).and_then(Json::as_str);
        let from = collector.evidence.measurements.len();
        let slice =
            about(collector, text("project_name"), text("task_name"), text("codecarbon_version"));
        for member in object {
            if let Some((theirs, ours, unit)) = COLUMNS.iter().find(|column| column.0 == member.key)
            {
                if let Some(m) = collector.measure(ours, theirs, slice.clone(), &member.value) {
                    m.unit = *unit;
                }
            } else if !ABOUT.contains(&&*member.key) {
                collector.left_out(&member.key);
            }
        }
        consumed(collector, from, &slice);
    }
    Ok(runs.len())
}

fn csv(collector: &mut Collector<'_>, document: &Document<'_>) -> Result<usize, EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let header: Vec<&str> = table.header().collect();
    for row in table.rows() {
        if row.len() != header.len() {
            let message = format!(
                "the row has {} cells, the header {}: was the file cut off?",
                row.len(),
                header.len()
            );
            return Err(document.invalid(ADAPTER.id, row.at, message));
        }
        let text = |key: &str| table.column(key).and_then(|i| row.get(i));
        let from = collector.evidence.measurements.len();
        let slice =
            about(collector, text("project_name"), text("task_name"), text("codecarbon_version"));
        for (name, text) in header.iter().zip(row.cells()) {
            if let Some((theirs, ours, unit)) = COLUMNS.iter().find(|column| column.0 == *name) {
                if let Some(m) = collector.measure_text(ours, theirs, slice.clone(), text) {
                    m.unit = *unit;
                }
            } else if !ABOUT.contains(name) {
                collector.left_out(name);
            }
        }
        consumed(collector, from, &slice);
    }
    Ok(table.rows().len())
}

/// Records which tool wrote the run; returns the run's slice.
fn about(
    collector: &mut Collector<'_>,
    project: Option<&str>,
    task: Option<&str>,
    version: Option<&str>,
) -> Slice {
    collector.evidence.producer = Some(Producer {
        tool: Some("codecarbon".to_owned()),
        version: version.filter(|version| !version.is_empty()).map(str::to_owned),
        run: None,
    });
    let axes = [("project_name", project), ("task_name", task)];
    Slice(
        axes.into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect(),
    )
}

/// Parts of the names of values that are computed from the meters.
const RESTS: [&str; 4] = ["emissions", "energy", "power", "water"];

/// Adds a failed check for a run that consumed nothing. It was not measured: a tracker that finds
/// no meter writes zeros.
fn consumed(collector: &mut Collector<'_>, from: usize, slice: &Slice) {
    let run = collector.evidence.measurements.iter().skip(from);
    let energy =
        run.filter(|m| m.slice == *slice).find(|m| m.metric == "energy").and_then(|m| m.value);
    if energy.is_none_or(|energy| energy <= 0.0) {
        collector.check(
            "energy_consumed",
            false,
            Some(format!("no energy was measured for {slice}")),
        );
        let run = collector.evidence.measurements.iter_mut().skip(from);
        for m in run.filter(|m| RESTS.iter().any(|word| m.metric.contains(word))) {
            m.unfit = Some("no energy was measured: the tracker found no meter".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    #[test]
    fn the_first_version_is_read_by_its_columns() {
        let evidence = of("timestamp,experiment_id,project_name,duration,emissions,energy_consumed,country_name,country_iso_code,region,\
             on_cloud,cloud_provider,cloud_region\n2021-01-01T00:00:00,x,p,12.5,0.001,0.002,France,FRA,idf,N,,\n").unwrap();
        let energy = evidence.measurements.iter().find(|m| m.metric == "energy").unwrap();
        assert_eq!((energy.value, energy.unit), (Some(0.002), Some(Unit::KilowattHours)));
        assert_eq!(energy.slice, Slice::one("project_name", "p"));
        assert_eq!(
            (evidence.measurements.len(), evidence.checks.len(), evidence.produced_at),
            (3, 0, None)
        );
    }

    #[test]
    fn a_table_of_tasks_has_a_second_axis() {
        let evidence = of("task_name,timestamp,project_name,duration,emissions,energy_consumed\nfit,t,p,1,0.1,0.2\nscore,t,p,1,0.1,0.3\n").unwrap();
        assert_eq!(evidence.measurements.iter().filter(|m| m.metric == "energy").count(), 2);
        assert_eq!(evidence.measurements[0].slice.to_string(), "project_name = p, task_name = fit");
    }

    #[test]
    fn no_run_and_no_energy_are_failed_checks() {
        let header = "timestamp,project_name,duration,emissions,energy_consumed\n";
        assert!(!of(header).unwrap().checks[0].passed);
        assert!(!of(&format!("{header}t,p,1.0,0.0,0.0\n")).unwrap().checks[0].passed);
        assert!(
            !of(
                r#"{"project_name": "p", "duration": 1, "emissions": NaN, "energy_consumed": null}"#
            )
            .unwrap()
            .checks[0]
                .passed
        );
    }

    #[test]
    fn a_row_cut_off_is_refused() {
        assert!(
            of("timestamp,project_name,duration,emissions,energy_consumed\nt,p,1.0\n").is_err()
        );
        assert!(of("{}").is_err());
    }
}

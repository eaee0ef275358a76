"""Trains a bad and a good credit model and writes the evidence of both: the files that `modelgate demo` submits.

    python -m venv v && v/bin/pip install scikit-learn
    v/bin/python examples/demo/make_evidence.py

The applicants are synthetic: drawn from the distributions below with a fixed seed, so that this repository contains no
personal data. Everything else is real: the models are trained, the reports are written by scikit-learn, and the
latencies were measured on the machine that ran this. `produced_at` is absent on purpose: the submitter states it
(`--evidence produced-at=…:PATH`), because with an old date the demo would fail one day.
"""

import json
import math
import pathlib
import platform
import statistics
import sys
import time

import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
ROWS = 60_000
HOLDOUT = 20_000
REQUESTS = 5_000
DATASET = "applicants-2026q3"
MODEL = "acme/credit-risk"


def applicants(rng):
    """Columns: income, debt ratio, late payments, years employed, utilisation, age; then sex and default."""
    male = rng.random(ROWS) < 0.53
    income = rng.lognormal(10.4, 0.45, ROWS)
    age = rng.integers(21, 70, ROWS)
    employed = np.minimum(rng.exponential(7, ROWS), age - 18)
    late = rng.poisson(0.9, ROWS)
    debt = rng.beta(2, 4, ROWS) + 0.06 * late
    used = np.clip(rng.beta(2, 3, ROWS) + 0.05 * late, 0, 1.2)
    risk = (
        -2.2 * np.log(income / 33_000) + 7.0 * (debt - 0.4) + 1.9 * (late - 0.9) - 0.22 * (employed - 6)
        + 5.0 * (used - 0.45) + 3.0 * ((late >= 2) & (used > 0.6)) - 3.1
    )
    default = rng.random(ROWS) < 1 / (1 + np.exp(-1.7 * risk))
    columns = np.column_stack([income, debt, late, employed, used, age])
    return columns, np.where(male, "male", "female"), default.astype(int)


def per_group(truth, predicted, sex):
    """Recall of defaults and the share accepted, for each sex, with counts."""
    out = []
    for group in ("female", "male"):
        here = sex == group
        positives = int(np.sum(here & (truth == 1)))
        found = int(np.sum(here & (truth == 1) & (predicted == 1)))
        rows, accepted = int(np.sum(here)), int(np.sum(here & (predicted == 0)))
        out.append({"metric": "recall", "value": found / positives, "n": rows, "trials": positives, "successes": found,
                    "slice": {"sex": group}})
        out.append({"metric": "selection_rate", "value": accepted / rows, "n": rows, "trials": rows,
                    "successes": accepted, "slice": {"sex": group}})
    return out


def latency(model, rows):
    """p99 of single predictions, with a 95% one-sided interval from order statistics.

    The number of requests faster than the true p99 is binomial(n, 0.99); the order statistics at its 5% and 95%
    points are exact one-sided bounds whatever the distribution, for requests that are independent of each other.
    """
    for row in rows[:200]:
        model.predict(row.reshape(1, -1))
    times = []
    for i in range(REQUESTS):
        row = rows[i % len(rows)].reshape(1, -1)
        start = time.perf_counter()
        model.predict(row)
        times.append((time.perf_counter() - start) * 1_000)
    times.sort()
    q, n = 0.99, len(times)

    def point(p):  # smallest k with P(Binomial(n, q) <= k) >= p
        log = lambda k: math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(q) + (n - k) * math.log(1 - q)
        total = 0.0
        for k in range(int(n * q - 20 * math.sqrt(n * q * (1 - q))), n + 1):
            total += math.exp(log(k))
            if total >= p:
                return k
        return n

    lower, upper = times[max(point(0.05) - 1, 0)], times[min(point(0.95), n - 1)]
    value = times[math.ceil(q * n) - 1]
    print(f"  p50 {statistics.median(times):.3f} ms, p99 {value:.3f} ms in [{lower:.3f}, {upper:.3f}]", file=sys.stderr)
    interval = {"method": "order-statistics", "confidence": 0.95, "sides": 1, "lower": lower, "upper": upper}
    return {"metric": "latency", "quantile": q, "value": value, "unit": "ms", "n": n, "interval": interval}


def native(name, version, measurements, links=()):
    document = {
        "schema": "modelgate.evidence/v1",
        "subject": {"model": MODEL, "version": version},
        "dataset": {"name": DATASET},
        "producer": {"tool": "make_evidence.py", "version": f"scikit-learn {sklearn.__version__}"},
        "measurements": measurements,
        "links": list(links),
    }
    write(name, document)


def write(name, document):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def main():
    x, sex, y = applicants(np.random.default_rng(20261120))
    x_train, x_test, y_train, y_test, _, sex_test = train_test_split(
        x, y, sex, test_size=HOLDOUT, random_state=7, stratify=y
    )
    # The bad model ignores the payment history: its accuracy is still decent, because most applicants pay.
    bad = make_pipeline(StandardScaler(), LogisticRegression())
    good = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.08, random_state=7)
    for name, version, model, columns in (("bad", "2026.11.1", bad, [0, 1, 3]), ("good", "2026.11.2", good, list(range(6)))):
        model.fit(x_train[:, columns], y_train)
        rows = x_test[:, columns]
        predicted = model.predict(rows)
        report = classification_report(y_test, predicted, output_dict=True)
        print(f"{name}: accuracy {report['accuracy']:.4f}, recall {report['1']['recall']:.4f}, "
              f"precision {report['1']['precision']:.4f}, defaults {y_test.mean():.3f}", file=sys.stderr)
        write(f"{name}/classification-report.json", report)
        native(f"{name}/fairness.json", version, per_group(y_test, predicted, sex_test),
               [{"rel": "model-card", "href": f"https://models.example.com/credit-risk/{version}"}])
        native(f"{name}/latency.json", version, [latency(model, rows)])
        (HERE / name / "model.txt").write_text(
            f"The {name} model of the demo stands for its bytes here: {type(model).__name__}, {version}, "
            f"Python {platform.python_version()}.\n")


if __name__ == "__main__":
    main()

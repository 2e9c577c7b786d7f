"""Build the demo warehouse, and compare it with the national margins it was drawn to.

Usage: .venv/bin/python benchmarks/warehouse_build.py [--scale 1.0] [--seed 20260630] [--keep PATH]
Prints seconds, peak memory, rows by table, and every national margin with its deviation. Exits
with 1 when a margin at scale 1.0 is more than 3 per cent off.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb

from gateway.synthetic import generate, margins

AS_OF = date(2026, 6, 30)
TOLERANCE = 0.03

PREPARE = """
CREATE TEMP TABLE person AS SELECT DISTINCT * FROM atmt.henkilo;
CREATE TEMP TABLE unemployed AS
SELECT p.*, k.koodi, k.alkupvm, date_sub('year', p.syntymaaika, DATE '2026-06-30') AS age
FROM atmt.tyollisyyskoodi k JOIN person p USING (henkilo_id)
WHERE k.koodi IN ('02', '03') AND k.alkupvm <= DATE '2026-06-30' AND k.loppupvm IS NULL;
"""
SEEKERS = """
SELECT count(DISTINCT henkilo_id) FROM atmt.tyonhakujakso
WHERE alkupvm <= DATE '2026-06-30' AND coalesce(loppupvm, DATE '9999-12-31') >= DATE '2026-06-30'
"""
IN_SERVICE = "SELECT count(DISTINCT henkilo_id) FROM atmt.palvelujakso WHERE loppupvm IS NULL AND palvelu IN "
QUESTIONS = {
    margins.SEEKERS: SEEKERS,
    margins.UNEMPLOYED: "SELECT count(*) FROM unemployed",
    margins.MEN: "SELECT count(*) FROM unemployed WHERE sukupuoli = '1'",
    margins.WOMEN: "SELECT count(*) FROM unemployed WHERE sukupuoli = '2'",
    margins.UNDER_20: "SELECT count(*) FROM unemployed WHERE age < 20",
    margins.UNDER_25: "SELECT count(*) FROM unemployed WHERE age < 25",
    margins.OVER_50: "SELECT count(*) FROM unemployed WHERE age >= 50",
    margins.FOREIGN: "SELECT count(*) FROM unemployed WHERE kansalaisuus IS DISTINCT FROM 'FI'",
    margins.LONG_TERM: "SELECT count(*) FROM unemployed WHERE alkupvm < DATE '2025-06-30'",
    margins.LAID_OFF: "SELECT count(*) FROM unemployed WHERE koodi = '03'",
    margins.SUPPORTED_WORK: f"{IN_SERVICE} ('PALKKA', 'START')",
    margins.TRIALS: f"{IN_SERVICE} ('TYOK', 'KOKE')",
    margins.LABOUR_TRAINING: f"{IN_SERVICE} ('TVK')",
    margins.COACHING: f"{IN_SERVICE} ('VALM')",
    margins.OTHER_SERVICES: f"{IN_SERVICE} ('OMAE', 'KUNT', 'URAV', 'KOTO')",
    margins.OPEN_VACANCIES: "SELECT sum(paikkojen_maara) FROM tmt.tyopaikka WHERE suljettu IS NULL",
    margins.NEW_VACANCIES: "SELECT sum(paikkojen_maara) FROM tmt.tyopaikka WHERE avattu >= DATE '2026-06-01'",
}
MONTH_ENDS = """
SELECT strftime(m.day, '%Y-%m') AS month, count(DISTINCT j.henkilo_id) AS seekers
FROM (SELECT last_day(DATE '2024-07-01' + to_months(i::INT)) AS day FROM range(24) t(i)) m
JOIN atmt.tyonhakujakso j ON j.alkupvm <= m.day AND coalesce(j.loppupvm, DATE '9999-12-31') >= m.day
GROUP BY 1 ORDER BY 1
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20260630)
    parser.add_argument("--keep", type=Path, help="where to leave the warehouse")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "warehouse.duckdb"
        started = time.perf_counter()
        built = generate(path, scale=options.scale, seed=options.seed, as_of=AS_OF)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"scale {options.scale}: {seconds:.1f} s, peak {peak:.0f} MB,", end=" ")
        print(f"file {path.stat().st_size / 2**20:.0f} MB, {built}")
        return report(path, options.scale)


def report(path: Path, scale: float) -> int:
    """Print the tables, the margins and the month-ends; 1 when a margin is out of tolerance."""
    worst = 0.0
    with duckdb.connect(str(path), read_only=True) as connection:
        for schema, table in connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
        ).fetchall():
            rows = connection.execute(f"SELECT count(*) FROM {schema}.{table}").fetchone()
            print(f"{schema}.{table:28} {rows[0]:>10,}")
        connection.execute(PREPARE)
        for measure, question in QUESTIONS.items():
            expected = margins.load_margins(0).nation[measure] * scale
            found = connection.execute(question).fetchone()[0]
            worst = max(worst, abs(found / expected - 1))
            print(f"{measure:24} {found:>9,} of {expected:>11,.1f}  {found / expected - 1:+.2%}")
        for month, seekers in connection.execute(MONTH_ENDS).fetchall():
            print(f"{month} {seekers:>9,}")
    print(f"largest deviation {worst:.2%}")
    return int(scale == 1.0 and worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())

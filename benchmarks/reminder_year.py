"""A simulated year of reminders: workers killed at random, a mail server that fails, and a count of what became of it.

    python -m benchmarks.reminder_year [--consultations 500] [--kills 200] [--days 365]

Consultations are acted through the services. Three worker processes run the portal's own `remind_due` and
`deliver_due` by a clock that is a file; SIGKILL takes one of them at random moments, and another one is started. The
mail server fails one dialogue in ten at a random step. Once a day an operator looks at the messages whose fate nobody
knows, and resends those that the server's own log does not have. In some weeks all workers are down for days.

What was due is worked out independently (benchmarks.year_oracle). Where nobody looked over two moments of one
obligation, the newer one alone is due: the older is counted as given way. Who was to be told and has it done before
the mail could leave is not told: those mails are withdrawn, and counted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Live through a year and print the counts; the exit status is 1 when something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reminder_year", description=__doc__)
    for name, default in (("consultations", 500), ("kills", 200), ("days", 350), ("seed", 2026)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    # Every worker process loads this module anew, so that what it needs not is imported here.
    from benchmarks.year import Year

    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="portal-year-", dir=memory if memory.is_dir() else None) as made:
        counts = Year(Path(made), **vars(given)).run()
    for name, value in vars(counts).items():
        print(f"{name:20}{value}")
    print("each due reminder delivered once" if counts.is_well else "SOMETHING WENT WRONG")
    return 0 if counts.is_well else 1


if __name__ == "__main__":
    sys.exit(main())

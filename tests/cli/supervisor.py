"""Runs the programme as often as it is named, under `Processes`; prints what `wait` returned."""

import sys
from pathlib import Path

from portal.cli import processes

processes.STOP_SECONDS = 1
programme = Path(__file__).with_name("programme.py")
commands = {name: [sys.executable, str(programme), sys.argv[1], name] for name in sys.argv[2:]}
print(processes.Processes(commands).wait(), flush=True)

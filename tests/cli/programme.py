"""A small programme for the tests of processes: says that it runs, then does what it was told to."""

import signal
import sys
import time
from pathlib import Path

trace, behaviour = Path(sys.argv[1]), sys.argv[2]


def stop(*_):
    with trace.open("a") as file:
        file.write(f"{behaviour} stopped\n")
    sys.exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "stubborn" else stop)
with trace.open("a") as file:
    file.write(f"{behaviour} runs\n")
if behaviour == "fails":
    while "steady runs" not in trace.read_text():
        time.sleep(0.02)
    sys.exit(3)
time.sleep(60)

"""A process of its own for every piece of work, made at once: `python -m tests.crash.worker` forks for each order.

An order is a line of JSON. The new process stops before it begins, so that a tracer can be attached; its id goes back,
and when it has ended, its exit status.
"""

import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tests.crash.plants import planted
from tests.crash.works import WORKS


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _work(json.loads(line))
        os.waitpid(child, os.WUNTRACED)
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _work(order: dict[str, Any]) -> NoReturn:
    Path(order["acks"]).touch()
    os.chdir(Path(order["acks"]).parent)  # where no folder for temporary files can be made, they come here
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        with planted(order["plant"]):
            WORKS[order["work"]].work(Path(order["root"]), lambda name: _ack(order["acks"], name))
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
        with suppress(OSError):  # its disk may be full
            Path(order["acks"]).with_suffix(".err").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def _ack(acks: str, name: str) -> None:
    with open(acks, "ab", buffering=0) as file:
        file.write(f"{name}\n".encode())


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

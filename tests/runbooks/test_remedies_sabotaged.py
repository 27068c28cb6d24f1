"""Whatever Y did instead of its work, Z looks at the data and does not believe it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.operations.house import MODEL, SPEC, House
from tests.operations.timely import tick
from tests.runbooks.conftest import SCORE
from tests.runbooks.running import SHIPPED, contents, run, with_programs, with_script
from tidewatch.adapters.local.runbooks import load_runbooks
from tidewatch.domain.table import Table
from tidewatch.operations.respond import suggested_or_none
from tidewatch.operations.shelf import Shelf

GOOD, DAY, NEXT = "2026-03-01", "2026-03-02", "2026-03-03"
REFETCH = '''\
"""What the builders' archive has of a window: python refetch.py batch|labels --window NAME --out FILE"""

import shutil
import sys
from pathlib import Path

what, window, out = sys.argv[1], sys.argv[3], sys.argv[5]
shutil.copy(Path(__file__).with_name(f"{what}-{window}.parquet"), out)
'''
MORE = """
feeds:
  batch: {command: [python, refetch.py, batch]}
  labels: {command: [python, refetch.py, labels]}
schedules: {batches_every: 1d, batches_grace: 6h}
staleness: {labels: 2d}
"""

"""Answer with the learnt share: python score.py --model FOLDER --data FILE --out FILE"""

import argparse
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

parser = argparse.ArgumentParser()
for name in ("--model", "--data", "--out"):
    parser.add_argument(name)
given = parser.parse_args()
table = pq.read_table(given.data).drop_columns(["score"])
rate = float(Path(given.model, "rate").read_text())
pq.write_table(table.append_column("score", pa.array([rate] * table.num_rows)), given.out)

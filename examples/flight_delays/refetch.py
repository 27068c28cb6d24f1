"""Produce a day's file again: python refetch.py batch|labels --window 2013-05-14 --out FILE.parquet

A batch has no predictions in it: whoever asked for it lets the model score it.
"""

import argparse
import sys
from datetime import date
from pathlib import Path

from data import flights
from feed import Feed, write_parquet


def main() -> None:
    parser = argparse.ArgumentParser(description="Produce a day's flights or labels again.")
    parser.add_argument("what", choices=["batch", "labels"])
    parser.add_argument("--window", type=date.fromisoformat, required=True, help="a day of 2013")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    options = parser.parse_args()
    feed = Feed(flights())
    try:
        frame = feed.rows(options.window) if options.what == "batch" else feed.labels(options.window)
    except ValueError as error:
        sys.exit(f"refetch.py: {error}")
    options.out.write_bytes(write_parquet(frame, {"window": options.window.isoformat()}))
    sys.stdout.write(f"{len(frame):,} rows into {options.out}\n")


if __name__ == "__main__":
    main()

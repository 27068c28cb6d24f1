"""Alibi Detect's TabularDrift: Kolmogorov-Smirnov a number column, chi-squared a text column."""

import alibi_detect
import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift
from stopwatch import columns, load, median_seconds, parse, tell


def main() -> None:
    asked = parse()
    numbers, texts = columns(asked.folder)
    load_s, _ = median_seconds(lambda: load(asked.folder, "current"), asked.runs)
    reference, current = load(asked.folder, "reference"), load(asked.folder, "current")
    words = {name: pd.Index(pd.concat([reference[name], current[name]]).unique()) for name in texts}

    def coded(frame: pd.DataFrame) -> np.ndarray:
        """It takes one array; text goes in as numbers."""
        codes = [words[name].get_indexer(frame[name]).astype(np.float64) for name in texts]
        return np.column_stack([frame[numbers].to_numpy(), *codes])

    places = {len(numbers) + i: None for i in range(len(texts))}
    before = coded(reference)
    detector: list[TabularDrift] = []
    fit_s, _ = median_seconds(
        lambda: detector.append(TabularDrift(before, p_val=0.05, categories_per_feature=places)), 1
    )
    check_s, runs = median_seconds(lambda: detector[0].predict(coded(current)), asked.runs)
    total = load_s + check_s
    tell(version=alibi_detect.__version__, load_s=load_s, fit_s=fit_s, check_s=check_s, total_s=total, runs=runs)


if __name__ == "__main__":
    main()

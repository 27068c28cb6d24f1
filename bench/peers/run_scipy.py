"""scipy alone: the exact Kolmogorov-Smirnov test a number column, chi-squared on the counts a text column."""

import numpy as np
import scipy
from scipy import stats
from stopwatch import columns, load, median_seconds, parse, tell


def main() -> None:
    asked = parse()
    numbers, texts = columns(asked.folder)
    load_s, _ = median_seconds(lambda: load(asked.folder, "current"), asked.runs)
    reference, current = load(asked.folder, "reference"), load(asked.folder, "current")

    def check() -> list[float]:
        found = [float(stats.ks_2samp(reference[n], current[n], method="asymp").pvalue) for n in numbers]
        for name in texts:
            counts = [frame[name].value_counts() for frame in (reference, current)]
            words = counts[0].index.union(counts[1].index)
            both = np.array([side.reindex(words, fill_value=0) for side in counts])
            found.append(float(stats.chi2_contingency(both).pvalue))
        return found

    check_s, runs = median_seconds(check, asked.runs)
    total = 2 * load_s + check_s  # a sorted reference could be kept; ks_2samp takes none
    tell(version=scipy.__version__, load_s=load_s, fit_s=0.0, check_s=check_s, total_s=total, runs=runs)


if __name__ == "__main__":
    main()

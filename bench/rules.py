"""When peers call a number column drifted: their default rules on arrays, so that they can be tried many times.

Each is taken from the peer's documentation or installed package; tests/bench holds what the packages themselves say.
Arrays are float without nulls, of more than 1,000 rows with more than five different values, where Evidently would
otherwise choose another statistic.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

Numbers = NDArray[np.float64]

LEVEL = 0.05 / 20  # of one of twenty columns
CHUNKS = 10  # into which NannyML divides a reference when nothing else is said
KS, NANNYML, EVIDENTLY, DEEPCHECKS = "KS test", "NannyML", "Evidently, Azure ML", "Deepchecks"
NAMES = (KS, NANNYML, EVIDENTLY, DEEPCHECKS)


class Peers:
    """What each says of samples, given one reference.

    KS test      p < .05/20 by scipy; what Alibi Detect's TabularDrift does with 20 columns (Bonferroni)
    NannyML      Jensen-Shannon distance over Doane's bins of the reference; drift above mean + 3 standard deviations
                 of what ten chunks of the reference show (0.13: defaults of UnivariateDriftCalculator)
    Evidently    Wasserstein-1 / sd of the reference (at least .001) >= .1 (0.7: DataDriftPreset, more than 1,000
                 rows). Azure Machine Learning's default is the same distance and threshold: azure-ai-ml's
                 NumericalDriftMetrics.defaults() is normalized_wasserstein_distance .1
    Deepchecks   Kolmogorov-Smirnov distance of .2 or more fails the default condition on a number column
                 (0.19: FeatureDrift().add_condition_drift_score_less_than())
    """

    def __init__(self, reference: Numbers) -> None:
        self.reference = np.sort(reference)
        self.sd = max(float(np.std(reference)), 0.001)
        self.edges = np.histogram_bin_edges(reference, bins="doane")
        self.shares = np.histogram(reference, self.edges)[0] / len(reference)
        chunks = [self.jensen_shannon(chunk) for chunk in np.array_split(reference, CHUNKS)]
        self.usual = float(np.mean(chunks) + 3 * np.std(chunks))

    def decide(self, current: Numbers) -> dict[str, bool]:
        """By name of the peer: drift or not."""
        ks = stats.ks_2samp(self.reference, current, method="asymp")
        return {
            KS: bool(ks.pvalue < LEVEL),
            NANNYML: self.jensen_shannon(current) > self.usual,
            EVIDENTLY: bool(stats.wasserstein_distance(self.reference, current) / self.sd >= 0.1),
            DEEPCHECKS: bool(ks.statistic >= 0.2),
        }

    def jensen_shannon(self, values: Numbers) -> float:
        """Base 2; rows outside the reference's range are one more bin, empty in the reference."""
        shares = np.histogram(values, self.edges)[0] / len(values)
        outside = max(1 - float(shares.sum()), 0.0)
        return float(jensenshannon(np.append(self.shares, 0.0), np.append(shares, outside), base=2))

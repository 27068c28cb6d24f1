"""Does another window fit much better, such as last year's?"""

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.situation import RARE, Situation
from tidewatch.domain.distance import statistics

BETTER = 0.6  # of the departure must be gone


def seasonality(situation: Situation) -> list[Cause]:
    departed = [
        name for name in situation.inputs if name in situation.results and situation.results[name].chance < RARE
    ]
    before = {
        name: situation.excess(name, next(iter(situation.results[name].statistics.values()))) for name in departed
    }
    causes = []
    for season, profile in situation.seasons.items():
        left = 0.0
        for name in departed:
            theirs = profile.columns.get(name)
            now = situation.now.columns[name]
            if theirs is None or type(theirs) is not type(now) or not theirs.rows:
                left += before[name]
            else:
                left += min(before[name], situation.excess(name, next(iter(statistics(now, theirs).values()))))
        gone = 1 - left / sum(before.values()) if sum(before.values()) > 0 else 0.0
        if gone >= BETTER:
            sentence = (
                f"it may be the season: {season} fits much better, {gone:.0%} of the departure of "
                f"{', '.join(departed)} is gone when it is compared with that"
            )
            causes.append(
                Cause("seasonality", season, 0.4 + 0.4 * gone, sentence, {"gone": gone}, columns=tuple(departed))
            )
    return causes

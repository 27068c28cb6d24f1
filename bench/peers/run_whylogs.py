"""whylogs: profile the data, then its drift scores against the reference's profile."""

from importlib.metadata import version

from stopwatch import load, median_seconds, parse, tell


def main() -> None:
    asked = parse()
    import whylogs  # noqa: PLC0415 - after it was told to keep quiet
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores  # noqa: PLC0415

    load_s, _ = median_seconds(lambda: load(asked.folder, "current"), asked.runs)
    reference, current = load(asked.folder, "reference"), load(asked.folder, "current")
    kept: list[object] = []
    fit_s, _ = median_seconds(lambda: kept.append(whylogs.log(reference).view()), 1)

    def check() -> object:
        return calculate_drift_scores(whylogs.log(current).view(), kept[-1], with_thresholds=True)

    check_s, runs = median_seconds(check, asked.runs)
    total = load_s + check_s
    tell(version=version("whylogs"), load_s=load_s, fit_s=fit_s, check_s=check_s, total_s=total, runs=runs)


if __name__ == "__main__":
    main()

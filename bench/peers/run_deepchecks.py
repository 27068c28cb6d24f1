"""Deepchecks' FeatureDrift with its defaults, without pictures."""

from stopwatch import columns, load, median_seconds, parse, tell


def main() -> None:
    asked = parse()
    import deepchecks  # noqa: PLC0415 - after it was told to keep quiet
    from deepchecks.tabular import Dataset  # noqa: PLC0415
    from deepchecks.tabular.checks import FeatureDrift  # noqa: PLC0415

    _, texts = columns(asked.folder)
    load_s, _ = median_seconds(lambda: load(asked.folder, "current"), asked.runs)
    frames = load(asked.folder, "reference"), load(asked.folder, "current")
    reference, current = (Dataset(frame, cat_features=texts) for frame in frames)
    rows = len(frames[0])

    def check() -> object:
        # Its default looks at 10,000 rows of each side; all rows here, as the others do.
        return FeatureDrift(n_samples=rows).run(reference, current, with_display=False)

    check_s, runs = median_seconds(check, asked.runs)
    total = 2 * load_s + check_s
    tell(version=deepchecks.__version__, load_s=load_s, fit_s=0.0, check_s=check_s, total_s=total, runs=runs)


if __name__ == "__main__":
    main()

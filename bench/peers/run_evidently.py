"""Evidently's DataDriftPreset. Nothing of the reference can be kept: its bins come from both sides."""

from stopwatch import columns, load, median_seconds, parse, tell


def main() -> None:
    asked = parse()
    import evidently  # noqa: PLC0415 - after it was told to keep quiet
    from evidently import DataDefinition, Dataset, Report  # noqa: PLC0415
    from evidently.presets import DataDriftPreset  # noqa: PLC0415

    numbers, texts = columns(asked.folder)
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=texts)
    load_s, _ = median_seconds(lambda: load(asked.folder, "current"), asked.runs)
    frames = load(asked.folder, "reference"), load(asked.folder, "current")
    reference, current = (Dataset.from_pandas(frame, data_definition=definition) for frame in frames)

    def check() -> object:
        return Report([DataDriftPreset()]).run(current, reference).dict()

    check_s, runs = median_seconds(check, asked.runs)
    total = 2 * load_s + check_s
    tell(version=evidently.__version__, load_s=load_s, fit_s=0.0, check_s=check_s, total_s=total, runs=runs)


if __name__ == "__main__":
    main()

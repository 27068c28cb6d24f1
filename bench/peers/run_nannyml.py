"""NannyML's UnivariateDriftCalculator with its default methods (Jensen-Shannon) and chunks (ten)."""

from stopwatch import columns, load, median_seconds, parse, tell


def main() -> None:
    asked = parse()
    import nannyml  # noqa: PLC0415 - after it was told to keep quiet
    from nannyml.drift.univariate import UnivariateDriftCalculator  # noqa: PLC0415

    numbers, texts = columns(asked.folder)
    load_s, _ = median_seconds(lambda: load(asked.folder, "current"), asked.runs)
    reference, current = load(asked.folder, "reference"), load(asked.folder, "current")
    calculator = UnivariateDriftCalculator(column_names=[*numbers, *texts], treat_as_categorical=texts)
    fit_s, _ = median_seconds(lambda: calculator.fit(reference), 1)
    check_s, runs = median_seconds(lambda: calculator.calculate(current), asked.runs)
    total = load_s + check_s
    tell(version=nannyml.__version__, load_s=load_s, fit_s=fit_s, check_s=check_s, total_s=total, runs=runs)


if __name__ == "__main__":
    main()

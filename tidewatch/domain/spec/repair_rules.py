"""What may replace a faulty value: by which columns it is looked up."""

from collections.abc import Iterator

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.spec.remark import Remark, suggestion


def restored_by(spec: ModelSpec) -> Iterator[Remark]:
    features = [name for name, column in spec.columns.items() if column.role in ("feature", "segment")]
    for name, column in spec.columns.items():
        numbers = [key for key in column.restored_by if key in features and spec.columns[key].type != "text"]
        for place, key in enumerate(column.restored_by):
            where = ("columns", name, "restored_by", str(place))
            if key == name:
                yield Remark(where, f"'{name}' cannot be restored by itself; name other features that tell its value")
            elif key not in features:
                others = [other for other in features if other != name]
                yield Remark(where, f"'{name}' is restored by '{key}', which is no feature{suggestion(key, others)}")
            elif key in numbers[1:]:
                said = (
                    f"{numbers[0]} and {key} are both no text; the nearest can be found in one, leave one of them out"
                )
                yield Remark(where, f"'{name}' is restored by {said}")


RULES = ((restored_by, ("columns.*.type", "columns.*.role")),)

"""How many different values, and which are the commonest, in constant memory: Apache DataSketches."""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from datasketches import (
    frequent_items_error_type,
    frequent_strings_sketch,
    hll_sketch,
    hll_union,
    tgt_hll_type,
)

Sketch = TypeVar("Sketch", "Distinct", "Frequent")
SIZE = 14  # HyperLogLog of 2**14 registers: 8 KB, relative standard error .8 %, exact up to about a thousand
ITEMS = 11  # frequent items: 2**11 slots; a value of more than .17 % of the rows is never missed


@dataclass(frozen=True)
class Distinct:
    """Number of different values, by HyperLogLog (Flajolet 2007). `lower` and `upper` are three standard errors away:
    the true number lies outside once in several hundred times."""

    content: bytes

    @staticmethod
    def of(values: Iterable[str] | Iterable[float]) -> "Distinct":
        sketch = hll_sketch(SIZE, tgt_hll_type.HLL_4)
        update = sketch.update
        for value in values:
            update(value or "\0")  # an empty text would not be counted
        return Distinct(sketch.serialize_compact())

    @property
    def _sketch(self) -> hll_sketch:  # never kept: what is alive at the end of a program, the library calls a leak
        return hll_sketch.deserialize(self.content)

    @property
    def estimate(self) -> float:
        return float(self._sketch.get_estimate())

    @property
    def upper(self) -> float:
        return float(self._sketch.get_upper_bound(3))

    @property
    def lower(self) -> float:
        return float(self._sketch.get_lower_bound(3))

    def plus(self, other: "Distinct") -> "Distinct":
        union = hll_union(SIZE)
        union.update(self._sketch)
        union.update(other._sketch)
        return Distinct(union.get_result(tgt_hll_type.HLL_4).serialize_compact())

    def dump(self) -> str:
        return base64.b64encode(self.content).decode()

    @staticmethod
    def load(text: str) -> "Distinct":
        """Raises ValueError for what is no such sketch."""
        return _sound(Distinct(base64.b64decode(text)), lambda sketch: sketch.estimate)


@dataclass(frozen=True)
class Frequent:
    """The commonest values (Misra-Gries as in Anderson et al. 2017): counts are short by at most .17 % of the rows."""

    content: bytes

    @staticmethod
    def of(counts: Mapping[str, int]) -> "Frequent":
        sketch = frequent_strings_sketch(ITEMS)
        for value, count in counts.items():
            sketch.update(value, count)
        return Frequent(sketch.serialize())

    def items(self) -> dict[str, int]:
        """Values that are surely common, with the least count each can have."""
        sketch = frequent_strings_sketch.deserialize(self.content)
        found = sketch.get_frequent_items(frequent_items_error_type.NO_FALSE_POSITIVES)
        return {value: lower for value, _, lower, _ in found}

    def plus(self, other: "Frequent") -> "Frequent":
        sketch = frequent_strings_sketch.deserialize(self.content)
        sketch.merge(frequent_strings_sketch.deserialize(other.content))
        return Frequent(sketch.serialize())

    def dump(self) -> str:
        return base64.b64encode(self.content).decode()

    @staticmethod
    def load(text: str) -> "Frequent":
        """Raises ValueError for what is no such sketch."""
        return _sound(Frequent(base64.b64decode(text)), lambda sketch: sketch.items())


def _sound(sketch: Sketch, use: Callable[[Sketch], object]) -> Sketch:
    try:
        use(sketch)
    except (ValueError, IndexError, RuntimeError, OverflowError, MemoryError) as error:  # whatever the library raises
        raise ValueError("has a damaged sketch") from error
    return sketch

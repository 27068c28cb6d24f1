"""How many different values, and which are the commonest, in constant memory: Apache DataSketches."""

import base64
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from datasketches import (
    frequent_items_error_type,
    frequent_strings_sketch,
    hll_sketch,
    hll_union,
    tgt_hll_type,
)
from numpy.typing import NDArray

Sketch = TypeVar("Sketch", "Distinct", "Frequent")
SIZE = 14  # HyperLogLog of 2**14 registers: 8 KB, relative standard error .8 %, exact up to about a thousand
FEW = 1 << 11  # values that the library counts one by one, which is exact for about a thousand
BLOCK = 1 << 14  # values hashed at a time: they stay in the processor's cache
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
            update("\0" if value == "" else value)  # an empty text would not be counted
        return Distinct(sketch.serialize_compact())

    @staticmethod
    def of_numbers(values: NDArray[np.float64]) -> "Distinct":
        """As `of`, ten times as fast for many values: the library's registers filled with numpy."""
        if len(values) <= FEW:
            return Distinct.of(values.tolist())
        registers = np.zeros(1 << SIZE, dtype=np.uint8)
        for start in range(0, len(values), BLOCK):
            place, run = _murmur3(values[start : start + BLOCK] + 0.0)  # no -0.0
            zeros = 53 - np.frexp((run >> np.uint64(11)).astype(np.float64))[1]  # that the hash begins with
            place &= np.uint64(len(registers) - 1)
            np.maximum.at(registers, place.astype(np.intp), (zeros + 1).astype(np.uint8))
        return Distinct(_image(registers)).plus()  # four bits a register

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

    def plus(self, *others: "Distinct") -> "Distinct":
        union = hll_union(SIZE)
        for part in (self, *others):
            union.update(part._sketch)
        return Distinct(union.get_result(tgt_hll_type.HLL_4).serialize_compact())

    def dump(self) -> str:
        return base64.b64encode(self.content).decode()

    @staticmethod
    def load(text: str) -> "Distinct":
        """Raises ValueError for what is no such sketch."""
        return _sound(Distinct(base64.b64decode(text)), lambda sketch: sketch.estimate)


def _murmur3(values: NDArray[np.float64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Both halves of MurmurHash3_x64_128 (Appleby 2011) of each value's eight bytes, with the seed of DataSketches."""
    seed, length = np.uint64(9001), np.uint64(8)
    key = values.view(np.uint64) * np.uint64(0x87C37B91114253D5)
    key = (key << np.uint64(31) | key >> np.uint64(33)) * np.uint64(0x4CF5AD432745937F)
    first = (key ^ seed ^ length) + (seed ^ length)
    one, two = _mixed(first), _mixed(first + (seed ^ length))
    return one + two, one + two + two


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    shift = np.uint64(33)
    bits = (bits ^ bits >> shift) * np.uint64(0xFF51AFD7ED558CCD)
    bits = (bits ^ bits >> shift) * np.uint64(0xC4CEB9FE1A85EC53)
    return bits ^ bits >> shift


def _image(registers: NDArray[np.uint8]) -> bytes:
    """A sketch as DataSketches stores it in every language: HLL, eight bits a register, their order unknown."""
    held = np.bincount(registers, minlength=64)
    parts = held * 0.5 ** np.arange(64)
    out_of_order, compact, hll_8 = 16, 8, 2 | 2 << 2
    head = (10, 1, 7, SIZE, 0, out_of_order | compact, 0, hll_8, 0.0, parts[:32].sum(), parts[32:].sum(), held[0], 0)
    return struct.pack("<8B3d2I", *head) + registers.tobytes()


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

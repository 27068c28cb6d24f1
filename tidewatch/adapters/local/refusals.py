"""Why a data file is refused, a clause each: pyarrow's own words are for programmers and may quote the data."""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from tidewatch.domain.table import named
from tidewatch.ports.tables import UnreadableTable


@contextmanager
def explained(clause: str) -> Iterator[None]:
    """Turn whatever reading raises into `clause`, or into what is wrong with the gzip data around it."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    try:
        yield
    except MemoryError as error:
        raise UnreadableTable("the file claims to hold more than fits into memory") from error
    except EOFError as error:
        raise UnreadableTable("the file ends in the middle of its gzip data") from error
    except gzip.BadGzipFile as error:
        raise UnreadableTable("the file is named .gz but its gzip data is damaged or none at all") from error
    except zlib.error as error:
        raise UnreadableTable("the gzip data in the file is damaged") from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UnreadableTable(clause) from error


def one_of_each(names: Sequence[str], wanted: Iterable[str]) -> None:
    """Raises UnreadableTable for a column that the file has twice."""
    if twice := sorted({name for name in wanted if names.count(name) > 1}):
        raise UnreadableTable(f"the file has more than one column {named(twice[:1])}")

"""Reading and writing data files."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tidewatch.domain.table import Table


class UnreadableTable(Exception):
    """The bytes are not the table they claim to be; the message names the cause in one clause."""


class Tables(Protocol):
    def read(self, data: bytes, name: str, columns: Sequence[str] | None = None) -> Table:
        """A parquet, CSV or CSV.gz file, told apart by `name`; only `columns` (all: None).

        Raises UnreadableTable. A column that is not there is simply absent: whether it must be there is the
        spec's business.
        """

    def write(self, table: Table, metadata: Mapping[str, str] | None = None) -> bytes:
        """The table as parquet."""

    def metadata(self, data: bytes, name: str) -> Mapping[str, str]:
        """The key-value metadata that the producer put into a parquet file; empty for other formats."""

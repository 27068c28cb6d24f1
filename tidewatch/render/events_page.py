"""`docs/events.md`: every kind of event and what its data holds, from the one table there is."""

from tidewatch.domain.incident.kinds import KINDS
from tidewatch.domain.upcasting import version_of

_HEAD = """\
# The kinds of events

Written by `tidewatch log kinds`; what a line of `tidewatch log export` looks like: `tidewatch log schema`. A text lies
beside the stream; the event names its salted hash and its author. Not every event has every field.

| kind | it says that … | its data | version |
|---|---|---|---|
"""


def events_page() -> str:
    rows = (
        f"| `{name}` | {kind.says} | {'; '.join(f'`{of}` {what}' for of, what in kind.data.items())} "
        f"| {version_of(name)} |\n"
        for name, kind in KINDS.items()
    )
    return _HEAD + "".join(rows)

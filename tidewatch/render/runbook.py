"""A runbook in words."""

from tidewatch.domain.runbook import Runbook


def line(book: Runbook) -> str:
    return f"`{book.name}` ({book.tier}{', risky' if book.risk == 'high' else ''}): {book.title}"


def describe(book: Runbook) -> str:
    """X, Y, Z, what it asks for and what it touches."""
    when = book.when
    only = "".join(f", only where {place} is {wanted}" for place, wanted in when.finding.items())
    needs = f" Needs: {', '.join(when.preconditions).replace('_', ' ')}." if when.preconditions else ""
    asks = "".join(f"\n• `{name}`: {asked.title or name} ({asked.type})" for name, asked in book.inputs.items())
    undo = "can be taken back" if book.undoable else "cannot be taken back"
    return (
        f"*{book.name}* ({book.tier}, {book.risk} risk): {book.title}.\nWhen: {', '.join(when.covers)}{only}.{needs} "
        f"Run: `{' '.join(book.run)}`. Resolved if `{' '.join(book.verify)}` says so. {book.touches}; {book.takes}; "
        f"{undo}.{asks}"
    )

"""Turning a drawing into a picture for places that show no SVG, such as Slack."""

from typing import Protocol


class UnreadableDrawing(ValueError):
    """The text is not an SVG document; the message names the cause in one clause."""


class Pictures(Protocol):
    def rasterise(self, svg: str) -> bytes:
        """A PNG 1600 pixels wide, as high as the drawing's shape asks, the same bytes on every machine.

        Raises UnreadableDrawing.
        """

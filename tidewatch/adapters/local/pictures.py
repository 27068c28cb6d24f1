"""Rasterising with resvg and the fonts that travel with the project; it works the same on Azure."""

from importlib.resources import files
from pathlib import Path

from tidewatch.ports.pictures import UnreadableDrawing

FONTS = Path(str(files("tidewatch"))) / "render" / "fonts"
WIDTH = 1600  # pixels


class ResvgPictures:
    def __init__(self, fonts: Path = FONTS) -> None:
        self._fonts = [str(font) for font in sorted(fonts.glob("*.ttf"))]

    def rasterise(self, svg: str) -> bytes:
        import resvg_py  # noqa: PLC0415 - three megabytes of machine code, loaded where it is used

        try:
            return resvg_py.svg_to_bytes(
                svg_string=svg,
                width=WIDTH,
                background="#ffffff",
                skip_system_fonts=True,
                font_files=self._fonts,
                font_family="Roboto",
                sans_serif_family="Roboto",
            )
        except ValueError as error:
            raise UnreadableDrawing(f"this is not a drawing: {error}") from error

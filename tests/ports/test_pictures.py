import re
import struct
import zlib

import numpy as np
import pytest

from tidewatch.adapters.local.pictures import ResvgPictures
from tidewatch.ports.pictures import Pictures, UnreadableDrawing
from tidewatch.render.density import Spread
from tidewatch.render.drift_picture import drift_picture
from tidewatch.render.svg import sheet, text, width_of

SAMPLE = "Temperature in °F, 0123456789 · WAVE To ×1.609 ÷ − … mmm iii"


@pytest.fixture(params=[ResvgPictures])
def pictures(request: pytest.FixtureRequest) -> Pictures:
    rasteriser: Pictures = request.param()
    return rasteriser


def size_of(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def ink_of(png: bytes) -> int:
    """How many different bytes the picture is made of: a blank one has hardly any."""
    data = b"".join(re.findall(rb"IDAT(.*?).{4}(?=....IDAT|....IEND)", png, re.DOTALL))
    return len(set(zlib.decompress(data)))


def test_a_drawing_becomes_a_png_of_1600_by_800_that_is_not_blank(pictures: Pictures) -> None:
    values = np.linspace(0.0, 9.0, 50)
    spread = Spread(values, np.full(50, 0.02), 4.5, 500, "28 days")
    svg = drift_picture(title="T", subtitle="s", usual=spread, now=spread, axis="a", unit="", footer="f")
    png = pictures.rasterise(svg)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert size_of(png) == (1600, 800)
    assert ink_of(pictures.rasterise(sheet([], "nothing"))) < 10 < 100 < ink_of(png)


def test_the_same_drawing_gives_the_same_bytes(pictures: Pictures) -> None:
    svg = sheet([text(64, 100, SAMPLE, 40)], "a sample")
    assert pictures.rasterise(svg) == pictures.rasterise(svg)


@pytest.mark.parametrize("bold", [False, True])
def test_words_are_as_wide_as_the_measure_says(pictures: Pictures, bold: bool) -> None:
    """Seen through a window just behind its end a text has left no ink; a little before its end it has."""
    width = width_of(SAMPLE, 40, bold=bold)

    def seen_from(x: float) -> bytes:
        svg = sheet([text(0, 100, SAMPLE, 40, bold=bold)], "a sample")
        return pictures.rasterise(svg.replace('viewBox="0 0 1600 800"', f'viewBox="{x:.1f} 0 400 200"'))

    blank = seen_from(3000)
    assert seen_from(width + 1) == blank
    assert seen_from(width * 0.97) != blank


def test_bold_and_regular_are_different_fonts(pictures: Pictures) -> None:
    regular, bold = (sheet([text(64, 100, SAMPLE, 40, bold=bold)], "a sample") for bold in (False, True))
    assert pictures.rasterise(regular) != pictures.rasterise(bold)


@pytest.mark.parametrize("drawing", ["", "not a drawing", "<svg", "<html/>"])
def test_what_is_no_drawing_is_refused_in_a_sentence(pictures: Pictures, drawing: str) -> None:
    with pytest.raises(UnreadableDrawing, match="this is not a drawing"):
        pictures.rasterise(drawing)

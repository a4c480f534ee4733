"""What a PDF says, for tests."""

import io

from pypdf import PdfReader


def pages(made: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]


def text(made: bytes) -> str:
    """The text of the whole, without the breaks of its lines."""
    return "".join("".join(pages(made)).split("\n"))

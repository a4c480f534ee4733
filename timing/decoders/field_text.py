"""Small texts that devices write: decoded without ever failing, and bounded so that a database column holds them."""

MAX_CHIP = 32  # characters; an EPC of 96 bits is 24
MAX_NAME = 80  # of a source
MAX_FILE = 200
MAX_EVIDENCE = 40  # of device, antenna, bib and the like: shown, never an identity


def name_text(raw: bytes) -> str:
    """A text in the encodings that devices and Chinese Windows use; bytes of neither stand as backslash escapes."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("ascii", "backslashreplace")


def is_name(text: str) -> bool:
    """Fit to name a source: something visible, no control characters, not endless."""
    return 0 < len(text) <= MAX_NAME and text.isprintable()


def file_name(text: str) -> str:
    """The name of a file as it can stand in a sentence: signs that turn it around, or cannot be seen, are left out."""
    return "".join(letter for letter in text if letter.isprintable())[:MAX_FILE]


def evidence(text: str) -> str:
    """A text that goes with a read, trimmed; what cannot be shown is left out, since the bytes are kept anyway."""
    trimmed = text.strip()
    if trimmed.isprintable():
        return trimmed[:MAX_EVIDENCE]
    return "".join(letter for letter in trimmed if letter.isprintable())[:MAX_EVIDENCE]


def decibels(text: str) -> int | None:
    """A signal strength; None for a number that can be none."""
    number = small_number(text)
    return number if number is not None and -999 <= number <= 999 else None


def small_number(text: str, base: int = 10) -> int | None:
    """A counter of at most nine digits, signed or not; None for anything else."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= 9 or not trimmed.isascii() or "_" in trimmed:
        return None
    try:
        return int(trimmed, base)
    except ValueError:
        return None

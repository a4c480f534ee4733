"""The bridge for a crew's laptop in one file, packed out of the very code that runs here."""

import shutil
import tempfile
import zipapp
from functools import cache
from pathlib import Path

TIMING = Path(__file__).resolve().parent
NAME = "daguguan-bridge.pyz"
PACKED = ("bridge/*.py", "gateway/__init__.py", "gateway/line.py", "gateway/lines.py", "decoders/*.py")
#: Of the decoders what needs more than the standard library, or nobody needs on a laptop.
LEFT_OUT = {"decoders/__init__.py", "decoders/json_batch.py", "decoders/forwarder_log.py"}
START = "import sys\n\nfrom timing.bridge.__main__ import main\n\nsys.exit(main())\n"


def pack(output: Path) -> Path:
    """Write the file; Python 3.11 or newer starts it on any system."""
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "timing"
        files = {path for pattern in PACKED for path in TIMING.glob(pattern)}
        for path in sorted(files):
            if (name := path.relative_to(TIMING).as_posix()) not in LEFT_OUT:
                (inside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, inside / name)
        for package in (inside, inside / "decoders"):
            (package / "__init__.py").touch()
        (Path(folder) / "__main__.py").write_text(START)
        output.parent.mkdir(parents=True, exist_ok=True)
        zipapp.create_archive(folder, output, "/usr/bin/env python3", compressed=True)
    return output


@cache
def packed() -> bytes:
    """The file's bytes; the code of a running process does not change."""
    with tempfile.TemporaryDirectory() as folder:
        return pack(Path(folder) / NAME).read_bytes()

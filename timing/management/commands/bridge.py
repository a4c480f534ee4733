"""`manage.py bridge`: packs the bridge into the one file that a crew starts on its laptop."""

import shutil
import tempfile
import zipapp
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

TIMING = Path(__file__).resolve().parents[2]
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


class Command(BaseCommand):
    """Pack it."""

    help = "Pack the bridge for a crew's laptop into one file (Python 3.11 or newer starts it)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("--output", type=Path, default=Path("daguguan-bridge.pyz"))

    def handle(self, *args: Any, output: Path, **options: Any) -> None:
        """Write it and say how it is started."""
        made = pack(output)
        self.stdout.write(f"{made} ({made.stat().st_size // 1024} KiB)")
        self.stdout.write(f"python3 {made.name} --server https://... --token ... mylaps:3097")

"""What it means, where that is decided by people."""

from results.models.chain import Link
from results.models.publication import Publication
from results.models.ruling import Ruling
from results.models.watch import Watch

__all__ = ["Link", "Publication", "Ruling", "Watch"]

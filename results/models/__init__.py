"""What it means, where that is decided by people."""

from results.models.certificate import Certificate, CertificateFile, CertificateJob, CertificatePart
from results.models.chain import Link
from results.models.league import League, Round, RoundCategory, RoundResult
from results.models.prize import PrizePayment
from results.models.protest import Draft, Evidence, Protest, ProtestStep
from results.models.publication import Communique, Printed, Publication
from results.models.ruling import Ruling
from results.models.watch import Watch

__all__ = [
    "Certificate", "CertificateFile", "CertificateJob", "CertificatePart", "Communique", "Draft", "Evidence", "League", "Link",
    "Printed", "PrizePayment", "Protest", "ProtestStep", "Publication", "Round", "RoundCategory", "RoundResult", "Ruling",
    "Watch",
]  # fmt: skip

"""Everything an organiser and an office decide, as rows."""

from race.models.change import Change
from race.models.course import Course, TimingPoint
from race.models.desk import DeskTick, LogLine
from race.models.edition import Edition, Event
from race.models.entry import Entry
from race.models.fact import Fact
from race.models.gun import Gun
from race.models.message import Campaign, Message
from race.models.payment import LedgerLine, Payment, ProviderCall, Refund
from race.models.race import Category, QuotaCount, Race, Wave
from race.models.registration import Acceptance, Document, OneTimeCode, PrivateLink, Registration, Regulations
from race.models.rider import Rider
from race.models.team import Team
from race.models.transponder import Assignment, Transponder
from race.models.user import Role, Token, User

__all__ = [
    "Acceptance", "Assignment", "Campaign", "Category", "Change", "Course", "DeskTick", "Document", "Edition", "Entry",
    "Event", "Fact", "Gun", "LedgerLine", "LogLine", "Message", "OneTimeCode", "Payment", "PrivateLink", "ProviderCall",
    "QuotaCount", "Race", "Refund", "Registration", "Regulations", "Rider", "Role", "Team", "TimingPoint", "Token",
    "Transponder", "User", "Wave",
]  # fmt: skip

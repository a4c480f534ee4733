"""Everything an organiser and an office decide, as rows."""

from race.models.change import Change
from race.models.course import Course, TimingPoint
from race.models.edition import Edition, Event
from race.models.entry import Entry
from race.models.fact import Fact
from race.models.gun import Gun
from race.models.race import Category, Race, Wave
from race.models.rider import Rider
from race.models.team import Team
from race.models.transponder import Assignment, Transponder
from race.models.user import Role, Token, User

__all__ = [
    "Assignment", "Category", "Change", "Course", "Edition", "Entry", "Event", "Fact", "Gun", "Race", "Rider", "Role",
    "Team", "TimingPoint", "Token", "Transponder", "User", "Wave",
]  # fmt: skip

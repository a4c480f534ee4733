"""Which league an address or a request asks for, for pages and the API alike; 404 for what there is not."""

from __future__ import annotations

from django.db.models import Max, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from race.models import Edition
from results.league import rules
from results.models import League


def chosen(league: str = "", group: str = "") -> tuple[League, str]:
    """The newest league, or the one named, and its first group, or the one named."""
    if league:
        found = get_object_or_404(League, slug=league)
    else:
        newest = League.objects.alias(last=Max("rounds__held_on")).order_by("-season", "-last", "slug").first()
        if newest is None:
            raise Http404(_("No league yet"))
        found = newest
    codes = groups(found)
    group = group or codes[0]
    if group not in codes:
        raise Http404(_("No such group"))
    return found, group


def groups(league: League) -> list[str]:
    """The groups of a league, the teams last."""
    return [*rules.codes(league), rules.TEAMS]


def leagues_of(edition: Edition | None) -> QuerySet[League]:
    """The leagues that the edition is a round of: those its officials see and run."""
    return League.objects.filter(rounds__edition=edition).distinct()


def league_of(edition: Edition | None, slug: str) -> League:
    """One of them."""
    return get_object_or_404(leagues_of(edition), slug=slug)

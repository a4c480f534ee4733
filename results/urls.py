"""Pages of the results side."""

from django.urls import path

from race.staff_links import staff
from results.views import expected, live, officials

urlpatterns = [
    path("live/", live.page, name="live"),
    path("editions/<slug:slug>/live/", live.page, name="edition_live"),
    *staff("officials", "", officials.page, "officials"),
    *staff("line", "expected/", expected.page, "line_expected"),
    *staff("line", "expected/<slug:race>/<int:bib>/", expected.rider, "line_expected_rider"),
    *staff("line", "expected/<slug:race>/<int:bib>/add/", expected.add, "line_expected_add"),
    *staff("line", "expected/<slug:race>/<int:bib>/note/", expected.note, "line_expected_note"),
]

"""Pages of the results side."""

from django.urls import path

from race.staff_links import staff
from results.views import (
    bunch,
    expected,
    live,
    officials,
    officials_results,
    protest,
    protest_desk,
    ruling_lists,
    rulings,
)

urlpatterns = [
    path("live/", live.page, name="live"),
    path("editions/<slug:slug>/live/", live.page, name="edition_live"),
    path("live/<slug:slug>/<int:bib>/protest/", protest.how, name="protest_how"),
    path("my/<str:secret>/protest/", protest.file, name="my_protest"),
    path("my/<str:secret>/protest/<int:number>/", protest.one, name="my_protest_one"),
    path("my/<str:secret>/protest/<int:number>/show/", protest.show, name="my_protest_show"),
    path("my/<str:secret>/protest/<int:number>/withdraw/", protest.withdraw, name="my_protest_withdraw"),
    *staff("officials", "", officials.page, "officials"),
    *staff("officials", "protests/", protest_desk.page, "officials_protests"),
    *staff("officials", "protests/<int:number>/", protest_desk.one, "officials_protest"),
    *staff("officials", "protests/<int:number>/step/", protest_desk.step, "officials_protest_step"),
    *staff("office", "ledger/protests/", protest_desk.ledger, "office_protest_deposits"),
    *staff("officials", "results/", officials_results.page, "officials_results"),
    *staff("officials", "results/<slug:race>/", officials_results.race, "officials_race"),
    *staff("officials", "results/<slug:race>/publish/", officials_results.publish, "officials_publish"),
    *staff("officials", "results/<slug:race>/close/", officials_results.close, "officials_close"),
    *staff("officials", "rulings/", rulings.page, "officials_rulings"),
    *staff("officials", "rulings/<int:number>/", rulings.one, "officials_ruling"),
    *staff("officials", "rulings/<int:number>/revoke/", rulings.revoke, "officials_ruling_revoke"),
    *staff("officials", "rulings/<slug:race>/new/", rulings.new, "officials_ruling_new"),
    *staff("officials", "rulings/<slug:race>/preview/", rulings.look, "officials_ruling_preview"),
    *staff("officials", "rulings/<slug:race>/riders/", rulings.riders, "officials_ruling_riders"),
    *staff("officials", "rulings/<slug:race>/many/", ruling_lists.page, "officials_many"),
    *staff("officials", "rulings/<slug:race>/draft/", rulings.draft, "officials_ruling_draft"),
    *staff("officials", "evidence/<int:pk>/", rulings.shown, "officials_evidence"),
    *staff("officials", "bunch/", bunch.page, "officials_bunch"),
    *staff("officials", "bunch/<slug:race>/", bunch.page, "officials_bunch_race"),
    *staff("officials", "bunch/<slug:race>/order/", bunch.order, "officials_bunch_order"),
    *staff("officials", "bunch/<slug:race>/divide/", bunch.divide, "officials_bunch_divide"),
    *staff("line", "expected/", expected.page, "line_expected"),
    *staff("line", "expected/<slug:race>/<int:bib>/", expected.rider, "line_expected_rider"),
    *staff("line", "expected/<slug:race>/<int:bib>/add/", expected.add, "line_expected_add"),
    *staff("line", "expected/<slug:race>/<int:bib>/note/", expected.note, "line_expected_note"),
]

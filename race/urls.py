"""Pages of the office and the organiser, and the ones everybody starts from."""

from django.urls import path

from race.office_links import office
from race.views import account, bibs, comeback, entering, event, ledger, my, my_data, rules, sandbox, start_list
from race.views.office import home as office_home

urlpatterns = [
    path("pay/sandbox/<str:number>/", sandbox.page, name="pay_sandbox"),
    *office("ledger/", ledger.page, "office_money"),
    *office("ledger/refunds/<str:number>/", ledger.refund, "office_refund"),
    *office("ledger/<str:day>.<str:kind>", ledger.export, "office_ledger_file"),
    *office("bibs/", bibs.page, "office_bibs"),
    *office("bibs/plan/", bibs.plan, "office_bibs_plan"),
    *office("bibs/assign/", bibs.assign, "office_bibs_assign"),
    *office("bibs/change/", bibs.change, "office_bibs_change"),
    *office("bibs/range/", bibs.ranges, "office_bibs_range"),
    *office("bibs/kept-back/", bibs.kept_back, "office_bibs_kept_back"),
    *office("bibs/freeze/", bibs.freeze, "office_bibs_freeze"),
    *office("bibs/tell/", bibs.tell, "office_bibs_tell"),
    *office("bibs/start-list/", bibs.publish, "office_bibs_publish"),
    *office("", office_home.page, "office"),
    path("", event.page, name="home"),
    path("editions/<slug:slug>/", event.page, name="edition"),
    path("rules/", rules.page, name="rules"),
    path("rules/<int:version>.pdf", rules.pdf, name="rules_pdf"),
    path("editions/<slug:slug>/rules/", rules.page, name="edition_rules"),
    path("editions/<slug:slug>/rules/<int:version>.pdf", rules.pdf, name="edition_rules_pdf"),
    path("login/", account.SignIn.as_view(), name="sign_in"),
    path("logout/", account.SignOut.as_view(), name="sign_out"),
    path("start-list/", start_list.page, name="start_list"),
    path("enter/", entering.page, name="enter"),
    path("enter/judge/", entering.judge, name="enter_judge"),
    path("editions/<slug:slug>/enter/", entering.page, name="edition_enter"),
    path("editions/<slug:slug>/enter/judge/", entering.judge, name="edition_enter_judge"),
    path("my/", comeback.page, name="my"),
    path("my/<str:secret>/", my.page, name="my_page"),
    path("my/<str:secret>/pay/", my.pay, name="my_pay"),
    path("my/<str:secret>/entries/<int:entry>/leave/", my.leave, name="my_leave"),
    path("my/<str:secret>/entries/<int:entry>/accept/", my.accept, name="my_accept"),
    path("my/<str:secret>/riders/<int:rider>/sign/", my.sign, name="my_sign"),
    path("my/<str:secret>/riders/<int:rider>/change/", my.change, name="my_change"),
    path("my/<str:secret>/riders/<int:rider>/papers/<slug:kind>/", my.send, name="my_send"),
    path("my/<str:secret>/papers/<int:document>/", my.paper, name="my_paper"),
    path("my/<str:secret>/data/", my_data.page, name="my_data"),
    path("my/<str:secret>/data/<int:rider>.json", my_data.download, name="my_data_file"),
    path("editions/<slug:slug>/start-list/", start_list.page, name="edition_start_list"),
]

"""Pages of the office and the organiser, and the ones everybody starts from."""

from django.urls import path

from race.views import account, start_list

urlpatterns = [
    path("", account.home, name="home"),
    path("login/", account.SignIn.as_view(), name="sign_in"),
    path("logout/", account.SignOut.as_view(), name="sign_out"),
    path("start-list/", start_list.page, name="start_list"),
    path("editions/<slug:slug>/start-list/", start_list.page, name="edition_start_list"),
]

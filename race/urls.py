"""Pages of the office and the organiser, and the ones everybody starts from."""

from django.urls import path

from race.office_links import office
from race.views import account, my_data, start_list
from race.views.office import home as office_home

urlpatterns = [
    *office("", office_home.page, "office"),
    path("", account.home, name="home"),
    path("login/", account.SignIn.as_view(), name="sign_in"),
    path("logout/", account.SignOut.as_view(), name="sign_out"),
    path("start-list/", start_list.page, name="start_list"),
    path("my/<str:secret>/data/", my_data.page, name="my_data"),
    path("my/<str:secret>/data/<int:rider>.json", my_data.download, name="my_data_file"),
    path("editions/<slug:slug>/start-list/", start_list.page, name="edition_start_list"),
]

"""Signing in and out."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Name and password, in the words of our pages."""

    error_messages = {
        "invalid_login": _("Name and password do not fit together. Both are case sensitive."),
        "inactive": _("This account is closed."),
    }


class SignIn(LoginView):
    """The one page to sign in; after ten wrong passwords an account waits a quarter of an hour."""

    template_name = "race/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    next_page = "/"


class SignOut(LogoutView):
    """Ends the session (POST only) and shows the sign-in page, where a sign-on desk's tablet forgets the riders."""

    next_page = "/login/"

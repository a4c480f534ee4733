"""The administrator's back office: people and keys are edited here; everything that is a fact or makes one is only shown."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest

from race import models


class Shown(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at. An edit past the actions would leave no fact behind, and the board would not know of it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class Roles(admin.TabularInline):  # type: ignore[type-arg]
    """What a person does, edition by edition."""

    model = models.Role
    extra = 1


@admin.register(models.User)
class People(UserAdmin):  # type: ignore[type-arg]
    """Accounts and their roles."""

    inlines = [Roles]


@admin.register(models.Token)
class Tokens(Shown):
    """Keys of machines; `manage.py token` issues and revokes them."""

    list_display = ["label", "edition", "role", "created_at", "expires_at", "revoked_at"]
    exclude = ["digest"]


@admin.register(models.Entry)
class Entries(Shown):
    """Entries, without identity."""

    list_display = ["bib", "rider", "category", "state", "signed_on"]
    list_filter = ["edition", "race", "state"]
    list_select_related = ["rider", "category__race"]
    exclude = ["identity_hash", "identity_key_version"]


@admin.register(models.Change)
class Changes(Shown):
    """What was edited, from what to what."""

    list_display = ["revision", "edition", "model", "object_id", "before", "after", "by", "reason", "recorded_at"]
    list_filter = ["edition", "model"]


for shown in (models.Event, models.Edition, models.Course, models.Race, models.Category, models.Team, models.Gun):
    admin.site.register(shown, Shown)

"""Sentences for what the pure rules object to, in the language in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from race.eligibility import Reason


def identity_problem(code: str) -> str:
    """What is wrong with a document number, by the code of `race.identity`."""
    return {
        "check_digit": _("The check digit does not fit: two digits may be swapped."),
        "no_such_date": _("The birth date in the number does not exist."),
        "unknown_province": _("The first two digits are no province."),
        "fifteen_digits": _("Numbers with 15 digits are no longer valid. Use the one with 18."),
        "length": _("The number has the wrong length."),
        "characters": _("The number has characters that do not belong there."),
        "country_missing": _("Choose the country that issued the passport."),
        "unknown_kind": _("This kind of document is not known."),
    }.get(code, _("The number is not valid."))


def reason(why: Reason, named: Mapping[str, str]) -> str:
    """Why somebody may not enter a category. `named`: names of categories by code, for the one that stands in the way."""
    values = {
        name: formats.date_format(value, "DATE_FORMAT") if isinstance(value, date) else value
        for name, value in why.values.items()
    }
    values["category"] = named.get(str(values.get("category")), values.get("category", ""))
    return {
        "men_only": _("For men only."),
        "women_only": _("For women only."),
        "too_young": _("From %(min_age)s years; you are %(age)s."),
        "too_old": _("Up to %(max_age)s years; you are %(age)s."),
        "professional_registered": _("Not for registered professionals."),
        "professional_uci_team": _("Not for riders of a UCI team in the last years; open to you from %(open_from)s."),
        "professional_retired": _("Not for professionals who retired lately; open to you from %(open_from)s."),
        "one_a_day": _("You chose %(category)s. One race a day."),
        "excluded_by": _("You chose %(category)s. The two cannot be combined."),
    }[why.code] % values


def field(name: str) -> str:
    """What people call a field of a form."""
    return {
        "identity_kind": _("Kind of document"), "identity_number": _("Document number"),
        "identity_country": _("Country of the passport"), "name_zh": _("Chinese name"), "surname_latin": _("Surname"),
        "given_latin": _("Given name"), "passport_name": _("Name in the passport"), "sex": _("Sex"),
        "birth_date": _("Birth date"), "nation": _("Nation"), "uci_id": "UCI ID", "name": _("Name"), "email": _("E-mail"),
        "phone": _("Phone"), "signer": _("Signature"), "team": _("Team"), "emergency_name": _("Emergency contact"),
        "emergency_phone": _("Phone of the emergency contact"), "blood": _("Blood group"), "medical": _("Medical notes"),
        "insurer": _("Insurer"), "policy": _("Policy number"), "insured_until": _("Insured until"),
        "guardian_name": _("Guardian"), "guardian_phone": _("Phone of the guardian"),
        "uci_team_until": _("In a UCI team until"), "retired_on": _("Retired on"),
    }.get(name, _("Region") if name.startswith("region") else name)  # fmt: skip


def sheet_problem(code: str) -> str:
    """Why a file cannot be read, in the language in force."""
    return {
        "empty": _("The file is empty."),
        "no_columns": _("No row was found under the headings. Name, document number and category are needed."),
        "old_excel": _("This is an old Excel file (.xls), or one with a password. Save it as .xlsx without one."),
        "broken_workbook": _("The spreadsheet is damaged. Save it again and send the new file."),
        "workbook_too_large": _("The spreadsheet is too large for an entry list."),
        "another_zip": _("This is not a spreadsheet. Send .xlsx or .csv."),
        "undecodable": _("The letters of the file cannot be read. Save it as .xlsx, or as CSV in UTF-8."),
        "too_many_rows": _("At most 5,000 rows at once."),
        "too_many_columns": _("The sheet has too many columns."),
        "cell_too_long": _("A cell is too long: perhaps a quotation mark is never closed."),
    }.get(code, _("The file cannot be read."))


def too_many(most: int) -> str:
    """That a list is longer than a team may be."""
    return _("At most %(most)s riders at once.") % {"most": most}

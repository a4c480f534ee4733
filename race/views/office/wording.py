"""What the office's pages call things: kinds of work, filters, lines of the log."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Word = str | Promise

#: Kind of work -> (what waits, what is done about it).
WORK: dict[str, tuple[Word, Word]] = {
    "review": (_("Papers to review"), _("Accept, or refuse with the reason the rider is told")),
    "expected": (_("Transfers expected"), _("Mark what has come to the account")),
    "unpaid": (_("Confirmed, not paid"), _("Take the money, or remind the riders")),
    "duplicates": (_("Possible duplicates"), _("Compare the two, merge them or keep both")),
    "places": (_("Free places, riders waiting"), _("Offer the places to the line")),
    "bibs": (_("Without bib"), _("Give numbers by range, or one by one")),
    "chips": (_("Without chip"), _("Hand out chips by scan or list")),
    "refunds": (_("Refunds to look after"), _("Try a failed one again, hand back cash")),
    "money": (_("Money that fits nothing"), _("Another sum, too late or twice: see that it goes back")),
    "messages": (_("Messages nobody took"), _("Check the address, send again")),
    "small": (_("Categories too small"), _("Ride together, rank apart, or move the riders")),
}

FILTERS: dict[str, tuple[Word, dict[str, Word]]] = {
    "state": (
        _("State"),
        {
            "alive": _("All that count"), "confirmed": pgettext_lazy("entry", "Confirmed"),
            "held": pgettext_lazy("entry", "Held"), "offered": pgettext_lazy("entry", "Offered"),
            "waiting": pgettext_lazy("entry", "Waiting"), "withdrawn": pgettext_lazy("entry", "Withdrawn"),
            "expired": pgettext_lazy("entry", "Expired"),
        },
    ),
    "paid": (
        _("Money"),
        {
            "paid": _("Paid"), "unpaid": _("Not paid"), "expected": _("Transfer expected"), "over": _("Paid too much"),
        },
    ),
    "bib": (_("Bib"), {"with": _("With bib"), "without": _("Without bib")}),
    "chip": (_("Chip"), {"with": _("With chip"), "without": _("Without chip")}),
    "documents": (
        _("Papers"),
        {"sent": _("To review"), "refused": _("Refused"), "missing": _("Missing")},
    ),
    "waiver": (_("Waiver"), {"old": _("Newest not signed")}),
    "here": (_("Sign-on"), {"yes": _("Signed on"), "no": _("Not signed on")}),
}  # fmt: skip

FOUND_BY: dict[str, Word] = {
    "bib": _("by bib"), "pass": _("by pass code"), "chip": _("by chip"), "document": _("by document number"),
    "contact": _("by phone or e-mail"), "name": _("by name"), "team": _("by team"),
}  # fmt: skip

SAME: dict[str, Word] = {
    "document": _("Same document number"),
    "born": _("Same name and birth date"),
    "phone": _("Same phone, like name"),
}

LOG: dict[str, Word] = {
    "league_joined": _("Row of a league round joined"), "league_parted": _("Row of a league round parted"),
    "league_imported": _("Round of the league brought in"),
    "registered": _("Entered"), "withdrawn": _("Withdrawn"), "offer_taken": _("Took the offered place"),
    "paper_sent": _("Sent a paper"), "paper_reviewed": _("Paper reviewed"), "paid": _("Paid"),
    "money_corrected": _("Money corrected"), "refund_asked": _("Refund asked for"), "refund_decided": _("Refund decided"),
    "rider_edited": _("Rider corrected"), "team_changed": _("Team changed"), "moved": _("Moved to another category"),
    "reinstated": _("Place given back"), "link_sent": _("Private link sent again"), "identity_shown": _("Private data shown"),
    "merged": _("Merged into another rider"), "merged_with": _("Another rider merged into this one"),
    "unmerged": _("Merge undone"), "two_people": _("Checked: two people"), "capacity": _("Number of places changed"),
    "entry_window": _("Entry window changed"), "chip_given": _("Chip handed out"), "chip_returned": _("Chip returned"),
    "chip_assigned": _("Chip assigned at the line"), "chip_unassigned": _("Chip of the line taken back"),
    "chip_swapped": _("Chip passed on"), "bib_given": _("Number given"), "bib_freed": _("Number taken away"),
    "bib_swapped": _("Number swapped"), "bib_lost": _("Number lost"), "campaign": _("Message to many sent"),
    "campaign_stopped": _("Message to many stopped"), "messages_again": _("Failed messages sent again"),
    "bib_range": _("Range of numbers set"), "bib_kept_back": _("Number kept back"), "bib_put_back": _("Number put back"),
    "bibs_frozen": _("Numbers frozen"), "bibs_unfrozen": _("Numbers unfrozen"), "bib_told": _("Told the number"),
    "chips_imported": _("Chips handed out by file"), "chip_lost": _("Chip lost"), "chip_found": _("Lost chip found"),
    "details_changed": _("Changed own details"), "left_line": _("Left the line"), "offered": _("Place offered"),
    "imported": _("Entered by a list"), "riders_added": _("Riders added to a team"), "team_registered": _("Team entered"),
    "substituted": _("Place taken by a substitute"), "transferred": _("Place passed to another rider"),
    "waiver_signed": _("Waiver signed"), "paper_opened": _("Paper opened"), "payment_started": _("Payment begun"),
    "refund_again": _("Refund tried again"), "links_sent": _("Private links sent"), "list_made": _("List made"),
    "entries_exported": _("Entries exported"), "erased": _("Private data erased"), "deposit": _("Deposit"),
    "deposit_back": _("Deposit back"), "deposit_kept": _("Deposit kept"),
}  # fmt: skip

COLUMNS: dict[str, Word] = {
    "bib": _("Bib"), "category_id": _("Category"), "race_id": _("Race"), "team_id": _("Team"), "state": _("State"),
    "signed_on": _("Sign-on"), "ranked": _("Ranked"), "name_zh": _("Chinese name"), "surname_latin": _("Surname"),
    "given_latin": _("Given name"), "sex": _("Sex"), "birth_date": _("Birth date"), "region_code": _("Region"),
    "email": _("E-mail"), "phone": _("Phone"), "emergency_name": _("Emergency contact"),
    "emergency_phone": _("Emergency phone"),
}  # fmt: skip

DOCUMENTS: dict[str, Word] = {
    "resident": _("Resident ID"), "passport": _("Passport"), "permit": _("Permit"),
    "residence_permit_hmt": _("Residence permit (HK, Macao, Taiwan)"), "permit_hm": _("Permit of Hong Kong or Macao"),
    "permit_tw": _("Permit of Taiwan"), "pr_card": _("Permanent residence card"),
}  # fmt: skip

PAPER: dict[str, Word] = {
    "sent": _("To review"), "accepted": _("Accepted"), "refused": _("Refused"), "replaced": _("Replaced"),
}  # fmt: skip

MESSAGE: dict[str, Word] = {"queued": _("Queued"), "sent": pgettext_lazy("message", "Sent"), "failed": _("Failed")}

LINES: dict[str, Word] = {
    "fee": _("Fee"), "refund": _("Refund"), "deposit": _("Deposit"), "deposit_back": _("Deposit back"),
    "deposit_kept": _("Deposit kept"), "correction": _("Correction"),
}  # fmt: skip

#: What a message tells.
KINDS: dict[str, Word] = {
    "registered": _("Entry confirmed"), "paid": _("Payment received"), "withdrawn": _("Withdrawn"), "offer": _("Place offered"),
    "offer_over": _("Offer over"), "hold_over": _("Hold over"), "paper": _("Paper refused"), "money_back": _("Money goes back"),
    "code": _("One-time code"), "link": _("Private link"), "campaign": _("Message to many"),
    "bib": _("Bib told"), "team_registered": _("Team entered"), "team_rider": _("Entered by the team"), "test": _("Test"),
}  # fmt: skip

"""The words that the sign-on page's modules put together in the browser, in the language of whoever works there.

A pair is one and many (the browser chooses by {n}); {names} are filled in there. Keys are the modules' own.
"""

from __future__ import annotations

from django.utils.translation import gettext, ngettext, pgettext

Word = str | list[str]


def words() -> dict[str, Word]:
    """Every word of the page, in the language in force."""
    return _head() | _list() | _rider() | _gaps() | _hand_outs() | _acts() | _cards()


def _head() -> dict[str, Word]:
    return {
        "here.of": gettext("{here} / {all} here"),
        "closes": gettext("closes {time}"),
        "opens": gettext("opens {time}"),
        "closed": gettext("closed at {time}"),
        "offline": gettext("Offline"),
        "to_sync": [ngettext("{n} to sync", "{n} to sync", n) for n in (1, 2)],
        "syncing": gettext("Syncing"),
        "trouble": gettext("Server answered {status}"),
        "signed_out": gettext("Signed out"),
        "signed_out.why": gettext("Sign in again to send what was done here. Nothing is lost."),
        "sign_in": gettext("Sign in"),
        "conflicts": [ngettext("{n} to resolve", "{n} to resolve", n) for n in (1, 2)],
        "over": gettext("The event is over. This tablet has forgotten the riders."),
        "leave.wait": [
            ngettext(
                "{n} tick is not sent yet. Sign out when it is.",
                "{n} ticks are not sent yet. Sign out when they are.",
                n,
            )
            for n in (1, 2)
        ],
        "counts": gettext("Head count"),
        "counts.left": [ngettext("{n} not here yet", "{n} not here yet", n) for n in (1, 2)],
        "counts.none": gettext("Everybody is here."),
        "desk": gettext("Desk {n}"),
        "store.failed": gettext("This tablet could not keep the tick"),
        "store.failed.why": gettext("Nothing was done. Free some space on it, or use another tablet."),
    }


def _list() -> dict[str, Word]:
    return {
        "recent": gettext("Recent"),
        "found": [ngettext("{n} found", "{n} found", n) for n in (1, 2)],
        "found.none": gettext("Nobody fits “{text}”."),
        "found.none.why": gettext(
            "Bib, chip, pass code, name, pinyin or initials. Riders who withdrew are not on the list."
        ),
        "age.now": gettext("List is up to date"),
        "age.less": gettext("List is less than a minute old"),
        "age.min": [ngettext("List is {n} minute old", "List is {n} minutes old", n) for n in (1, 2)],
        "loading": gettext("The list is on its way."),
        "no_list": gettext("No list on this tablet yet."),
        "no_list.why": gettext("Open this page once with a network; from then on it works without."),
        "empty": gettext("Scan the first rider"),
        "empty.why": gettext("What is missing comes first, then what is handed out."),
        "state.missing": [ngettext("{n} missing", "{n} missing", n) for n in (1, 2)],
        "state.conflict": gettext("Resolve"),
        "state.here": gettext("Signed on"),
        "scan.title": gettext("Scan a code"),
        "scan.none": gettext("No camera can be used. Type the code."),
        "close": gettext("Close"),
        "back": gettext("Back to the list"),
    }


def _rider() -> dict[str, Word]:
    return {
        "no_bib": gettext("No bib"),
        "km": gettext("{km} km"),
        "gun": gettext("gun {time}"),
        "here_at": gettext("Signed on {time}"),
        "here": gettext("Signed on"),
        "check.identity": gettext("Person matches the document"),
        "check.identity.todo": gettext("Compare person and document"),
        "check.paid": gettext("Paid ¥{sum}"),
        "check.free": gettext("No fee"),
        "check.age": gettext("Age {age}, fits {min}–{max}"),
        "check.age.open": gettext("Age {age}"),
        "check.waiver": gettext("Waiver signed, version {n}"),
        "check.amateur": gettext("Not a registered professional"),
        "check.emergency": gettext("Emergency contact given"),
        "check.no_emergency": gettext("No emergency contact"),
        "hand_out": gettext("Hand out"),
        "complete": gettext("Complete sign-on"),
        "undo": gettext("Take sign-on back"),
        "let": gettext("Let through…"),
        "foot.missing": [
            ngettext(
                "Sign-on needs the {n} missing item first. The chief commissaire may let through with a written reason.",
                "Sign-on needs the {n} missing items first. The chief commissaire may let through with a written reason.",
                n,
            )
            for n in (1, 2)
        ],
        "foot.before": gettext("Sign-on opens at {time}. Cloth, plate, chip and deposit can be handed out now."),
        "foot.over": gettext("Sign-on closed at {time}. The chief commissaire may let through with a written reason."),
        "foot.ready": gettext("Nothing is missing."),
        "foot.rest": gettext("Nothing is missing. Not handed out yet: {items}."),
        "foot.done": gettext("Signed on."),
        "foot.done.rest": gettext("Signed on. Not handed out yet: {items}."),
        "and": pgettext("list", ", "),
    }


def _gaps() -> dict[str, Word]:
    return {
        "gap.unpaid": gettext("Fee not paid"),
        "gap.unpaid.why": gettext("¥{sum} is owed"),
        "gap.unpaid.act": gettext("Take ¥{sum} in cash"),
        "gap.waiver": gettext("Waiver not signed"),
        "gap.waiver.why": gettext("No version of it was signed"),
        "gap.waiver_old": gettext("Waiver not signed"),
        "gap.waiver_old.why": gettext("Signed version {signed} on entering; version {newest} counts since {on}"),
        "gap.waiver_guardian": gettext("Guardian has not signed"),
        "gap.waiver_guardian.why": gettext("The rider is a minor: the guardian signs the waiver"),
        "gap.waiver.act": gettext("Sign here now"),
        "gap.document_missing": gettext("{label}: missing"),
        "gap.document_refused": gettext("{label}: refused"),
        "gap.document.why": gettext("Not handed in; the original may be shown here"),
        "gap.insurance.why": gettext("Covers {day}, at least ¥{sum}"),
        "gap.document.act": gettext("Note original seen"),
        "gap.no_bib": gettext("No bib yet"),
        "gap.no_bib.why": gettext("The office gives out the numbers"),
        "gap.no_bib.act": gettext("Open the office"),
        "gap.no_chip": gettext("No chip yet"),
        "gap.no_chip.why": gettext("Scan the chip that goes to this rider"),
        "gap.no_chip.act": gettext("Scan chip"),
        "gap.too_young": gettext("Too young for this category"),
        "gap.too_young.why": gettext("Age {age}, from {min_age} on"),
        "gap.too_old": gettext("Too old for this category"),
        "gap.too_old.why": gettext("Age {age}, up to {max_age}"),
        "gap.men_only": gettext("This category is for men only"),
        "gap.women_only": gettext("This category is for women only"),
        "gap.professional": gettext("Barred as a professional"),
        "gap.ruled": gettext("Only the chief commissaire or the organiser can let through"),
    }


def _hand_outs() -> dict[str, Word]:
    return {
        "tile.cloth": gettext("Number cloth"),
        "tile.cloth.sub": gettext("{bib}, one pair"),
        "tile.plate": gettext("Bar plate"),
        "tile.plate.sub": "{bib}",
        "tile.chip": gettext("Timing chip"),
        "tile.chip.sub": gettext("Scan the chip"),
        "tile.chip.assigned": gettext("{chip}: scan to check"),
        "tile.deposit": gettext("Deposit ¥{sum}"),
        "tile.deposit.sub": gettext("Cash / WeChat"),
        "method.cash": pgettext("paid by", "Cash"),
        "method.wechat": pgettext("paid by", "WeChat"),
        "method.alipay": pgettext("paid by", "Alipay"),
        "method.transfer": pgettext("paid by", "Transfer"),
        "method.office": gettext("At the office"),
        "given": gettext("{time}, desk {desk}"),
        "given.waiting": gettext("not sent yet"),
    }


def _acts() -> dict[str, Word]:
    return {
        "cancel": gettext("Cancel"),
        "chip.title": gettext("Hand out the chip"),
        "chip.field": gettext("Chip code"),
        "chip.hint": gettext("Hold the chip to the reader, or type what is printed on it."),
        "chip.bad": gettext("That is no chip code: letters and digits, 2 to 32 of them."),
        "chip.with": gettext("Chip {chip} is with {bib} {name}."),
        "chip.with.why": gettext("Taking it leaves {bib} without it; both hand-outs stay on record."),
        "chip.swap": gettext("Take it from {bib}"),
        "chip.own": gettext("This rider has chip {chips} already."),
        "chip.replace": gettext("Replace {chips}"),
        "chip.second": gettext("Give as second chip"),
        "chip.give": gettext("Hand out chip"),
        "back.title": gettext("Take back: {item}"),
        "back.act": gettext("Take back"),
        "deposit.title": gettext("Take the deposit of ¥{sum}"),
        "cash.title": gettext("Take ¥{sum} in cash"),
        "cash.why": gettext("The sum is booked to {name} with this desk and the time."),
        "cash.act": gettext("Note cash received"),
        "paper.title": gettext("{label}: original seen"),
        "paper.why": gettext("Noted with this desk and the time; nothing is photographed."),
        "waiver.title": gettext("Waiver, version {n}"),
        "waiver.name": gettext("Name of the rider, typed by the rider"),
        "waiver.guardian": gettext("Name of the guardian, typed by the guardian"),
        "waiver.act": gettext("Sign waiver"),
        "waiver.empty": gettext("Type the name to sign."),
        "let.title": gettext("Let {name} through"),
        "let.why": gettext("Missing: {items}. Name, reason and time are put on record."),
        "let.why.late": gettext("Outside the time of sign-on. Name, reason and time are put on record."),
        "let.reason": gettext("Reason"),
        "let.act": gettext("Let through"),
        "let.empty": gettext("Write the reason."),
    }


def _cards() -> dict[str, Word]:
    return {
        "card.given": gettext("{item} was handed out already"),
        "card.given.why": gettext("Desk {desk} at {time}, {by}. What was handed out here at {own} does not count."),
        "card.chip_taken": gettext("Chip {chip} is with {bib}"),
        "card.chip_taken.why": gettext("Another desk was first. This rider's tick of {own} does not count."),
        "card.missing": gettext("Not signed on: something is missing"),
        "card.missing.why": gettext("At {own} this desk did not know of it yet."),
        "card.sign_on_not_open": gettext("Not signed on: it was before the opening"),
        "card.sign_on_closed": gettext("Not signed on: it was after the closing"),
        "card.window.why": gettext("Ticked at {own}. The chief commissaire may let through with a written reason."),
        "card.changed": gettext("The fee has changed or was paid meanwhile"),
        "card.changed.why": gettext("The cash noted at {own} is not booked. Check what was taken."),
        "card.new_version": gettext("The waiver has a new version"),
        "card.new_version.why": gettext("What was signed at {own} is not the text that counts now. Sign again."),
        "card.not_allowed": gettext("Letting through was refused"),
        "card.not_allowed.why": gettext("Only the chief commissaire and the organiser may, with a reason."),
        "card.time": gettext("The time of a tick cannot be right"),
        "card.time.why": gettext("{item}, ticked at {own}. Check this tablet's clock and tick again."),
        "card.unknown_entry": gettext("This rider is no longer on the list"),
        "card.other": gettext("A tick could not be taken"),
        "card.other.why": gettext("{item}, ticked at {own}."),
        "card.chip": gettext("Give another chip"),
        "card.open": gettext("Open rider"),
        "card.leave": gettext("Leave it so"),
        "item.identity": gettext("Comparison with the document"),
        "item.sign_on": gettext("Sign-on"),
        "item.let_through": gettext("Letting through"),
        "item.cash": gettext("Cash for the fee"),
        "item.waiver": gettext("Waiver"),
        "item.document": gettext("Document"),
        "item.deposit": gettext("Deposit"),
    }

"""The rules of entering as an organiser writes them, and the money that comes back."""

from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from race.entry_rules import DocumentTerms, EntryRules, refund_fen, refund_percent

STEPS = st.dictionaries(st.integers(0, 60), st.integers(0, 100), max_size=4).map(
    lambda steps: list(zip(sorted(steps), sorted(steps.values()), strict=True))
)


def test_an_empty_document_has_the_defaults():
    assert asdict(EntryRules.of({})) == {
        "hold_minutes": 15,
        "offer_hours": 24,
        "offers_end_days_before": 7,
        "transfer_hold_hours": 72,
        "payment_methods": ("sandbox", "on_site", "transfer"),
        "refund_steps": ((10, 80),),
        "change_days_before": 10,
        "substitute_days_before": 5,
        "transfers_allowed": False,
        "chip_deposit_fen": 10000,
        "guardian_under": 18,
        "one_a_day": True,
        "exclusions": (("ME", "MM"), ("XO", "XM")),
        "barred_years": 2,
        "reserved_bibs": (13,),
        "bibs_frozen_days_before": 5,
        "sign_on_opens_min": 60,
        "sign_on_closes_min": 10,
        "merge_below": 20,
        "protest_minutes": 30,
        "protest_deposit_fen": 50000,
        "documents": ({"kind": "guardian_consent", "who": "minor", "required": True},),
        "insurance_min_fen": 50000000,
        "retention_days": 365,
        "neutral_nations": (),
    }


def test_what_is_written_stands_beside_the_defaults():
    document = {
        "hold_minutes": 30,
        "one_a_day": False,
        "payment_methods": ["on_site"],
        "refund_steps": [[10, 50], [30, 80]],
        "exclusions": [["ME", "XO"]],
        "reserved_bibs": [4, 13],
        "documents": [{"kind": "insurance", "who": "foreign"}, {"kind": "health", "required": False}],
        "neutral_nations": ["BLR"],
    }
    assert EntryRules.of(document) == replace(
        EntryRules(),
        hold_minutes=30,
        one_a_day=False,
        payment_methods=("on_site",),
        refund_steps=((30, 80), (10, 50)),
        exclusions=(("ME", "XO"),),
        reserved_bibs=(4, 13),
        documents=(DocumentTerms("insurance", "foreign"), DocumentTerms("health", "all", False)),
        neutral_nations=("BLR",),
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"hold_minuts": 15}, "hold_minuts: no such rule"),
        ({"hold_minutes": "15"}, "hold_minutes: must be a whole number, 0 or more"),
        ({"hold_minutes": 1.5}, "hold_minutes: must be a whole number, 0 or more"),
        ({"hold_minutes": True}, "hold_minutes: must be a whole number, 0 or more"),
        ({"hold_minutes": -1}, "hold_minutes: must be a whole number, 0 or more"),
        ({"one_a_day": 1}, "one_a_day: must be true or false"),
        ({"payment_methods": "sandbox"}, "payment_methods: must be a list"),
        ({"payment_methods": [1]}, "payment_methods: must be a word"),
        ({"refund_steps": [10, 80]}, "refund_steps: must be a list"),
        ({"refund_steps": [[10]]}, "refund_steps: must be a list of pairs"),
        ({"refund_steps": [[10, 101]]}, "refund_steps: must not give back more than 100 percent"),
        ({"refund_steps": [[10, 50], [20, 40]]}, "refund_steps: must give back less the later it is"),
        ({"refund_steps": [[10, 50], [10, 40]]}, "refund_steps: must give back less the later it is"),
        ({"exclusions": [["ME", "ME"]]}, "exclusions: must not exclude a category from itself"),
        ({"reserved_bibs": ["13"]}, "reserved_bibs: must be a whole number, 0 or more"),
        ({"documents": ["waiver"]}, "documents: must be a list of {kind, who, required}"),
        ({"documents": [{"kind": "x", "of": "all"}]}, "documents: must be a list of {kind, who, required}"),
        ({"documents": [{"kind": "x", "who": "some"}]}, "documents: who must be one of all, foreign, minor"),
        ({"documents": [{"kind": "x", "who": []}]}, "documents: who must be one of all, foreign, minor"),
        ({"documents": [{"kind": ""}]}, "documents: must be a word"),
        ({"neutral_nations": ["Bel"]}, "neutral_nations: must be IOC codes of three capitals"),
        ({"sign_on_closes_min": 90}, "sign_on_closes_min: sign-on closes before it opens"),
    ],
)
def test_a_document_that_makes_no_sense_names_the_key(document, message):
    with pytest.raises(ValueError, match=r"^\w+: ") as refusal:
        EntryRules.of(document)
    assert str(refusal.value) == message


@pytest.mark.parametrize("key", [column.name for column in fields(EntryRules)])
def test_no_key_takes_nothing(key):
    with pytest.raises(ValueError, match=f"^{key}: "):
        EntryRules.of({key: None})


def test_money_comes_back_by_steps():
    rules = EntryRules.of({"refund_steps": [[30, 80], [10, 50]]})
    assert [refund_percent(rules, days) for days in (31, 30, 29, 10, 9, 0, -1)] == [80, 80, 50, 50, 0, 0, 0]
    assert [refund_fen(rules, 12_001, days) for days in (30, 10, 9)] == [9600, 6000, 0]
    with pytest.raises(ValueError, match="paid_fen"):
        refund_fen(rules, -1, 30)


@given(STEPS, st.integers(0, 10_000_000), st.integers(-5, 70))
def test_a_refund_never_passes_what_was_paid_and_never_grows_with_waiting(steps, paid, days):
    rules = EntryRules.of({"refund_steps": steps})
    back = refund_fen(rules, paid, days)
    assert 0 <= back <= paid
    assert back <= refund_fen(rules, paid, days + 1)
    assert back <= refund_fen(rules, paid + 1, days)


@given(STEPS)
def test_the_order_in_which_steps_are_written_does_not_matter(steps):
    assert EntryRules.of({"refund_steps": steps}) == EntryRules.of({"refund_steps": steps[::-1]})

from datetime import UTC, date, datetime

import pytest
from ai_gateway_auth.models.consumer import Consumer
from ai_gateway_auth.objects.key_secret import (
    decoded,
    encoded,
    fingerprint,
    imported_key_mistakes,
    keeps_key_before,
    moment,
    shared_values,
)
from hypothesis import given
from hypothesis import strategies as st

OVERLAPPING = Consumer.model_validate({"rotation": 2, "overlapFor": "7d"})
EARLIER, MADE = "2026-01-01T08:00:00Z", "2026-03-01T18:30:00Z"


def test_moments_compare_as_texts() -> None:
    assert moment(datetime(2026, 3, 1, 18, 30, 0, 999, tzinfo=UTC)) == MADE


@given(st.datetimes(), st.datetimes())
def test_later_moments_are_greater_texts(one: datetime, other: datetime) -> None:
    first, second = sorted(time.replace(microsecond=0, tzinfo=UTC) for time in (one, other))
    if first.year >= 1000:
        assert (moment(first) < moment(second)) == (first < second)


@pytest.mark.parametrize(
    ("today", "is_kept"),
    [
        (date(2026, 3, 1), True),
        (date(2026, 3, 8), True),  # seven whole days, and what is left of the first
        (date(2026, 3, 9), False),
        (date(2027, 1, 1), False),
    ],
)
def test_the_days_of_an_overlap_count_from_the_new_key(today: date, *, is_kept: bool) -> None:
    assert keeps_key_before(OVERLAPPING, MADE, EARLIER, today) == is_kept
    assert keeps_key_before(OVERLAPPING, MADE, None, today) == is_kept


def test_two_keys_of_one_run_do_not_overlap() -> None:
    assert not keeps_key_before(OVERLAPPING, MADE, MADE, date(2026, 3, 1))


def test_a_generation_that_went_back_does_not_bring_the_later_key() -> None:
    assert not keeps_key_before(OVERLAPPING, EARLIER, MADE, date(2026, 3, 1))


def test_two_imported_keys_both_stay() -> None:
    assert keeps_key_before(OVERLAPPING, None, None, date(2026, 3, 1))
    assert not keeps_key_before(OVERLAPPING, None, EARLIER, date(2026, 3, 1))


def test_without_an_overlap_nothing_is_kept() -> None:
    alone = Consumer.model_validate({"rotation": 2})
    assert not keeps_key_before(alone, MADE, EARLIER, date(2026, 3, 1))
    assert not keeps_key_before(alone, None, None, date(2026, 3, 1))


@given(st.text())
def test_a_key_survives_its_secret(key: str) -> None:
    if key.isascii():
        assert decoded(encoded(key)) == key


@pytest.mark.parametrize("entry", ["no base64!", "//8="], ids=["no base64", "no UTF-8"])
def test_what_is_no_text_is_no_key(entry: str) -> None:
    assert decoded(entry) is None


def test_a_fingerprint_is_the_beginning_of_a_hash() -> None:
    assert len(fingerprint("a-key")) == 12
    assert fingerprint("a-key") != fingerprint("another-key")


def test_one_value_under_two_names_is_found_across_secrets() -> None:
    data = {"keys": {"alice": "one", "bob": "two"}, "keys-1": {"alice": "one", "carol": "two"}}
    assert shared_values(data) == ["bob and carol"]


def test_mistakes_name_the_owners_and_no_key() -> None:
    key = "k" * 32
    found = imported_key_mistakes({"alice": key, "bob": key, "carol": "short", "dave": "d" * 40})
    assert [text.split(" ")[0] for text in found] == ["alice", "the"]
    assert not [text for text in found if key in text]

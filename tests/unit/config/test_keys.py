"""The life of a key, as far as the config and the day decide it."""

import json
import math
import re
import traceback
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from ai_gateway_auth.models import ConfigError, StackConfig, check, warnings
from ai_gateway_auth.models.components import ApiKeysConfig
from ai_gateway_auth.models.consumer import Consumer
from ai_gateway_auth.models.shards import Shards, secret_names, shard_of
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.config.cases import TODAY

DAY = timedelta(days=1)
SINCE = date(2026, 1, 1)


Data = dict[str, Any]


def consumer(**fields: object) -> Consumer:
    return check(Consumer, fields, today=TODAY)


def every_90_days(since: date = SINCE) -> Consumer:
    return consumer(rotateEvery="90d", since=since.isoformat())


@pytest.mark.parametrize(
    ("after", "generation"), [(0, 1), (89, 1), (90, 2), (91, 2), (179, 2), (180, 3), (900, 11)]
)
def test_a_generation_begins_on_its_day(after: int, generation: int) -> None:
    assert every_90_days().generation(SINCE + after * DAY) == generation


def test_before_since_it_is_the_first_generation() -> None:
    assert every_90_days(TODAY + DAY).generation(TODAY) == 1
    assert every_90_days(TODAY + 9000 * DAY).generation(TODAY) == 1


def test_without_a_period_the_generation_is_given() -> None:
    assert consumer().generation(TODAY) == 1
    assert consumer(rotation=7).generation(TODAY + 9000 * DAY) == 7


def test_the_last_day_is_the_one_before_expires() -> None:
    one = consumer(expires="2027-01-31")
    assert one.has_key(date(2027, 1, 30))
    assert not one.has_key(date(2027, 1, 31))
    assert not one.has_key(date(2027, 2, 1))


def test_revoked_beats_all() -> None:
    one = consumer(revoked=True, expires="2099-01-01", rotateEvery="90d", since="2026-01-01")
    assert not one.has_key(TODAY)


def test_the_key_before_stays_through_the_last_day_of_the_overlap() -> None:
    one = consumer(overlapFor="7d")
    assert one.keeps_key_before(SINCE, SINCE)
    assert one.keeps_key_before(SINCE, SINCE + 7 * DAY)
    assert not one.keeps_key_before(SINCE, SINCE + 8 * DAY)
    assert not consumer().keeps_key_before(SINCE, SINCE)


DAYS = st.dates(date(2020, 1, 1), date(2100, 1, 1))
PERIODS = st.integers(1, 9999)


@given(since=DAYS, today=DAYS, period=PERIODS)
def test_a_day_later_it_is_the_same_generation_or_the_next(
    since: date, today: date, period: int
) -> None:
    one = consumer(rotateEvery=f"{period}d", since=since.isoformat())
    now, later = one.generation(today), one.generation(today + DAY)
    assert now >= 1
    begins = today + DAY > since and (today + DAY - since).days % period == 0
    assert later - now == (1 if begins else 0)


@given(st.data(), DAYS, st.integers(2, 9999), st.integers(2, 9))
def test_two_keys_are_the_most(
    data: st.DataObject, since: date, period: int, generation: int
) -> None:
    """With `up` each day, a key before is gone when the present one is replaced."""
    overlap = data.draw(st.integers(1, period - 1))
    one = consumer(rotateEvery=f"{period}d", since=since.isoformat(), overlapFor=f"{overlap}d")
    made = since + (generation - 1) * period * DAY
    assert one.generation(made) == generation
    assert one.generation(made - DAY) == generation - 1
    assert one.keeps_key_before(made, made)
    assert not one.keeps_key_before(made, made + period * DAY)


@given(expires=DAYS, today=DAYS, revoked=st.booleans())
def test_who_has_a_key_had_one_the_day_before(*, expires: date, today: date, revoked: bool) -> None:
    one = consumer(expires=expires.isoformat(), revoked=revoked)
    assert not one.has_key(today) or one.has_key(today - DAY)
    assert one.has_key(today) == (not revoked and today < expires)


FIELDS: dict[str, st.SearchStrategy[object]] = {
    "description": st.text(max_size=20),
    "team": st.sampled_from(["search", "ml.research", "A-1"]),
    "tier": st.sampled_from(["gold", "free"]),
    "rotation": st.integers(1, 99),
    "rotateEvery": PERIODS.map("{}d".format),
    "since": DAYS.map(str),
    "overlapFor": PERIODS.map("{}d".format),
    "expires": DAYS.map(str),
    "revoked": st.booleans(),
    "revokedReason": st.text(max_size=20),
    "importFrom": st.lists(
        st.fixed_dictionaries({"name": st.just("keys"), "generation": st.integers(1, 3)}),
        max_size=3,
    ),
    "deliverTo": st.just({"namespace": "search", "name": "models-key"}),
    "pushTo": st.just({"store": "vault", "remoteKey": "models/alice"}),
}


@given(st.fixed_dictionaries({}, optional=FIELDS), DAYS)
def test_any_consumer_is_good_or_every_mistake_has_a_reason(
    fields: dict[str, Any], today: date
) -> None:
    is_counted = "rotateEvery" in fields
    bad = {
        "rotation": is_counted and "rotation" in fields,
        "since": is_counted != ("since" in fields),
        "overlapFor": is_counted
        and "overlapFor" in fields
        and int(fields["overlapFor"][:-1]) >= int(fields["rotateEvery"][:-1]),
        "revokedReason": "revokedReason" in fields and not fields.get("revoked", False),
    }
    imports = [existing["generation"] for existing in fields.get("importFrom", [])]
    try:
        one = check(Consumer, fields, today=today)
    except ConfigError as error:
        told = Counter(str(mistake.path[0]) for mistake in error.mistakes)
        told.pop("importFrom", None)
        assert told == Counter(name for name, is_bad in bad.items() if is_bad)
        return
    assert not any(bad.values())
    assert len(set(imports)) == len(imports)
    assert all(generation <= one.generation(today) for generation in imports)


# The rule never changes: another one would move every key, and refuse it on the way.
@pytest.mark.parametrize(
    ("client_id", "of_16", "of_64", "of_3"),
    [
        ("alice", 15, 47, 2),
        ("ci-runner", 6, 22, 1),
        ("search.indexer", 2, 34, 1),
    ],
)
def test_the_place_of_a_client_id(client_id: str, of_16: int, of_64: int, of_3: int) -> None:
    assert shard_of(client_id, 1) == 0
    assert shard_of(client_id, 3) == of_3
    assert shard_of(client_id, 16) == of_16
    assert shard_of(client_id, 64) == of_64


def test_while_the_count_changes_keys_are_in_both_places() -> None:
    shards = Shards(count=16, before=3)
    assert shards.total() == 16
    assert shards.of("alice") == sorted({2, 15})
    assert shards.home("alice") == 15
    assert Shards(count=1, before=16).of("alice") == sorted({0, 15})
    assert Shards(count=1, before=16).total() == 16
    assert Shards().of("alice") == [0]


def test_the_first_secret_has_the_plain_name() -> None:
    assert secret_names("maas-api-keys", Shards()) == ["maas-api-keys"]
    names = secret_names("maas-api-keys", Shards(count=2, before=3))
    assert names == ["maas-api-keys", "maas-api-keys-1", "maas-api-keys-2"]


@given(st.text(min_size=1), st.integers(1, 64), st.none() | st.integers(1, 64))
def test_a_place_is_one_of_the_secrets(client_id: str, count: int, before: int | None) -> None:
    shards = Shards(count=count, before=before)
    assert shards.home(client_id) in shards.of(client_id)
    assert len(shards.of(client_id)) <= 2
    assert all(0 <= shard < shards.total() for shard in shards.of(client_id))


@pytest.mark.parametrize("count", [2, 3, 16, 64])
def test_consumers_spread_evenly(count: int) -> None:
    each = 500
    found = Counter(shard_of(f"client-{number}", count) for number in range(each * count))
    assert all(abs(size - each) < 6 * math.sqrt(each) for size in found.values())
    assert len(found) == count


API_KEY = {"listener": {"port": 443, "tls": {"certificateRefs": ["keys-tls"]}}}


def told(consumers: dict[str, dict[str, object]], **api_key: object) -> list[str]:
    raw = {"apiKey": {**API_KEY, **api_key}, "consumers": consumers}
    return warnings(check(StackConfig, raw, today=TODAY), today=TODAY)


def expiring(*after: int) -> dict[str, dict[str, object]]:
    return {f"in-{days}": {"expires": (TODAY + days * DAY).isoformat()} for days in after}


def test_keys_that_expire_soon_are_named() -> None:
    assert told(expiring(15, 400)) == []
    (text,) = told(expiring(1, 14, 15))
    assert text == (
        "consumers: keys expire within 14 days: in-1 (2026-11-02), in-14 (2026-11-15); from that "
        "day on, the next `up` removes them."
    )
    assert told(expiring(15), expiryWarning="15d")[0].startswith("consumers: keys expire within 15")


def test_keys_that_have_expired_are_named() -> None:
    consumers: dict[str, dict[str, object]] = {"alice": {}, **expiring(0, -30)}
    assert told(consumers) == [
        "consumers: keys have expired: in--30 (2026-10-02), in-0 (2026-11-01); they are removed."
    ]


def test_a_revoked_key_is_not_named_again() -> None:
    gone: dict[str, object] = {"expires": TODAY.isoformat(), "revoked": True}
    assert told({"alice": gone, "bob": {}}) == []


def test_twenty_are_named() -> None:
    soon: dict[str, dict[str, object]] = {
        f"c{number:02}": {"expires": "2026-11-05"} for number in range(23)
    }
    (text,) = told(soon)
    assert "c00 (2026-11-05), c01" in text
    assert "c19 (2026-11-05) and 3 more; from that day" in text
    assert "c20" not in text


def test_a_change_of_the_count_is_told() -> None:
    (text,) = told({"alice": {}}, shards={"count": 2, "before": 1})
    assert text.startswith("apiKey.shards.before: keys are in their places among 1 Secrets")


@pytest.mark.parametrize(("count", "shards"), [(4000, 1), (30000, 12)])
def test_many_consumers_fit(count: int, shards: int) -> None:
    ids: Data = {f"client-{number:056}": {} for number in range(count)}
    raw: Data = {"apiKey": {**API_KEY, "shards": {"count": shards}}, "consumers": ids}
    assert check(StackConfig, raw, today=TODAY)


def test_the_remedy_for_a_full_secret_is_enough() -> None:
    ids = {f"client-{number:056}": {"overlapFor": "7d"} for number in range(30000)}
    assert "set count: " in _remedy(ids, {"count": 1})
    enough = int(re.findall(r"set count: (\d+)", _remedy(ids, {"count": 1}))[0])
    shards = {"count": enough}
    raw = {"apiKey": {**API_KEY, "shards": shards}, "consumers": ids}
    assert check(StackConfig, raw, today=TODAY)
    # The one Secret before would hold the new consumers too.
    assert "when the change of count is done" in _remedy(ids, {**shards, "before": 1})


def _remedy(consumers: object, shards: object) -> str:
    raw = {"apiKey": {**API_KEY, "shards": shards}, "consumers": consumers}
    with pytest.raises(ConfigError) as caught:
        check(StackConfig, raw, today=TODAY)
    (mistake,) = caught.value.mistakes
    assert mistake.path == ("apiKey", "shards", "count")
    return mistake.remedy


KEYS = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=10)
BAD = st.one_of(
    KEYS.filter(lambda key: len(key) < 32),
    KEYS.map("Bearer {}".format),
    KEYS.map("{} blank".format),
    KEYS.map("{}é".format),
    KEYS.map(lambda key: key * 110),
)


@given(value=BAD, twice=st.booleans(), is_snake=st.booleans(), is_secret=st.booleans())
def test_an_imported_key_is_never_told(
    *, value: str, twice: bool, is_snake: bool, is_secret: bool
) -> None:
    field = "imported_keys" if is_snake else "importedKeys"
    keys = {"alice": value, **({"bob": value} if twice else {})}
    raw: Data = {"namespace": "maas", "consumers": {"alice": {}}, "unknown": 1, field: keys}
    _never_told(raw, value, [(field,)] if is_secret else [])


@given(value=KEYS.map(lambda key: (key * 4)[:60]), is_misspelt=st.booleans())
def test_a_key_of_two_consumers_is_never_told(*, value: str, is_misspelt: bool) -> None:
    assume("bearer" not in value.lower())
    field = "importedKey" if is_misspelt else "importedKeys"
    raw: Data = {
        "namespace": "maas",
        "consumers": {"alice": {}, "bob": {}},
        field: {"alice": value, "bob": value},
    }
    _never_told(raw, value, [])


def _never_told(raw: object, value: str, secret_paths: list[tuple[str | int, ...]]) -> None:
    with pytest.raises(ConfigError) as caught:
        check(ApiKeysConfig, raw, today=TODAY, secret_paths=secret_paths)
    error = caught.value
    texts = [str(error), repr(error), repr(error.mistakes), repr(error.args)]
    texts.append("".join(traceback.format_exception(error)))
    for text in texts:
        assert value not in text
        assert json.dumps(value)[1:-1] not in text
        assert repr(value)[1:-1] not in text

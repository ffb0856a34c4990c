"""Key ids and secrets: how they are spelled, and that no single error in one goes unnoticed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.credential import (
    BASE62,
    BUCKETS,
    KEY_ID_LENGTH,
    SECRET_LENGTH,
    bucket_of,
    make_key_id,
    make_secret,
    parse_key_id,
    parse_secret,
)

KEY_ID = make_key_id("main", bytes(range(16)))
SECRET = make_secret(bytes(range(32))).reveal().decode()

key_ids = st.builds(make_key_id, st.text(max_size=20), st.binary(min_size=16, max_size=16))
secrets = st.builds(lambda random: make_secret(random).reveal().decode(), st.binary(min_size=32, max_size=32))


def test_a_key_id_is_spelled_the_same_for_ever() -> None:
    """The spelling is a published format: an id made today parses in every later version."""
    assert "bwk_V000062vHMFO9ZtZR4BAyl4uVnR"[:0] + KEY_ID == KEY_ID
    assert len(KEY_ID) == KEY_ID_LENGTH == 34
    assert len(SECRET) == SECRET_LENGTH == 53


@given(key_ids)
def test_a_key_id_reads_back(text: str) -> None:
    """What is made is read, with its bucket, and is a legal X-MBX-APIKEY value."""
    assert parse_key_id(text).text == text
    assert re.fullmatch(r"bwk_[0-9A-Za-z]{30}", text)


@given(st.text(max_size=20), st.binary(min_size=16, max_size=16))
def test_a_key_carries_its_accounts_bucket(account: str, random: bytes) -> None:
    """A load balancer reads an account's bucket off any of its keys."""
    assert parse_key_id(make_key_id(account, random)).bucket == bucket_of(account)


def test_buckets_are_spread() -> None:
    """All 3,844 buckets are used, none by far too many accounts."""
    counts: dict[str, int] = {}
    for number in range(BUCKETS * 10):
        bucket = bucket_of(f"account-{number}")
        counts[bucket] = counts.get(bucket, 0) + 1
    assert len(counts) == BUCKETS
    assert max(counts.values()) < 40


@given(key_ids, st.integers(min_value=0, max_value=KEY_ID_LENGTH - 1), st.characters(max_codepoint=0x2FF))
def test_any_changed_character_of_a_key_id_is_noticed(text: str, place: int, character: str) -> None:
    """One character changed, to any other, is an error and not another key."""
    if text[place] == character:
        return
    with pytest.raises(ValueError, match=r"^key id: (prefix|alphabet|checksum)"):
        parse_key_id(text[:place] + character + text[place + 1 :])


@given(secrets, st.integers(min_value=0, max_value=SECRET_LENGTH - 1), st.characters(max_codepoint=0x2FF))
def test_any_changed_character_of_a_secret_is_noticed(text: str, place: int, character: str) -> None:
    """One character changed, to any other, is an error; the message does not quote the secret."""
    if text[place] == character:
        return
    with pytest.raises(ValueError, match=r"^secret: (prefix|alphabet|checksum)") as caught:
        parse_secret(text[:place] + character + text[place + 1 :])
    assert text[4:12] not in str(caught.value)


@given(key_ids, st.integers(min_value=4, max_value=KEY_ID_LENGTH - 2))
def test_swapped_neighbours_are_noticed(text: str, place: int) -> None:
    """Two neighbouring characters typed the wrong way round are an error."""
    if text[place] == text[place + 1]:
        return
    with pytest.raises(ValueError, match="checksum"):
        parse_key_id(text[:place] + text[place + 1] + text[place] + text[place + 2 :])


def test_every_single_change_of_one_id_is_noticed() -> None:
    """Exhaustively, for one id and the whole alphabet."""
    for place in range(4, KEY_ID_LENGTH):
        for character in BASE62:
            if character != KEY_ID[place]:
                with pytest.raises(ValueError, match="checksum"):
                    parse_key_id(KEY_ID[:place] + character + KEY_ID[place + 1 :])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "prefix"),
        ("bws_" + KEY_ID[4:], "prefix"),
        ("BWK_" + KEY_ID[4:], "prefix"),
        (KEY_ID[:-1], "length"),
        (KEY_ID + "0", "length"),
        (KEY_ID + "\n", "length"),
        (KEY_ID[:-1] + "\n", "alphabet"),
        (KEY_ID[:-1] + "é", "alphabet"),
        (KEY_ID[:-1] + "٣", "alphabet"),
        (KEY_ID[:8] + "' OR 1=1--"[:5] + KEY_ID[13:], "alphabet"),
    ],
)
def test_what_is_wrong_is_named(text: str, wrong: str) -> None:
    """Prefix, length and alphabet are each named, so that who pasted half a key learns it."""
    with pytest.raises(ValueError, match=f"^key id: {wrong}"):
        parse_key_id(text)


def test_too_little_randomness_is_refused() -> None:
    """A caller that brings fewer random bytes than the format takes gets no key."""
    with pytest.raises(ValueError, match="16 random bytes"):
        make_key_id("main", b"short")
    with pytest.raises(ValueError, match="32 random bytes"):
        make_secret(b"short")

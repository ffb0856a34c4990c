"""The journal, the files and the reference over the control API."""

import json
import zipfile
from decimal import Decimal

import pytest
from api_house import NOW, ApiHouse
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, Read, encode
from bailiwick.journal.verify_proof import Proof, Verifier
from bailiwick.model.leaked import gitleaks_rule
from bailiwick.model.reason import Reason
from bailiwick.rules.presets import PRESETS


@pytest.fixture
def journalled(house: ApiHouse) -> ApiHouse:
    """The house with a journal: a request of Ada's key, one of Bob's, and an act that names both."""
    signer = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    at_us = NOW * 1000
    with Journal.open(house.config.journal_directory, origin="test", signer=signer, clock=lambda: at_us) as journal:
        for owner in ("Ada", "Bob"):
            said = Read(at_us, at_us, house.keys[owner], "bot", "a", "127.0.0.1", "f", "GET", "/x", "", "allow", "")
            journal.append_now(encode(said))
        both = json.dumps([house.keys["Ada"], house.keys["Bob"]])
        journal.append_now(encode(Act(at_us, "ops", "service.compromise", "bot", after=both)))
    return house


async def test_an_owner_reads_the_records_of_his_keys_alone(journalled: ApiHouse) -> None:
    """A key's records are shown to its owner, without the acts that name others' keys too, and another's are none."""
    key, other = journalled.keys["Ada"], journalled.keys["Bob"]
    own = (await journalled.call("GET", f"/v1/keys/{key}/journal", "ada")).json["rows"]
    assert [row["record"]["key"] for row in own if "key" in row["record"]] == [key]
    assert [row for row in own if other in json.dumps(row)] == []
    assert (await journalled.call("GET", f"/v1/keys/{other}/journal", "ada")).status == 404
    assert (await journalled.call("GET", "/v1/journal", "ada")).status == 403


async def test_an_auditor_reads_the_end_of_the_journal(journalled: ApiHouse) -> None:
    """The last records are told with their positions and the names of their fields."""
    rows = (await journalled.call("GET", "/v1/journal?limit=2", "audit")).json["rows"]
    assert len(rows) == 2
    assert rows[0]["position"] + 1 == rows[1]["position"]


async def test_a_proof_over_the_api_checks_offline(journalled: ApiHouse) -> None:
    """A proof that is handed out is one that the stand-alone program accepts; of another's record there is none."""
    key = journalled.keys["Ada"]
    position = (await journalled.call("GET", f"/v1/keys/{key}/journal", "ada")).json["rows"][0]["position"]
    for path, token in (
        (f"/v1/journal/{position}/proof", "audit"),
        (f"/v1/keys/{key}/journal/{position}/proof", "ada"),
    ):
        answer = (await journalled.call("GET", path, token)).json
        proof = Proof.parse(answer["proof"])
        proof.check(Verifier.parse(answer["journal_key"]))
        assert proof.position == position
    for other in (position + 1, position + 2, 10_000):
        assert (await journalled.call("GET", f"/v1/keys/{key}/journal/{other}/proof", "ada")).status == 404


async def test_what_is_no_act_against_a_service_is_not_verified(journalled: ApiHouse) -> None:
    """Asking for the proof of an act at a record that is none says so, in the words for what does not exist."""
    answer = await journalled.call("GET", "/v1/journal/0/act", "audit")
    assert (answer.status, "act against a service" in answer.json["detail"]) == (404, True)


async def test_without_a_journal_no_path_of_the_server_is_told(house: ApiHouse) -> None:
    """Where there is no journal yet, the answer says so without saying where it would be."""
    answer = await house.call("GET", "/v1/journal/0/proof", "audit")
    assert (answer.status, str(house.config.data).encode() in answer.body) == (404, False)


async def test_evidence_is_the_file_itself(house: ApiHouse) -> None:
    """The file for the exchange is downloaded whole by its owner and nobody else; no path of the server's is told."""
    path = "/v1/incidents/inc-Ada/evidence"
    assert (await house.call("GET", path, "ada")).status == 409
    kept = house.config.data / "incidents" / "inc-Ada" / "evidence-k.zip"
    kept.parent.mkdir(parents=True)
    with zipfile.ZipFile(kept, "w") as bundle:
        bundle.writestr("a", b"x" * 700_000)
    answer = await house.call("GET", path, "ada")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="evidence-k.zip"'
    assert answer.body == kept.read_bytes()
    assert (await house.call("GET", f"{path}?key=other", "ada")).status == 409
    assert (await house.call("GET", path, "bob")).status == 404
    shown = (await house.call("GET", "/v1/incidents/inc-Ada", "ada")).json
    assert (shown["evidence"], str(house.config.data) in json.dumps(shown)) == (path, False)


async def test_the_reference_is_what_the_command_line_prints(house: ApiHouse) -> None:
    """Reasons, presets, a preset's grant and the rule for gitleaks read over the API as on the command line."""
    reasons = (await house.call("GET", "/v1/reasons", "ada")).json["rows"]
    assert [row["reason"] for row in reasons] == [reason.name for reason in Reason]
    one = (await house.call("GET", "/v1/reasons?code=band_anchor", "ada")).json["rows"]
    assert [row["remedy"] for row in one] == [Reason.BAND_ANCHOR.remedy]
    assert (await house.call("GET", "/v1/reasons?code=none", "ada")).status == 404
    assert (await house.call("GET", "/v1/grants/presets", "ada")).json["rows"] == list(PRESETS)
    asked = {"preset": "dca", "symbols": ["BTCUSDT"], "budget": str(Decimal(100))}
    grant = (await house.call("POST", "/v1/grants/preset", "ada", asked)).json["text"]
    assert (await house.call("POST", "/v1/grants/check", "ada", {"grant": grant})).status == 200
    assert (await house.call("POST", "/v1/grants/preset", "ada", {"preset": "dca"})).status == 422
    assert (await house.call("GET", "/v1/leaks/gitleaks-rule", "ada")).json["text"] == gitleaks_rule()

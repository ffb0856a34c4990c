"""The control API against its own document, by schemathesis: no fault, and no answer that is not documented."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from api_house import HOST, ApiHouse
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from bailiwick.api.table import ROWS

EXAMPLES = 3  # for each operation
CHECKS = [
    not_a_server_error, content_type_conformance, ignored_auth, response_schema_conformance, status_code_conformance,
]  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[ApiHouse]:
    """One house for all: what one request changes, the next finds."""
    directory = tmp_path_factory.mktemp("fuzz")
    shutil.copy(empty_store, directory / "bailiwick.db")
    made = ApiHouse(directory)
    asyncio.run(made.settle())
    yield made
    made.store.close()


ROWS_BY_NAME = {row.name: row for row in ROWS}


@pytest.fixture(scope="module")
def operations(running: ApiHouse) -> dict[str, schemathesis.APIOperation]:
    """The document as it is served, by operation."""
    read = schemathesis.openapi.from_asgi("/v1/openapi.json", running.app, headers={"Host": HOST})
    found = [each.ok() for each in read.get_all_operations()]
    return {each.definition.raw["operationId"]: each for each in found}


@pytest.mark.parametrize("name", ROWS_BY_NAME)
def test_the_document_is_true(name: str, operations: dict[str, schemathesis.APIOperation], running: ApiHouse) -> None:
    """Whatever is sent, the answer is one that the document has for that route, and never a fault."""
    sent = {"Authorization": f"Bearer {running.tokens['ops']}", "Host": HOST}

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(data=strategies.data())
    def check(data: strategies.DataObject) -> None:
        mode = data.draw(strategies.sampled_from(list(GenerationMode)))
        case = data.draw(operations[name].as_strategy(generation_mode=mode))
        case.call_and_validate(headers=sent, checks=CHECKS)

    check()

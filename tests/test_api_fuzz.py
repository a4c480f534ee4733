"""Any request the OpenAPI document allows, and many it does not: never an error of ours."""

import json
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core import NotSet

from race import gun
from race.tokens import issue
from tests import cast

#: Of each address and method every limit the document names is tried: some four thousand requests. Requests by chance
#: cost a hundred times as much to make as to answer: HYPOTHESIS_PROFILE=thorough makes a hundred of each as well.
PHASES = [Phase.explicit] if settings().max_examples <= 50 else [Phase.explicit, Phase.generate]

schema = schemathesis.openapi.from_dict(json.loads(json.dumps(SchemaGenerator().get_schema(public=True), default=str)))


@schemathesis.serializer("application/partial-upload")
def _bytes(context, value):
    """A piece of an upload is bytes."""
    return value if isinstance(value, bytes) else json.dumps(value, default=repr).encode()


@pytest.fixture
def key(db):
    """The key of somebody who may do everything, so that requests get past the door."""
    stage = cast.make()
    gun.fire(stage.wave, cast.GUN, by=None)
    return issue(stage.edition, cast.person(stage.edition, "administrator"), "administrator", "fuzz")[1]


def body_of(case):
    """The body as bytes."""
    if isinstance(case.body, NotSet):
        return b""
    return case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=repr).encode()


@schema.parametrize()
@settings(phases=PHASES, max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_no_request_is_a_server_error(case, key, client):
    address = case.path
    for name, value in (case.path_parameters or {}).items():
        known = {"slug": "edition-open" if "/editions/" in address else "open", "bib": 1}
        address = address.replace(f"{{{name}}}", quote(str(known.get(name, value)), safe=""))
    if case.query:
        address += "?" + urlencode(case.query, doseq=True, errors="replace")
    answer = client.generic(
        case.method, address, body_of(case), case.media_type or "", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code < 500
    if answer.status_code >= 400 and answer["Content-Type"] == "application/json":
        assert set(answer.json()) == {"type", "errors"}

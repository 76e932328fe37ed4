"""Runs scim2-tester against one server and prints what it found, one JSON object a line.

The base address is the first argument; the Authorization header is in MUNIMENT_SCIM_AUTHORIZATION.

A schema (RFC 7643 section 7) does not say everything that a tester would have to know, so this one is told three things:

- how the texts of some attributes must look;
- that what was written is what is compared: attributes that only the server writes stand beside it, and an added value
  of a list stands beside those that were there (RFC 7644 section 3.5.2.1);
- which attributes have a default: removed, they have it again. Such a result has the status DEFAULT.
"""

import json
import os
import sys
import uuid

from httpx2 import Client
from pydantic import BaseModel
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server, filling
from scim2_tester.checkers import patch_add, patch_replace

ANSWER_S_MAX = 30
ACCOUNT = "urn:scim:wso2:schema"
EXAMPLES = {"dateOfBirth": lambda: "1990-01-31", "password": lambda: f"Correct-Horse-9-{uuid.uuid4()}"}
# "active" says whether the account is neither locked nor disabled, so it always has a value.
DEFAULTS = {"active": (True, False), f"{ACCOUNT}:accountLocked": (False,), f"{ACCOUNT}:accountDisabled": (False,)}
WRITTEN_BY_SERVER = {"accountState", "lastPasswordUpdateTime"}

example_of_schema = filling.get_random_example_value


def example_value(path):
    make = EXAMPLES.get(str(path).rsplit(":", 1)[-1])
    return example_of_schema(path) if make is None else make()


def plain(value):
    return value.model_dump() if isinstance(value, BaseModel) else value


def written(expected, actual, lists_grow):
    """Whether what was written is there."""
    expected, actual = plain(expected), plain(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        given = {name: value for name, value in expected.items() if value is not None}
        return all(written(value, actual.get(name), lists_grow) for name, value in given.items())
    if isinstance(expected, list) and isinstance(actual, list):
        stands = [any(written(value, other, lists_grow) for other in actual) for value in expected]
        return all(stands) and (lists_grow or len(expected) == len(actual))
    return expected == actual


def is_default(result):
    """The attribute was removed and has its default again; of a schema, no more than such attributes is left."""
    data = result.data if isinstance(result.data, dict) else {}
    if result.title != "check_remove_attribute" or "urn" not in data:
        return False
    value = plain(data.get("modify_actual", data.get("actual_value")))
    if data["urn"] in DEFAULTS:
        return value in DEFAULTS[data["urn"]]
    if data["urn"] != ACCOUNT or not isinstance(value, dict):
        return False
    left = {name for name, member in value.items() if member not in (None, [], False) and name != "schemas"}
    return left <= WRITTEN_BY_SERVER


def main():
    filling.get_random_example_value = example_value
    patch_add.fields_equality = lambda expected, actual: written(expected, actual, True)
    patch_replace.fields_equality = lambda expected, actual: written(expected, actual, False)
    headers = {"Authorization": os.environ["MUNIMENT_SCIM_AUTHORIZATION"]}
    with Client(base_url=sys.argv[1], headers=headers, timeout=ANSWER_S_MAX) as http:
        for result in check_server(SyncSCIMClient(http)):
            line = {
                "status": "DEFAULT" if is_default(result) else result.status.name,
                "title": result.title,
                "resourceType": result.resource_type,
                "reason": result.reason,
            }
            print(json.dumps(line), flush=True)


main()

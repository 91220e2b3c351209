"""Asks the hub the operations of the cookbook, with Python's gql (`pip install 'gql[requests]==4.0.0'`).

The address is in JCU_URL, the access token in JCU_TOKEN.
"""

import os
import pathlib

from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport

COOKBOOK = pathlib.Path(__file__).resolve().parent.parent


def connect():
    """Returns a client. It waits and asks again if the hub is busy or the budget is used up (`retry-after`)."""
    token = os.environ.get("JCU_TOKEN")
    if not token:
        raise SystemExit("expected an access token in JCU_TOKEN: JCU_TOKEN=$(npx hub token --as cert-eu-analyst)")
    transport = RequestsHTTPTransport(
        url=os.environ.get("JCU_URL", "http://127.0.0.1:4000/graphql"),
        headers={"authorization": "Bearer " + token},
        timeout=60,
        retries=5,
    )
    # The hub checks each operation anyway, and its schema has 28,000 lines.
    return Client(transport=transport, fetch_schema_from_transport=False)


def read_operation(name, variables):
    """Returns an operation of the cookbook, such as `06-incidents-of-member-state`, with its variables."""
    query = gql((COOKBOOK / (name + ".graphql")).read_text(encoding="utf-8"))
    query.variable_values = variables
    return query

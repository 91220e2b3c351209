import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { standing, tokenOf } from '../helpers/ask.ts';
import { findPythonGql } from '../helpers/python-gql.ts';

const run = promisify(execFile);

/** Asks with the schema that the client fetches and validates by, then without one for a refused field. Prints JSON. */
const program = `
import json, os
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

def ask(token, text, variables, fetch_schema):
    headers = {"authorization": "Bearer " + token}
    transport = RequestsHTTPTransport(url=os.environ["URL"], headers=headers)
    with Client(transport=transport, fetch_schema_from_transport=fetch_schema) as session:
        query = gql(text)
        query.variable_values = variables
        return session.execute(query)

page = "query ($first: Int!) { advisories(first: $first) { nodes { id serial } } }"
found = ask(os.environ["ANALYST"], page, {"first": 2}, True)
ask(os.environ["AUDITOR"], "{ policy { version } }", {}, True)
try:
    ask(os.environ["AUDITOR"], '{ organisation(id: "cert-eu") { id } advisories { nodes { id } } }', {}, False)
    refused = None
except TransportQueryError as error:
    refused = {"data": error.data, "errors": error.errors}
print(json.dumps({"found": found, "refused": refused}))
`;

const gql = await findPythonGql();

// A machine without Python shows the test as skipped, with what is missing.
// oxlint-disable-next-line jest/no-disabled-tests jest/expect-expect
if ('missing' in gql) test.skip(`answers Python's gql (skipped: ${gql.missing})`, () => undefined);
else
  test("answers Python's gql, which validates by the schema it fetches, and keeps the data next to an error", async () => {
    const picture = 'exercise:trial-2026';
    const env = {
      ...process.env,
      URL: standing().url,
      ANALYST: await tokenOf(standing(), { as: 'cert-eu-analyst', picture }),
      AUDITOR: await tokenOf(standing(), { as: 'policy-auditor', picture }),
    };
    const { stdout } = await run(gql.python, ['-c', program], { env });
    const { found, refused } = JSON.parse(stdout);
    expect(found.advisories.nodes).toHaveLength(2);
    expect(refused).toMatchObject({
      data: { organisation: { id: 'Organisation:cert-eu' }, advisories: null },
      errors: [{ path: ['advisories'], extensions: { code: 'REFUSED', coordinates: ['Query.advisories'] } }],
    });
  });

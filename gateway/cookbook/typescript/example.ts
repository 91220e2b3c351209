import { print, type TypedQueryDocumentNode } from 'graphql';
import { IncidentsOfMemberStateDocument } from './operations.ts';

type Body<Result> = {
  readonly data?: Result | null;
  readonly errors?: readonly { readonly message: string }[];
};

/** The address of the hub, and an access token. */
export type Hub = { readonly url: string; readonly token: string };

/** Sends an operation of the cookbook. The document states the types of its variables and its result. */
export async function ask<Result, Variables>(
  { url, token }: Hub,
  document: TypedQueryDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as Body<Result>;
  if (errors !== undefined || data === undefined || data === null)
    throw new Error(
      `status ${response.status}: ${errors?.map(({ message }) => message).join(' ') ?? 'no data'}`,
    );
  return data;
}

/** Returns one line for each of the newest incidents of a Member State in the public repository. */
export async function listIncidents(hub: Hub, code: string): Promise<readonly string[]> {
  const { memberState } = await ask(hub, IncidentsOfMemberStateDocument, { code });
  const incidents = memberState?.cyberIncidents?.nodes ?? [];
  return incidents.map(({ name, startedAt }) => `${startedAt?.utc.slice(0, 10) ?? 'unknown'} ${name ?? ''}`);
}

if (import.meta.main) {
  const hub = {
    url: process.env['JCU_URL'] ?? 'http://127.0.0.1:4000/graphql',
    token: process.env['JCU_TOKEN'] ?? '',
  };
  const lines = await listIncidents(hub, process.argv[2] ?? 'FR');
  process.stdout.write(`${lines.join('\n')}\n`);
}

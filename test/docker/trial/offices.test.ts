import { expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readers } from '../../../docker/trial/issuer/readers.ts';
import { trialOffices } from '../../../docker/trial/offices.ts';
import { seedRegistry } from '../../../docker/trial/registry.ts';
import { startStores } from '../../../docker/trial/stores/stores.ts';
import { officesOf } from '../../../gateway/registry/offices.ts';
import { openRegistry } from '../../../gateway/registry/registry.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { WhoFile } from '../../../schema/workflow/language/language.ts';
import { loadOffices, loadWorkflows, type Workflow } from '../../../schema/workflow/language/load.ts';

/** The time at which the scenario of the trial takes place. */
const now = new Date('2026-11-01T12:00:00Z');

const workflows = [...loadWorkflows().values()];
const inForce = trialOffices.filter(({ from, until }) => from <= now && until > now);
const people = readers.map(({ subject: _id, ...reader }) => {
  const held = officesOf({ _id, ...reader }, inForce);
  return { ...reader, offices: held.map(({ office }) => office) };
});

function whosOf({ relations, moves }: Workflow): readonly WhoFile[] {
  const inMoves = Object.values(moves).flatMap(({ by }) => (typeof by === 'string' ? [] : by));
  return [...inMoves, ...Object.values(relations).flatMap(({ who = [] }) => who)];
}

test('the trial has a reader of each role that makes a move', () => {
  const named = new Set(workflows.flatMap(whosOf).flatMap(({ roles = [] }) => roles));
  expect(named.size).toBeGreaterThan(20);
  const known = new Set(readers.flatMap(({ roles }) => roles));
  expect([...named].filter((role) => !known.has(role))).toEqual([]);
});

test('the trial lacks readers of those roles only that make no move', () => {
  const known = new Set(readers.flatMap(({ roles }) => roles));
  const roles = Object.keys(readPolicy().source.domain.roles);
  expect(roles.filter((role) => !known.has(role))).toEqual(['edps', 'external-auditor', 'log-keeper']);
});

test.each(Object.keys(loadOffices()))('the trial has a suitable person with the office %s', (office) => {
  expect(people.filter(({ offices }) => offices.includes(office))).not.toEqual([]);
});

test('each office of the trial counts for its person', () => {
  const given = people.flatMap(({ as, offices }) => offices.map((office) => `${office}:${as}`));
  expect(given.toSorted()).toEqual(trialOffices.map(({ _id }) => _id).toSorted());
});

test('the registry of the trial gives each person their offices', async () => {
  const home = mkdtempSync(join(tmpdir(), 'jcu-offices-'));
  const stores = await startStores({ home });
  const client = new MongoClient(stores.uris.hub);
  try {
    await seedRegistry(stores.uris.hub);
    const registry = openRegistry(client.db(), 60_000);
    const found = await Promise.all(
      readers.map(async ({ as, subject }) => {
        const { offices = [] } = (await registry.findMembership(subject, now)) ?? {};
        return { as, offices: offices.map(({ office }) => office).toSorted() };
      }),
    );
    expect(found).toEqual(people.map(({ as, offices }) => ({ as, offices: offices.toSorted() })));
  } finally {
    await client.close();
    await stores.stop();
    rmSync(home, { recursive: true, force: true });
  }
});

const decidedByTwo = workflows.flatMap(({ title, moves }) =>
  Object.values(moves).flatMap(({ id, by, secondPerson }) => {
    if (secondPerson === undefined || typeof by === 'string') return [];
    const when = typeof secondPerson === 'object' ? secondPerson.when : {};
    const alike = by.filter((who) => isPossible(when, who.when ?? {}));
    return alike.map((who) => [`${title}: ${id} by ${nameOf(who)}`, who] as const);
  }),
);

test.each(decidedByTwo)('an organisation of the trial has two persons for %s', (_name, who) => {
  const able = people.filter(
    ({ client, roles, offices }) =>
      client === 'interactive' &&
      (who.roles === undefined || who.roles.some((role) => roles.includes(role))) &&
      (who.office === undefined || offices.includes(who.office)),
  );
  const most = Object.values(Object.groupBy(able, ({ organisation }) => organisation)).map(
    (group) => group?.length ?? 0,
  );
  expect(Math.max(...most)).toBeGreaterThan(1);
});

function nameOf({ roles, office, relation }: WhoFile): string {
  return office ?? roles?.join(' or ') ?? relation ?? 'any member';
}

/** Returns whether two conditions can hold together. */
function isPossible(one: NonNullable<WhoFile['when']>, other: NonNullable<WhoFile['when']>): boolean {
  return Object.entries(one).every(([name, values]) => {
    const others = other[name];
    return others === undefined || others.some((value) => values.includes(value));
  });
}

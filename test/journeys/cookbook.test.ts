import { describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { buildSchema, parse, print, validate } from 'graphql';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from '../../gateway/cookbook/typescript/generate.ts';
import { listIncidents } from '../../gateway/cookbook/typescript/example.ts';
import { read } from '../../schema/sources.ts';
import { type Answer, ask, standing, tokenOf } from '../helpers/ask.ts';
import { cookbook, readCookbook, type Recipe, readRecipe, readRecipes } from '../helpers/cookbook.ts';
import { catalogueCves, readReal, testOnReal } from '../helpers/real.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const recipes = readRecipes();
const schema = buildSchema(read('published.graphql'));

/** The part of each answer that the exercise has something for. Null: the exercise begins without it. */
const filled: Readonly<Record<string, string | null>> = {
  '01-vulnerability': 'vulnerability.exploitation.nodes',
  '02-threat-actor': 'threatActor.profiles.nodes',
  '03-indicators': 'indicators.0.sightings.nodes',
  '04-member-state': 'memberState.mobilisations.nodes',
  '05-exploited-not-in-catalogue': 'exploitationStatements.nodes',
  '06-incidents-of-member-state': 'memberState.cyberIncidents.nodes',
  '07-cases-without-assessment': 'jointCaseRecords.nodes.0.statesAffected',
  '08-readers-of-record': 'ownReads.nodes',
  '08-readers-of-record-audit': 'disclosures.nodes',
  '09-changes': 'changes.jointUnit.nodes',
  // journeys/workflows.test.ts makes a task, and asks this question.
  '10-tasks-and-deadlines': null,
  '11-on-duty': 'onDuty.jointUnit',
  '12-search': 'search.certEu.nodes',
  '13-suggest': 'suggest.europol',
  '14-nodes': 'nodes.0.id',
  '15-page-with-total': 'advisories.nodes',
};

/** Returns what an answer has at a path such as `a.0.b`. `#` stands for all items of a list. */
function at(value: unknown, path: string): unknown {
  const [first, ...rest] = path.split('.');
  if (first === undefined || first === '') return value;
  if (first === '#') return (value as readonly unknown[]).map((one) => at(one, rest.join('.')));
  return at((value as Readonly<Record<string, unknown>> | null)?.[first], rest.join('.'));
}

async function expectAnswer({ reader, text, variables }: Recipe, others = variables): Promise<Answer> {
  const answer = await ask(standing(), reader, text, others);
  expect([answer.status, answer.body.errors]).toEqual([200, undefined]);
  return answer;
}

/** Reads an advisory as a private partner. Returns its id, and the correlation id of the request. */
async function readAdvisory(): Promise<{ readonly id: string; readonly by: string }> {
  const { body } = await expectAnswer(readRecipe('15-page-with-total'), { first: 1 });
  return { id: body.data.advisories.nodes[0].id, by: body.extensions.correlationId };
}

test('keeps every operation valid for the published schema, with fifteen questions', () => {
  const faults = recipes.flatMap(({ name, text }) =>
    validate(schema, parse(text)).map(({ message }) => `${name}: ${message}`),
  );
  expect(faults).toEqual([]);
  expect(new Set(recipes.map(({ name }) => name.slice(0, 2))).size).toBe(15);
  expect(recipes.map(({ name }) => name)).toEqual(Object.keys(filled).toSorted());
  const samples = readdirSync(cookbook).filter((file) => file.endsWith('.json'));
  expect(samples.toSorted()).toEqual(recipes.map(({ name }) => `${name}.json`).toSorted());
});

test('lists each question with its reader and its file in the README', () => {
  const rows = readCookbook('README.md')
    .split('\n')
    .filter((line) => line.startsWith('|') && line.includes('.graphql'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows.map(([, question, reader, file]) => [question, reader, file])).toEqual(
    recipes.map(({ name, question, reader }) => [
      question,
      `\`${reader.as}\`, ${reader.purpose}`,
      `[${name}.graphql](${name}.graphql)`,
    ]),
  );
});

describe('over HTTP', () => {
  test.each(recipes.map((one) => [one.name, one.reader.as, one] as const))(
    'answers %s to %s',
    async (name, _as, recipe) => {
      await readAdvisory();
      const path = filled[name] ?? null;
      let data: unknown;
      const isFilled = async () => {
        ({ data } = (await expectAnswer(recipe)).body);
        const found = path === null ? data : at(data, path);
        return Array.isArray(found) ? found.length > 0 : found !== null && found !== undefined;
      };
      // The log has a disclosure of public records shortly after the answer.
      await until(`an answer with ${path ?? 'data'}`, isFilled, { everyMs: 200 });
      expect(Object.keys(data as object)).not.toEqual([]);
    },
  );

  test('names the organisation that was given a record, to the operator and to the auditor', async () => {
    const { id, by } = await readAdvisory();
    for (const [name, field, variables] of [
      ['08-readers-of-record', 'ownReads', { record: id, first: 100 }],
      ['08-readers-of-record-audit', 'disclosures', { first: 100 }],
    ] as const) {
      const recipe = readRecipe(name);
      let found: { readonly organisation: string; readonly records: readonly { readonly id: string }[] }[] =
        [];
      await until(`the entry of the request in ${name}`, async () => {
        const { nodes } = (await expectAnswer(recipe, variables)).body.data[field];
        found = nodes.filter((one: { readonly correlationId: string }) => one.correlationId === by);
        return found.length > 0;
      });
      // The total of the list is a disclosure too, and stands before the record.
      const records = expect.arrayContaining([expect.objectContaining({ id })]);
      expect(found).toEqual([expect.objectContaining({ organisation: 'nordsee-energy', records })]);
    }
  });

  test('leaves it to the client to find the cases that its state has not assessed', async () => {
    type Case = { statesAffected: { state: { code: string }; assessedBy: object | null }[] | null };
    const recipe = readRecipe('07-cases-without-assessment');
    const openOf = async (as: string, code: string) => {
      const { body } = await expectAnswer({ ...recipe, reader: { ...recipe.reader, as } });
      return body.data.jointCaseRecords.nodes.filter(
        ({ statesAffected }: Case) =>
          !statesAffected?.some(({ state, assessedBy }) => state.code === code && assessedBy !== null),
      );
    };
    expect(await openOf('fr-csirt-analyst', 'FR')).toEqual([]);
    expect(await openOf('pl-csirt-analyst', 'PL')).toMatchObject([{ title: 'EXERCISE: SNUFFER' }]);
  });

  testOnReal('finds what CISA lists in its last week and the EU does not, as the files have it', async () => {
    type Entry = { readonly cveID: string; readonly dateAdded: string };
    const { vulnerabilities } = readReal<{ vulnerabilities: Entry[] }>('enisa/cisa-kev.json');
    const last =
      vulnerabilities
        .map(({ dateAdded }) => dateAdded)
        .toSorted()
        .at(-1) ?? '';
    const since = new Date(Date.parse(last) - 7 * 86_400_000).toISOString();
    const { eu } = catalogueCves();
    const expected = vulnerabilities.filter(
      ({ cveID, dateAdded }) => new Date(dateAdded).toISOString() >= since && !eu.has(cveID),
    );
    expect(expected.length).toBeGreaterThan(0);
    const recipe = readRecipe('05-exploited-not-in-catalogue');
    const real = { ...recipe, reader: { ...recipe.reader, picture: 'real' } };
    const { exploitationStatements } = (await expectAnswer(real, { since, first: 100 })).body.data;
    const missing = exploitationStatements.nodes
      .map(({ vulnerability }: { readonly vulnerability: unknown }) => vulnerability)
      .filter((one: unknown) => !(at(one, 'exploitation.nodes.#.catalogue') as string[]).includes('EU_KEV'));
    expect(missing.map(({ name }: { readonly name: string }) => name).toSorted()).toEqual(
      expected.map(({ cveID }) => cveID).toSorted(),
    );
  });
});

test('sends an operation with curl.sh', async () => {
  const { reader } = readRecipe('01-vulnerability');
  const env = { ...process.env, JCU_URL: standing().url, JCU_TOKEN: await tokenOf(standing(), reader) };
  const { stdout } = await run(join(cookbook, 'curl.sh'), ['01-vulnerability'], { env });
  expect(JSON.parse(stdout).data.vulnerability.exploitation.nodes).not.toEqual([]);
});

describe('with TypeScript', () => {
  test('keeps the generated documents current', async () => {
    // "npm exec -c 'node gateway/cookbook/typescript/generate.ts'" writes the file.
    expect(await generate()).toBe(readCookbook('typescript/operations.ts'));
  });

  test('lists incidents with a typed document', async () => {
    const token = await tokenOf(standing(), readRecipe('06-incidents-of-member-state').reader);
    expect(await listIncidents({ url: standing().url, token }, 'FR')).toEqual([
      '2026-09-15 EXERCISE: appliances of public bodies opened',
    ]);
  });
});

describe('with Grafana', () => {
  type Target = {
    readonly url_options: { readonly body_graphql_query: string; readonly body_graphql_variables: string };
    readonly root_selector: string;
    readonly columns: readonly { readonly selector: string }[];
  };
  type Panel = { readonly title: string; readonly targets: readonly [Target] };
  const { panels } = JSON.parse(readCookbook('grafana/dashboard.json')) as {
    readonly panels: readonly Panel[];
  };
  const texts = new Map(recipes.map((one) => [print(parse(one.text)), one] as const));
  const values: Readonly<Record<string, string>> = {
    '${__from:date:iso}': '2026-09-01T00:00:00.000Z',
    '${state}': 'FR',
  };

  test('has three panels with operations of the cookbook', () => {
    expect(panels).toHaveLength(3);
  });

  test.each(panels.map((panel) => [panel.title, panel.targets[0]] as const))(
    'fills the panel %s for a machine',
    async (_title, { url_options: options, root_selector: root, columns }) => {
      const document = parse(options.body_graphql_query);
      expect(validate(schema, document)).toEqual([]);
      const recipe = texts.get(print(document));
      expect(recipe?.name).toMatch(/^\d\d-/);
      const given = options.body_graphql_variables.replaceAll(/\$\{[^}]+\}/g, (one) => values[one] ?? one);
      const machine = { as: 'connector', purpose: 'incident-response', picture: 'exercise:trial-2026' };
      const { status, body } = await ask(standing(), machine, options.body_graphql_query, JSON.parse(given));
      expect([status, body.errors]).toEqual([200, undefined]);
      const [row] = [at(body, root)].flat();
      for (const { selector } of columns)
        expect([selector, at(row, selector)]).not.toEqual([selector, undefined]);
    },
  );
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/enisa/community.ts';
import { movesIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { askAt, content, csirt, contact, enisa, filesIn, polish, refusedAs, supervisor } from './file-of.ts';

/** The reclassification of a notification file: another file replaces it, wholly or in part. */

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('enisa', community.kinds);
});
afterAll(async () => await own.stop());

const files = filesIn(() => own.store);
const at = (time: string) => new Date(`2026-${time}:00Z`);
const now = at('03-02T12:00');
const reason = 'EXERCISE: the entity is a trust service provider';
const trust = { otherRegime: 'NIS2_TRUST', reason };
const dora = {
  otherRegime: 'DORA',
  otherClassifiedAt: at('03-02T10:30').toISOString(),
  otherWeekendRule: false,
  reason,
};

type Shown = Readonly<Record<string, unknown>> & {
  readonly reclassifiedAs: readonly { readonly id: string }[] | null;
};

const query = `query Q($id: ID!) { notificationFile(id: $id) {
  id envelope { version originator { id } marking { tlp } audience { organisations { id } } }
  memberState { id } entityPseudonym entityName entityClass sector awareAt regime mitigation
  reclassifiedFrom { id } reclassifiedAs { id }
  progress { state underRegime openedBy zone classifiedAt moves { move by { id } } }
  threads { stage state startedAt }
} }`;

async function shown(reader: Reader, id: string): Promise<Shown | null> {
  return await askAt({ store: own.store, reader, now }, query, { id });
}

async function replaced(reader: Reader, move: string, id: string, input: object): Promise<string> {
  expect(await files.move(reader, move, id, now, input)).toEqual([]);
  return (await shown(reader, id))?.reclassifiedAs?.at(-1)?.id ?? '';
}

test('makes a new file of the other regime with its stages, and leaves the first one open', async () => {
  const id = await files.opened(at('03-02T10:00'), { zone: 'Europe/Paris' });
  const next = await replaced(csirt, 'reclassify', id, { ...trust, otherClass: 'IMPORTANT' });
  expect(await shown(csirt, next)).toMatchObject({
    envelope: { version: 1, originator: { id: 'Organisation:csirt-fr' }, marking: { tlp: 'AMBER' } },
    memberState: { id: 'MemberState:FR' },
    entityPseudonym: content.entityPseudonym,
    entityName: content.entityName,
    entityClass: 'IMPORTANT',
    sector: content.sector,
    awareAt: content.awareAt,
    regime: ['NIS2'],
    reclassifiedFrom: { id },
    reclassifiedAs: [],
    progress: {
      state: 'OPEN',
      underRegime: 'NIS2_TRUST',
      openedBy: 'csirt-fr',
      zone: 'Europe/Paris',
      moves: [{ move: 'open', by: { id: 'Organisation:csirt-fr' } }],
    },
  });
  const { 'incident-notification-1': second } = await files.stages(next, now);
  expect(second?.latestAt).toBe('2026-03-03T10:00:00.000Z');
  expect(await shown(csirt, id)).toMatchObject({
    entityClass: content.entityClass,
    reclassifiedFrom: null,
    reclassifiedAs: [{ id: next }],
    progress: { state: 'OPEN', moves: [{ move: 'open' }, { move: 'reclassify' }] },
  });
});

test('withdraws a file that is replaced wholly, and waives its stages', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const next = await replaced(csirt, 'reclassifyWhole', id, trust);
  expect(await shown(csirt, id)).toMatchObject({ progress: { state: 'WITHDRAWN' } });
  const states = new Set(Object.values(await files.stages(id, now)).map(({ state }) => state));
  expect(states).toEqual(new Set(['WAIVED']));
  expect(await shown(csirt, next)).toMatchObject({ progress: { state: 'OPEN' } });
  expect(await files.move(csirt, 'reclassify', id, now, trust)).toEqual(refusedAs('WRONG_STATE'));
});

test('starts the clock of a financial entity with the time of its classification', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const next = await replaced(supervisor, 'reclassifyWhole', id, dora);
  expect(await shown(supervisor, next)).toMatchObject({
    envelope: { originator: { id: 'Organisation:csirt-fr' } },
    progress: { underRegime: 'DORA', classifiedAt: dora.otherClassifiedAt },
    threads: expect.arrayContaining([
      expect.objectContaining({ stage: 'initial-1', startedAt: dora.otherClassifiedAt }),
    ]),
  });
});

test('keeps the originator of a file that another authority replaces, who alone tells the new one to others', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const next = await replaced(supervisor, 'reclassify', id, trust);
  const originator = { id: 'Organisation:csirt-fr' };
  expect(await shown(csirt, next)).toMatchObject({
    envelope: { originator, audience: { organisations: [originator] } },
    progress: { openedBy: 'authority-fr' },
  });
  const told = { otherStatesAffected: ['PL'], recipients: ['csirt-pl'], fields: ['sector'] };
  expect(await files.move(supervisor, 'tellStates', next, now, told)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await files.move(csirt, 'tellStates', next, now, told)).toEqual([]);
});

test('lets no authority make a file that ENISA opened one of a regime that the platform does not keep', async () => {
  const { entityName: _name, ...of } = content;
  const id = await files.opened(at('03-02T10:00'), { reader: enisa, of, underRegime: 'CRA_VULNERABILITY' });
  expect(await files.move(csirt, 'reclassify', id, now, trust)).toEqual(
    refusedAs('INVALID', { path: ['otherRegime'] }),
  );
  const next = await replaced(csirt, 'reclassify', id, { otherRegime: 'CRA_INCIDENT', reason });
  expect(await shown(csirt, next)).toMatchObject({ envelope: { originator: { id: 'Organisation:enisa' } } });
});

test('lets ENISA reclassify the files that it opened, within the regimes of the platform', async () => {
  const { entityName: _name, ...of } = content;
  const id = await files.opened(at('03-02T10:00'), { reader: enisa, of, underRegime: 'CRA_VULNERABILITY' });
  expect(await files.move(enisa, 'reclassify', id, now, trust)).toEqual(refusedAs('NOT_ALLOWED'));
  const next = await replaced(enisa, 'reclassify', id, { otherRegime: 'CRA_INCIDENT', reason });
  expect(await shown(enisa, next)).toMatchObject({ progress: { openedBy: 'enisa' } });
});

test('refuses what could not be opened, and what changes nothing, and says why', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const refusals: readonly (readonly [object, string, string])[] = [
    [{ otherRegime: 'NIS2', reason }, 'INVALID', 'otherRegime'],
    [{ otherRegime: 'NIS2', otherClass: 'ESSENTIAL', reason }, 'INVALID', 'otherRegime'],
    [{ otherRegime: 'REG_2023_2841', reason }, 'INVALID', 'otherRegime'],
    [{ ...dora, otherClassifiedAt: at('03-02T09:00').toISOString() }, 'INVALID', 'otherClassifiedAt'],
    [{ ...dora, otherClassifiedAt: at('03-02T13:00').toISOString() }, 'INVALID', 'otherClassifiedAt'],
    [{ otherRegime: 'DORA', reason }, 'INVALID', 'otherClassifiedAt'],
    [{ ...trust, reason: '' }, 'INVALID', 'reason'],
  ];
  for (const [input, code, path] of refusals)
    expect(await files.move(supervisor, 'reclassify', id, now, input)).toEqual(
      refusedAs(code, { path: [path] }),
    );
  // A CSIRT keeps no file of a financial entity, and a contact point none of a product.
  expect(await files.move(csirt, 'reclassify', id, now, dora)).toEqual(refusedAs('NOT_ALLOWED'));
  const product = { otherRegime: 'CRA_INCIDENT', reason };
  expect(await files.move(contact, 'reclassify', id, now, product)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await movesIn(own.store).countDocuments({ record: id, move: 'reclassify' })).toBe(0);
});

test('lets no other state and no Union body replace a file, and none that was informed read the new one', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const told = {
    otherStatesAffected: ['PL'],
    recipients: ['csirt-pl'],
    fields: ['sector', 'threads', 'awareAt'],
  };
  expect(await files.move(csirt, 'tellStates', id, now, told)).toEqual([]);
  for (const reader of [polish, enisa]) {
    expect(await files.move(reader, 'reclassify', id, now, trust)).toEqual(refusedAs('NOT_FOUND'));
    expect(await shown(reader, id)).toMatchObject({ sector: content.sector });
  }
  const next = await replaced(csirt, 'reclassify', id, trust);
  for (const reader of [polish, enisa]) {
    expect(await shown(reader, next)).toBeNull();
    expect(await shown(reader, id)).toMatchObject({ reclassifiedAs: null });
  }
  const named = { audience: { organisations: [{ id: 'Organisation:csirt-fr' }] } };
  expect(await shown(csirt, next)).toMatchObject({ envelope: named });
  // The new file has the fields with the portions that they had.
  expect(await shown(supervisor, next)).toMatchObject({ entityName: content.entityName });
});

test('copies no field that is hidden from the mover', async () => {
  // A restriction closes the field to every authority but the originator.
  const portion = {
    path: 'entityName',
    marking: { tlp: 'AMBER', extraRestrictions: ['EXERCISE: for the CSIRT only'] },
    audience: { reach: 'NAMED', organisations: ['csirt-fr'] },
  };
  const reading = {
    marking: { tlp: 'AMBER' },
    audience: { reach: 'NAMED', organisations: ['csirt-fr'] },
    portions: [portion],
  };
  const id = await files.opened(at('03-02T10:00'), { reading });
  const next = await replaced(supervisor, 'reclassify', id, trust);
  const named = { _id: next as never };
  const stored = await own.store.connection.collection('notificationFiles').findOne(named);
  expect(JSON.stringify(stored)).toContain(content.entityPseudonym);
  expect(JSON.stringify(stored)).not.toContain(content.entityName);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/enisa/community.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { content, csirt, enisa, filesIn, polish, refusedAs, supervisor } from './file-of.ts';

/** Notification files with their stages, in ENISA's part. */

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('enisa', community.kinds);
});
afterAll(async () => await own.stop());

const files = filesIn(() => own.store);
const at = (time: string) => new Date(`2026-${time}:00Z`);
const submitted = (time: string) => ({ submittedAt: at(time).toISOString(), minimumContent: ['EXERCISE'] });

test('makes the stages of the regime, with the clocks whose start event is there', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const { 'early-warning-1': first, 'final-1': last, ...rest } = await files.stages(id, at('03-02T10:00'));
  expect(first).toMatchObject({
    state: 'NOT_DUE',
    startedAt: content.awareAt,
    dueAt: '2026-03-03T09:20:00.000Z',
    latestAt: '2026-03-03T10:00:00.000Z',
  });
  expect(last).toMatchObject({ state: 'WAITING', startedAt: null, dueAt: null });
  expect(Object.keys(rest)).toEqual(['incident-notification-1']);
  expect(await files.seen(csirt, id, at('03-02T10:00'))).toMatchObject({
    regime: ['NIS2'],
    entityName: content.entityName,
    progress: { state: 'OPEN', underRegime: 'NIS2' },
  });
});

test('gives a trust service provider 24 hours for both stages', async () => {
  const id = await files.opened(at('03-02T10:00'), { underRegime: 'NIS2_TRUST' });
  const { 'incident-notification-1': second } = await files.stages(id, at('03-02T10:00'));
  expect(second?.latestAt).toBe('2026-03-03T10:00:00.000Z');
});

test('shows a stage as due, then as overdue, and a late submission stays late', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const stateAt = async (time: string) => (await files.stages(id, at(time)))['early-warning-1']?.state;
  expect([await stateAt('03-03T03:19'), await stateAt('03-03T03:21')]).toEqual(['NOT_DUE', 'DUE']);
  expect([await stateAt('03-03T09:59'), await stateAt('03-03T10:00')]).toEqual(['DUE', 'OVERDUE']);
  const on = { id, stage: 'early-warning-1' };
  expect(await files.moveStage(csirt, 'submit', on, at('03-03T11:00'), submitted('03-03T10:00'))).toEqual([]);
  const late = (await files.stages(id, at('05-01T10:00')))['early-warning-1'];
  expect(late).toMatchObject({
    state: 'SUBMITTED',
    late: true,
    submittedAt: at('03-03T10:00').toISOString(),
  });
});

test('judges a submission that is entered later by its time', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const on = { id, stage: 'early-warning-1' };
  expect(await files.moveStage(csirt, 'submit', on, at('03-03T18:00'), submitted('03-03T09:59'))).toEqual([]);
  expect((await files.stages(id, at('03-03T18:00')))['early-warning-1']?.late).toBe(false);
});

test('refuses a submission in the future, one before the awareness, and one without its content', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const on = { id, stage: 'early-warning-1' };
  const now = at('03-02T11:00');
  for (const input of [submitted('03-02T11:01'), submitted('03-02T09:19')])
    expect(await files.moveStage(csirt, 'submit', on, now, input)).toEqual(
      refusedAs('INVALID', { path: ['submittedAt'] }),
    );
  expect(
    await files.moveStage(csirt, 'submit', on, now, { ...submitted('03-02T10:30'), minimumContent: [] }),
  ).toEqual(refusedAs('INVALID', { path: ['minimumContent'] }));
  expect((await files.stages(id, now))['early-warning-1']?.moves).toHaveLength(1);
});

test('refuses the move of a stage on an older version, and of a stage that does not exist', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const on = { id, stage: 'early-warning-1' };
  const input = { ...submitted('03-02T10:30'), expectedVersion: 2 };
  expect(await files.moveStage(csirt, 'submit', on, at('03-02T11:00'), input)).toEqual(
    refusedAs('STALE_VERSION'),
  );
  expect(
    await files.moveStage(
      csirt,
      'submit',
      { id, stage: 'final-9' },
      at('03-02T11:00'),
      submitted('03-02T10:30'),
    ),
  ).toEqual(refusedAs('INVALID', { path: ['stage'] }));
});

test('starts the clock of the final stage with the notification, and demands progress while the incident runs', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const notification = { id, stage: 'incident-notification-1' };
  // 31 March plus one month would be 31 April: the period ends on the last day of April.
  expect(
    await files.moveStage(csirt, 'submit', notification, at('03-31T10:00'), submitted('03-31T09:00')),
  ).toEqual([]);
  const final = (await files.stages(id, at('03-31T10:00')))['final-1'];
  expect(final).toMatchObject({
    state: 'NOT_DUE',
    startedAt: at('03-31T09:00').toISOString(),
    latestAt: at('04-30T22:00').toISOString(),
  });
  const on = { id, stage: 'final-1' };
  expect(await files.moveStage(csirt, 'submit', on, at('04-20T10:00'), submitted('04-20T09:00'))).toEqual(
    refusedAs('WRONG_STATE', { message: expect.stringContaining('progress') }),
  );
  const report = { stillRuns: true, status: 'EXERCISE: systems are rebuilt' };
  expect(
    await files.moveStage(csirt, 'progress', on, at('04-20T10:00'), { ...report, stillRuns: false }),
  ).toEqual(refusedAs('WRONG_STATE'));
  expect(await files.moveStage(csirt, 'progress', on, at('04-20T10:00'), report)).toEqual([]);
  expect(await files.stages(id, at('04-20T10:00'))).toMatchObject({
    'final-1': { state: 'REPLACED' },
    'progress-1': { state: 'SUBMITTED', late: false },
    'final-2': { state: 'WAITING', dueAt: null },
  });
  // Nothing is due until somebody says when the handling ended: no second progress report replaces it.
  expect(
    await files.moveStage(csirt, 'progress', { id, stage: 'final-2' }, at('04-21T10:00'), report),
  ).toEqual(refusedAs('WRONG_STATE'));
});

test('counts the final stage after a progress report from the end of the handling, past a holiday', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const on = (stage: string) => ({ id, stage });
  await files.moveStage(
    csirt,
    'submit',
    on('incident-notification-1'),
    at('03-04T10:00'),
    submitted('03-04T09:00'),
  );
  const report = { stillRuns: true, status: 'EXERCISE' };
  expect(await files.moveStage(csirt, 'progress', on('final-1'), at('04-03T10:00'), report)).toEqual([]);
  // One month later is 14 July, a holiday in France: the period ends with the next working day.
  const handledAt = at('06-14T08:00').toISOString();
  expect(await files.move(csirt, 'handled', id, at('06-14T09:00'), { handledAt })).toEqual([]);
  expect((await files.stages(id, at('06-14T09:00')))['final-2']).toMatchObject({
    state: 'NOT_DUE',
    startedAt: handledAt,
    latestAt: at('07-15T22:00').toISOString(),
  });
  expect(await files.move(csirt, 'close', id, at('07-15T10:00'))).toEqual(
    refusedAs('WRONG_STATE', { message: expect.stringContaining('final-2') }),
  );
  expect(
    await files.moveStage(csirt, 'submit', on('final-2'), at('07-15T21:30'), submitted('07-15T21:30')),
  ).toEqual([]);
  expect((await files.stages(id, at('07-16T10:00')))['final-2']).toMatchObject({ late: false });
  expect(await files.move(csirt, 'close', id, at('07-16T10:00'))).toEqual([]);
  expect((await files.seen(csirt, id, at('07-16T10:00'))).progress?.state).toBe('CLOSED');
});

test('counts hours through the change to summer time', async () => {
  const awareAt = '2026-03-28T22:30:00.000Z';
  const id = await files.opened(at('03-28T23:00'), { of: { ...content, awareAt } });
  const { 'early-warning-1': first } = await files.stages(id, at('03-28T23:00'));
  expect(first).toMatchObject({ dueAt: '2026-03-29T22:30:00.000Z', latestAt: '2026-03-29T23:00:00.000Z' });
});

test('counts in the zone of the addressee, and refuses a zone that its Member State does not have', async () => {
  const reader = { ...csirt, organisation: 'csirt-pt', memberState: 'PT' };
  const of = { ...content, memberState: 'PT' };
  const refused = await files.tryOpen(at('03-02T10:00'), { reader, of, zone: 'Europe/Paris' });
  expect(refused.userErrors).toEqual(
    refusedAs('INVALID', { path: ['zone'], message: expect.stringContaining('Atlantic/Azores') }),
  );
  const { userErrors } = await files.tryOpen(at('03-02T10:00'), { reader, of, zone: 'Atlantic/Azores' });
  expect(userErrors).toEqual([]);
});

test('starts the clock of a CRA final report with the measure, and knows no progress report', async () => {
  const id = await files.opened(at('03-02T10:00'), { underRegime: 'CRA_VULNERABILITY' });
  expect((await files.stages(id, at('03-02T10:00')))['final-1']?.state).toBe('WAITING');
  const measureAt = at('03-10T09:00').toISOString();
  expect(await files.move(csirt, 'measure', id, at('03-10T10:00'), { measureAt })).toEqual([]);
  expect((await files.stages(id, at('03-10T10:00')))['final-1']).toMatchObject({
    startedAt: measureAt,
    latestAt: at('03-24T23:00').toISOString(),
  });
  // A later time would move the end of a clock that runs.
  const later = { measureAt: at('03-10T09:30').toISOString() };
  expect(await files.move(csirt, 'measure', id, at('03-10T11:00'), later)).toEqual(
    refusedAs('INVALID', { path: ['measureAt'] }),
  );
  const report = { stillRuns: true, status: 'EXERCISE' };
  expect(
    await files.moveStage(csirt, 'progress', { id, stage: 'final-1' }, at('03-11T10:00'), report),
  ).toEqual(refusedAs('WRONG_STATE', { message: expect.stringContaining('no progress report') }));
});

test('counts DORA from the classification, and the final report from the latest intermediate one', async () => {
  const supervising = { ...supervisor, organisation: 'authority-fr' };
  const dora = { reader: supervising, underRegime: 'DORA', weekendRule: true };
  const classifiedAt = at('03-02T12:10').toISOString();
  const { record, userErrors } = await files.tryOpen(at('03-02T13:00'), { ...dora, classifiedAt });
  expect(userErrors).toEqual([]);
  const id = record?.id ?? '';
  expect((await files.stages(id, at('03-02T13:00')))['initial-1']).toMatchObject({
    startedAt: classifiedAt,
    dueAt: at('03-02T16:10').toISOString(),
  });
  const missing = await files.tryOpen(at('03-02T13:00'), dora);
  expect(missing.userErrors).toEqual(refusedAs('INVALID', { path: ['classifiedAt'] }));
  const ask = { asked: 'EXERCISE: the update', latestAt: at('03-20T10:00').toISOString() };
  const { envelope } = await files.seen(csirt, id, at('03-05T10:00'));
  expect(envelope.version).toBe(1);
  expect(await files.move(supervising, 'ask', id, at('03-05T10:00'), ask)).toEqual([]);
  const finalAfter = async (stage: string, time: string) => {
    expect(await files.moveStage(supervising, 'submit', { id, stage }, at(time), submitted(time))).toEqual(
      [],
    );
    return (await files.stages(id, at(time)))['final-1']?.startedAt;
  };
  expect(await finalAfter('intermediate-1', '03-05T10:00')).toBe(at('03-05T10:00').toISOString());
  expect(await finalAfter('intermediate-2', '03-19T10:00')).toBe(at('03-19T10:00').toISOString());
});

test('lets the authority ask for an intermediate report only under a regime that knows one', async () => {
  const ask = { asked: 'EXERCISE: the indicators', latestAt: at('03-06T10:00').toISOString() };
  const id = await files.opened(at('03-02T10:00'));
  expect(await files.move(supervisor, 'ask', id, at('03-03T10:00'), ask)).toEqual([]);
  expect((await files.stages(id, at('03-06T10:00')))['intermediate-1']).toMatchObject({
    state: 'OVERDUE',
    dueAt: ask.latestAt,
  });
  const voluntary = await files.opened(at('03-02T10:00'), { underRegime: 'NIS2_VOLUNTARY' });
  expect(await files.move(supervisor, 'ask', voluntary, at('03-03T10:00'), ask)).toEqual(
    refusedAs('WRONG_STATE'),
  );
});

test('closes no file while a report that the authority asked for is open', async () => {
  const id = await files.opened(at('03-02T10:00'), { underRegime: 'CRA_INCIDENT' });
  const ask = { asked: 'EXERCISE', latestAt: at('03-06T10:00').toISOString() };
  expect(await files.move(csirt, 'ask', id, at('03-03T10:00'), ask)).toEqual([]);
  const handledAt = at('03-03T11:00').toISOString();
  expect(await files.move(csirt, 'handled', id, at('03-03T12:00'), { handledAt })).toEqual([]);
  const waive = { reason: 'NOT_SIGNIFICANT' };
  const waived = async (stage: string) =>
    await files.moveStage(csirt, 'waive', { id, stage }, at('03-04T10:00'), waive);
  expect(await waived('final-1')).toEqual([]);
  expect(await files.move(csirt, 'close', id, at('03-04T11:00'))).toEqual(
    refusedAs('WRONG_STATE', { message: expect.stringContaining('intermediate-1') }),
  );
  expect(await waived('intermediate-1')).toEqual([]);
  expect(await files.move(csirt, 'close', id, at('03-04T11:00'))).toEqual([]);
});

test('waives a stage with a reason, and the open stages of a file that is withdrawn', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const on = { id, stage: 'early-warning-1' };
  expect(await files.moveStage(csirt, 'waive', on, at('03-02T11:00'), { reason: 'NOT_SIGNIFICANT' })).toEqual(
    [],
  );
  expect(await files.move(csirt, 'withdraw', id, at('03-02T12:00'), { reason: 'EXERCISE' })).toEqual([]);
  const after = Object.values(await files.stages(id, at('03-09T10:00')));
  expect(after.map(({ state }) => state)).toEqual(['WAIVED', 'WAIVED', 'WAIVED']);
  expect(
    await files.move(csirt, 'ask', id, at('03-03T10:00'), {
      asked: 'x',
      latestAt: at('03-06T10:00').toISOString(),
    }),
  ).toEqual(refusedAs('WRONG_STATE'));
});

test('opens no file that another community keeps, nor one of another Member State', async () => {
  const union = await files.tryOpen(at('03-02T10:00'), { underRegime: 'REG_2023_2841' });
  expect(union.userErrors).toEqual(
    refusedAs('INVALID', { path: ['underRegime'], message: expect.stringContaining('CERT-EU keeps them') }),
  );
  const foreign = await files.tryOpen(at('03-02T10:00'), { reader: polish });
  expect(foreign.userErrors).toEqual(refusedAs('NOT_ALLOWED'));
  const { entityName: _name, ...of } = content;
  const byEnisa = await files.tryOpen(at('03-02T10:00'), { reader: enisa, of });
  expect(byEnisa.userErrors).toEqual(refusedAs('NOT_ALLOWED'));
});

test('lets ENISA keep a file of the platform that it opened, and the authorities of the Member State too', async () => {
  const { entityName: _name, ...of } = content;
  const { record, userErrors } = await files.tryOpen(at('03-02T10:00'), {
    reader: enisa,
    of,
    underRegime: 'CRA_INCIDENT',
  });
  expect(userErrors).toEqual([]);
  const id = record?.id ?? '';
  const on = { id, stage: 'early-warning-1' };
  expect(await files.moveStage(enisa, 'submit', on, at('03-02T11:00'), submitted('03-02T10:30'))).toEqual([]);
  const state = await files.opened(at('03-02T10:00'), { underRegime: 'CRA_INCIDENT' });
  expect(
    await files.moveStage(
      enisa,
      'submit',
      { id: state, stage: 'early-warning-1' },
      at('03-02T11:00'),
      submitted('03-02T10:30'),
    ),
  ).toEqual(refusedAs('NOT_FOUND'));
});

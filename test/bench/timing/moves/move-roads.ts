import { community } from '../../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { requestContent } from '../../../helpers/information-request.ts';
import type { Road } from '../road.ts';
import { absentId, Acts, enlarge, operator, personOf, readingFor } from './acts.ts';
import { Cases, lead } from './cases.ts';

const analyst = ['csirt-analyst'];
/** The reader of the measured requests, who takes part in none of the hidden records. */
const stranger = personOf('csirt-de', [...analyst, 'duty-officer']);
const asker = personOf('csirt-it', analyst);
const planner = personOf('crisis-pl', ['cyclone-officer'], { memberState: 'PL' });
const director = personOf('enisa', ['exercise-director']);
const secretariat = personOf('enisa', ['network-secretariat']);
const desk = personOf('csirt-nl', analyst);
const later = '2026-11-04T10:00:00.000Z';
const text = 'EXERCISE';
const addressees = ['csirt-es'];

/**
 * Returns the roads of moves in the joint unit: on a record that the reader may not see, and on an own record with a value that
 * names one.
 */
export async function moveRoads(store: CommunityStore, bytes: number): Promise<readonly Road[]> {
  const acts = new Acts(community, store);
  const made = [...(await roadsOnRecords(acts)), ...(await roadsByNames(acts))];
  await enlarge(
    store,
    made.map(({ hiddenId }) => hiddenId),
    bytes,
  );
  return made.map(({ road }) => road);
}

type Made = { readonly road: Road; readonly hiddenId: string };

/** Moves on records that the reader may not see. */
async function roadsOnRecords(acts: Acts): Promise<readonly Made[]> {
  const request = await acts.make(asker, 'InformationRequest', 'send', {
    content: requestContent({ answerBy: later }),
    addressees,
  });
  const hold = await acts.make(asker, 'DeconflictionHold', 'ask', {
    content: { on: { kind: 'TAKEDOWN', what: text }, until: later, contact: text },
    addressees,
    act: text,
    telephone: '+32 2 000 00 00',
  });
  const recordId = absentId('MispEvent');
  const recall = await acts.make(
    asker,
    'Recall',
    'issue',
    { content: { recordId, reason: 'ERROR', action: 'UN_BLOCK', use: 'BLOCKING_OR_DETECTION' } },
    { addressed: { record: recordId, organisations: addressees } },
  );
  const on = (name: string, hiddenId: string, move: string, input: object = {}): Made => {
    const kind = hiddenId.slice(0, hiddenId.indexOf(':'));
    const to = (id: string) => acts.moving(stranger, kind, move, { id, expectedVersion: 1, ...input });
    return { road: { name, hidden: to(hiddenId), absent: to(absentId(kind)) }, hiddenId };
  };
  return [
    on('an answer to a request', request, 'answer', { text, grading: 'B2', statementKind: 'fact' }),
    on('the end of a request', request, 'close'),
    on('an agreement to a hold', hold, 'agree', { scope: text, until: later }),
    on('the receipt of a recall', recall, 'ack'),
    on('the end of a recall', recall, 'close', { residualRisk: text, silent: addressees }),
  ];
}

/** Moves whose values name a record that the reader may not see. */
async function roadsByNames(acts: Acts): Promise<readonly Made[]> {
  return [
    ...(await roadsOfPlans(acts)),
    await roadOfPostures(acts),
    ...(await roadsOfRuns(acts)),
    await roadOfOffers(acts),
  ];
}

function byName(
  acts: Acts,
  hiddenId: string,
  name: string,
  request: (acts: Acts, id: string) => () => Promise<unknown>,
): Made {
  const kind = hiddenId.slice(0, hiddenId.indexOf(':'));
  return {
    road: { name, hidden: request(acts, hiddenId), absent: request(acts, absentId(kind)) },
    hiddenId,
  };
}

async function roadsOfPlans(acts: Acts): Promise<readonly Made[]> {
  const plan = {
    title: { value: 'EXERCISE: plan', lang: 'en' },
    kind: 'NATIONAL',
    memberState: 'PL',
    basis: text,
  };
  const reading = readingFor('crisis-pl', 'enisa');
  // A plan of the exercise: the same organisation edits it, in another picture.
  const exercise = { ...planner, picture: 'exercise:e-1' };
  const hiddenPlan = await acts.make(exercise, 'ResponsePlan', 'draft', { content: plan, reading });
  const own = await acts.make(planner, 'ResponsePlan', 'draft', { content: plan, reading });
  const adopted = { adoptedAt: '2026-11-01T00:00:00.000Z', body: text, reference: text };
  await acts.make(planner, 'ResponsePlan', 'adopt', { id: own, ...adopted });
  await acts.make(planner, 'ResponsePlan', 'force', { id: own, runningChecklists: text });
  const proposal = await acts.proposalOf(own);
  const second = { ...planner, subject: 'second' };
  await acts.make(second, 'ResponsePlan', 'confirmProposed', { id: own, proposal });
  const expectedVersion = await acts.versionOf('ResponsePlan', own);
  const evaluated = { series: text, kind: 'TABLE_TOP', state: 'EVALUATED' };
  const hiddenExercise = await acts.create(operator, 'ExercisePlan', evaluated, readingFor('csirt-it'));
  return [
    byName(acts, hiddenPlan, 'a plan that replaces another', (by, parent) =>
      by.moving(planner, 'ResponsePlan', 'draft', { content: { ...plan, parent }, reading }),
    ),
    byName(acts, hiddenExercise, 'the exercise that tested a plan', (by, one) =>
      by.moving(director, 'ResponsePlan', 'tested', {
        id: own,
        expectedVersion,
        exercise: one,
        parts: [text],
      }),
    ),
  ];
}

async function roadOfPostures(acts: Acts): Promise<Made> {
  const content = {
    network: 'CSIRTS_NETWORK',
    posture: 'alert-cooperation',
    since: '2026-11-03T08:00:00.000Z',
    reference: text,
    decidedBy: text,
  };
  const exercise = { ...secretariat, picture: 'exercise:e-1' };
  const hiddenId = await acts.make(exercise, 'Posture', 'record', { content });
  return byName(acts, hiddenId, 'a posture that corrects another', (by, supersedes) =>
    by.moving(secretariat, 'Posture', 'record', { content: { ...content, supersedes } }),
  );
}

async function roadsOfRuns(acts: Acts): Promise<readonly Made[]> {
  const steps = [{ no: 1, role: null, action: text, dueWithin: 'PT30M' }];
  const procedure = { title: { value: text, lang: 'en' }, trigger: text, steps };
  const shown = await acts.create(operator, 'Procedure', procedure, readingFor('enisa', 'joint-unit'));
  const hiddenProcedure = await acts.create(operator, 'Procedure', procedure, readingFor('csirt-it'));
  const own = await new Cases(acts).open('JC-2026-0001');
  const hiddenCase = await new Cases(acts, 'exercise:e-1').open('JC-2026-0002');
  const start = (named: object) => (by: Acts) =>
    by.moving(lead, 'ProcedureRun', 'start', {
      content: { event: text, eventAt: '2026-11-03T08:30:00.000Z', performers: [], ...named },
      reading: readingFor('enisa'),
    });
  const expectedVersion = await acts.versionOf('JointCaseRecord', own);
  return [
    byName(acts, hiddenProcedure, 'a run of a procedure', (by, id) =>
      start({ procedure: id, caseRecord: own })(by),
    ),
    byName(acts, hiddenCase, 'a run for a case', (by, id) => start({ procedure: shown, caseRecord: id })(by)),
    byName(acts, hiddenCase, 'a merge into a case', (by, surviving) =>
      by.moving(lead, 'JointCaseRecord', 'proposeMerge', {
        id: own,
        expectedVersion,
        surviving,
        reason: text,
      }),
    ),
  ];
}

async function roadOfOffers(acts: Acts): Promise<Made> {
  const unit = 'EX-M1';
  const member = { pseudonym: unit, profile: 'forensics', languages: ['en'] };
  const team = await acts.create(
    operator,
    'ResponseTeam',
    { name: text, kind: 'CSIRTS_NETWORK_PEER', provider: 'csirt-de', members: [member] },
    readingFor('csirt-nl', 'csirt-de', 'joint-unit'),
  );
  const hiddenId = await acts.make(asker, 'Mobilisation', 'draft', {
    content: { mechanism: 'CSIRTS_NETWORK_PEER', via: 'csirt-it' },
    decider: 'csirt-es',
    reading: readingFor('csirt-it', 'csirt-es'),
  });
  const week = { from: '2026-11-10T08:00:00.000Z', until: '2026-11-17T08:00:00.000Z', reasons: text };
  return byName(acts, hiddenId, 'an offer for a mobilisation', (by, mobilisation) =>
    by.moving(desk, 'ResponseTeam', 'offer', { id: team, unit, expectedVersion: 0, mobilisation, ...week }),
  );
}

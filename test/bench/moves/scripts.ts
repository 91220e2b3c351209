import { randomUUID } from 'node:crypto';
import type { Who } from './mover.ts';
import type { Turn } from './turn.ts';

/** The moves of one pass through a workflow. */
export type Script = {
  readonly name: string;
  /** The most turns: an organisation opens 50 duties a day, and has 100 requests that wait for their answers. */
  readonly most: number;
  readonly run: (turn: Turn) => Promise<void>;
};

const by = (as: string, purpose = 'incident-response'): Who => ({ as, purpose });
const french = by('fr-csirt-analyst');
const polish = by('pl-csirt-analyst');
const frenchContact = by('fr-contact-point');
const polishContact = by('pl-contact-point');
const frenchOnDuty = by('csirt-fr-duty-officer');
const polishOnDuty = by('csirt-pl-duty-officer');
const analyst = by('cert-eu-analyst');
const head = by('cert-eu-head');
const partner = by('private-partner');
const provider = by('reserve-provider');
const defence = by('defence-operator', 'cyber-defence');
const operator = by('joint-unit-operator', 'crisis-coordination');
const coordinator = by('joint-coordinator', 'crisis-coordination');

const text = 'EXERCISE';
const texts = [text];
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const readingFor = (...organisations: readonly string[]) => ({
  marking: { tlp: 'AMBER' },
  audience: { reach: 'NAMED', organisations },
});

/** The other workflows whose moves are made during the kills. */
export const scripts: readonly Script[] = [
  { name: 'release requests', most: 90, run: requestRelease },
  { name: 'recalls', most: Infinity, run: recall },
  { name: 'runs', most: Infinity, run: runProcedure },
  { name: 'mobilisations', most: Infinity, run: book },
  { name: 'agreements', most: Infinity, run: agree },
  { name: 'duties', most: 45, run: notify },
];

/** Enters a defence assessment. It belongs to another store, so it is no record of the turn. */
async function assessment(turn: Turn, reading: object): Promise<string> {
  const content = {
    subject: { vulnerability: 'CVE-2099-10001' },
    judgement: text,
    missionImpact: 'DEGRADED',
  };
  return await turn.enter(defence, 'createDefenceAssessment', { content, reading });
}

async function requestRelease(turn: Turn): Promise<void> {
  const recordId = await assessment(turn, readingFor('defence', 'csirt-fr'));
  const id = await turn.create(french, 'askReleaseRequest', {
    content: { recordId, purpose: text, need: text, scope: 'WHOLE', until: inDays(30) },
  });
  await turn.move(defence, 'reviewReleaseRequest', id, 1);
  await turn.move(defence, 'grantReleaseRequest', id, 2, { release: randomUUID() });
}

async function recall(turn: Turn): Promise<void> {
  const recordId = await assessment(turn, readingFor('defence', 'csirt-fr', 'csirt-pl'));
  for (const who of [french, polish]) await turn.read(who, 'defenceAssessment', recordId, 'judgement');
  const id = await turn.create(defence, 'issueRecall', {
    content: { recordId, reason: 'ERROR', action: 'UN_BLOCK', use: 'BLOCKING_OR_DETECTION' },
  });
  for (const who of [french, polish]) {
    await turn.move(who, 'ackRecall', id, 1);
    await turn.move(who, 'actRecall', id, 2, { done: text, wentTo: texts });
  }
}

async function runProcedure(turn: Turn): Promise<void> {
  const reading = readingFor('joint-unit', 'csirt-fr', 'csirt-pl');
  const caseRecord = await turn.create(coordinator, 'draftJointCaseRecord', {
    content: { case: 'JC-2026-0043', title: 'EXERCISE Grey Heron' },
    why: text,
    proposedLead: 'joint-unit',
    reading,
  });
  await turn.move(coordinator, 'openJointCaseRecord', caseRecord, 1, {
    lead: 'joint-unit',
    invited: ['csirt-fr', 'csirt-pl'],
    purposes: ['incident-response'],
    highestMarking: 'AMBER',
    nextReviewAt: inDays(1),
  });
  const steps = [
    { no: 1, role: 'analyst', action: text, dueWithin: 'PT10H' },
    { no: 2, role: 'partner', action: text, dependsOn: [1] },
    { no: 3, action: text, dueWithin: 'P1D', dependsOn: [2] },
  ];
  const content = { title: { value: text, lang: 'en' }, trigger: text, steps };
  const procedure = await turn.enter(operator, 'createProcedure', { content, reading });
  const performers = [
    { role: 'analyst', organisation: 'csirt-fr' },
    { role: 'partner', organisation: 'csirt-pl' },
  ];
  const id = await turn.create(coordinator, 'startProcedureRun', {
    content: { procedure, caseRecord, event: text, eventAt: inDays(-0.001), performers },
    reading,
  });
  for (const [at, who] of [french, polish, coordinator].entries()) {
    const step = `step-${at + 1}`;
    await turn.move(who, 'finishStepProcedureRun', id, await versionOf(turn, id, step), { step });
  }
}

type Steps = { readonly threads: readonly { readonly step: string; readonly version: number }[] };

async function versionOf(turn: Turn, id: string, step: string): Promise<number> {
  const { threads } = await turn.read<Steps>(coordinator, 'procedureRun', id, 'threads { step version }');
  return threads.find((one) => one.step === step)?.version ?? 0;
}

/** Two desks want one person for the same time: the second is refused, whatever was killed meanwhile. */
async function book(turn: Turn): Promise<void> {
  const reading = readingFor('csirt-fr', 'csirt-pl', 'leuchtfeuer-security', 'joint-unit');
  const members = [{ pseudonym: turn.name, profile: 'forensics', languages: ['fr', 'pl'] }];
  const team = { name: text, kind: 'MUTUAL_ASSISTANCE', provider: 'leuchtfeuer-security', members };
  const first = await turn.create(operator, 'createResponseTeam', { content: team, reading });
  const second = await turn.create(operator, 'createResponseTeam', { content: team, reading });
  const wanted = await accepted(
    turn,
    { desk: french, deskContact: frenchContact, decider: 'csirt-fr' },
    reading,
  );
  const other = await accepted(
    turn,
    { desk: polish, deskContact: polishContact, decider: 'csirt-pl' },
    reading,
  );
  const week = { unit: turn.name, from: inDays(2), until: inDays(9), reasons: text };
  await turn.move(french, 'offerResponseTeam', first, 0, { ...week, mobilisation: wanted });
  await turn.refused('WRONG_STATE', polish, 'offerResponseTeam', {
    id: second,
    expectedVersion: 0,
    ...week,
    mobilisation: other,
  });
  await turn.move(provider, 'confirmResponseTeam', first, 1, { unit: turn.name });
}

type Desk = { readonly desk: Who; readonly deskContact: Who; readonly decider: string };

async function accepted(turn: Turn, { desk, deskContact, decider }: Desk, reading: object): Promise<string> {
  const [asker, contact, via] =
    decider === 'csirt-fr' ? [polish, polishContact, 'csirt-pl'] : [french, frenchContact, 'csirt-fr'];
  const id = await turn.create(asker, 'draftMobilisation', {
    content: { mechanism: 'MUTUAL_ASSISTANCE', via, profilesNeeded: ['forensics'] },
    decider,
    reading,
  });
  await turn.move(contact, 'requestMobilisation', id, 1, { estimatedNeeds: text });
  const reasons = { criteria: texts, available: texts, reasons: texts };
  await turn.move(deskContact, 'assessMobilisation', id, 2, reasons);
  const accept = { to: 'ACCEPTED', services: texts, provider: 'leuchtfeuer-security', from: inDays(1) };
  await turn.move(desk, 'acceptMobilisation', id, 3, accept);
  return id;
}

async function agree(turn: Turn): Promise<void> {
  const id = await turn.create(analyst, 'draftAgreement', {
    content: {
      reference: text,
      kind: 'INFORMATION_SHARING',
      parties: ['cert-eu', 'nordsee-energy'].map((organisation) => ({ organisation, role: 'USER' })),
      legalBasis: text,
      informationKinds: texts,
      tlpCeiling: 'AMBER',
      purposes: ['incident-response'],
      directions: 'BOTH',
      onwardSharing: 'NONE',
      personalData: 'none',
      retention: text,
    },
    atEnd: text,
    notice: text,
  });
  const move = async (who: Who, name: string, input: object = {}) =>
    await turn.moveNow(who, `${name}Agreement`, 'agreement', id, input);
  const signature = { signature: text, capacity: text, date: inDays(0) };
  await move(analyst, 'offer', { text });
  await move(partner, 'submit');
  await move(head, 'sign', signature);
  await move(partner, 'sign', signature);
  await move(analyst, 'force', { inForceFrom: inDays(1), registryEntry: texts });
  const { progress } = await turn.read<{ readonly progress: { readonly proposal: { readonly id: string } } }>(
    head,
    'agreement',
    id,
    'progress { proposal { id } }',
  );
  await move(head, 'confirmProposed', { proposal: progress.proposal.id });
}

async function notify(turn: Turn): Promise<void> {
  const id = await turn.create(analyst, 'openNotificationDuty', {
    content: { trigger: 'PERSONAL_DATA_BREACH', eventAt: inDays(-0.04), text },
    addressees: ['csirt-fr', 'csirt-pl'],
  });
  for (const [who, recipient] of [
    [frenchOnDuty, 'csirt-fr'],
    [polishOnDuty, 'csirt-pl'],
  ] as const) {
    await turn.move(analyst, 'sendNotificationDuty', id, 1, { recipient, channel: text, message: text });
    await turn.move(who, 'ackNotificationDuty', id, 2);
  }
}

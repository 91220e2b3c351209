import { randomUUID } from 'node:crypto';
import { type As, ask, type Asked } from './ask.ts';

/** Operators and readers of the exercise, and the mutations that clients send. */
export const picture = 'exercise:trial-2026';
export const operator = { as: 'defence-operator', picture, purpose: 'cyber-defence' };
export const milcert = { as: 'ee-milcert-analyst', picture, purpose: 'cyber-defence' };
export const stranger = { as: 'eeas-operator', picture, purpose: 'diplomatic-response' };
export const secretariat = { as: 'enisa-operator', picture, purpose: 'incident-response' };
export const contactPoint = { as: 'fr-contact-point', picture, purpose: 'incident-response' };

export const create = `mutation Create($input: CreateDefenceAssessmentInput!) {
  createDefenceAssessment(input: $input) {
    record { id judgement subject { vulnerability { id } } envelope { version marking { tlp } originator { id } } }
    userErrors { code path message }
  }
}`;
export const update = `mutation Update($input: UpdateDefenceAssessmentInput!) {
  updateDefenceAssessment(input: $input) { record { id judgement envelope { version } } userErrors { code path } }
}`;
export const mark = `mutation Mark($input: MarkRecordInput!) { markDefenceRecord(input: $input) { id version userErrors { code } } }`;
export const link = `mutation Link($input: LinkRecordInput!) { linkDefenceRecord(input: $input) { id version userErrors { code } } }`;
export const retract = `mutation Retract($input: RetractRecordInput!) { retractDefenceRecord(input: $input) { id version userErrors { code } } }`;

export function assessment(over: object = {}) {
  return {
    key: randomUUID(),
    content: {
      subject: { vulnerability: 'CVE-2099-10001' },
      judgement: 'EXERCISE: the gateway of the exercise network is exposed',
      missionImpact: 'DEGRADED',
    },
    reading: { marking: { tlp: 'GREEN' } },
    ...over,
  };
}

/** Creates a defence assessment and returns its id. */
export async function created(asked: Asked, over: object = {}): Promise<string> {
  const { body, text } = await ask(asked, operator, create, { input: assessment(over) });
  const id = body.data?.createDefenceAssessment?.record?.id;
  if (body.errors !== undefined || typeof id !== 'string')
    throw new Error(`expected a new record, got ${text}`);
  return id;
}

export function retraction(id: string) {
  return { input: { key: randomUUID(), id, expectedVersion: 1, reason: 'EXERCISE' } };
}

/** Returns the assessment as a reader sees it; null if the reader may not read it. */
export async function readAs(asked: Asked, who: As, id: string) {
  const { body } = await ask(
    asked,
    who,
    `query Q($id: ID!) { defenceAssessment(id: $id) { id judgement } }`,
    { id },
  );
  return body.data.defenceAssessment;
}

/** Returns the exercise's NIS2 file as a reader sees it. */
export async function notification(asked: Asked, who: As) {
  const { body } = await ask(
    asked,
    who,
    '{ notificationFiles { nodes { id entityName rootCause envelope { version } } } }',
  );
  return body.data.notificationFiles.nodes[0];
}

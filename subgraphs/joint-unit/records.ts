import { type Content, type Said, stateCodes } from '../serve/record/content.ts';
import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';

/**
 * The Member States' assessments in a case. Each one is a draft, because the graph has no final ones yet: only readers
 * of its own state see it.
 */
export const assessments = { field: 'statesAffected', state: 'state', organisation: 'assessedBy' } as const;

/** The record types in the store of the joint unit. The graph defines their content. */
export const kinds: readonly Kind[] = [
  declared('joint-unit', 'JointCaseRecord', 'jointCaseRecords', {
    filters: ['workflow'],
    // Only the networks of a Member State may read that state's assessment.
    // A list under a case would name a case that was split from it or merged into it to readers of that one, and a marking would reach it.
    guarded: ['statesAffected', 'splitFrom', 'splitInto', 'mergeProposed', 'mergedInto', 'mergedFrom'],
    itemsOfState: assessments,
    says: statesOfCase,
    timesInOrder: [['participants.joinedAt', 'participants.leftAt']],
  }),
  declared('joint-unit', 'InformationRequest', 'informationRequests', {
    filters: ['priority'],
    // A list under an organisation would tell one addressee of the others.
    guarded: ['to'],
  }),
  declared('joint-unit', 'DeconflictionHold', 'deconflictionHolds', { filters: ['state'] }),
  declared('joint-unit', 'Mobilisation', 'mobilisations', {
    filters: ['mechanism'],
    says: levelFact,
  }),
  declared('joint-unit', 'ResponseTeam', 'responseTeams', {
    filters: ['kind'],
    timesInOrder: [['members.dutyFrom', 'members.dutyTo']],
  }),
  declared('joint-unit', 'Agreement', 'agreements', { filters: ['kind'], timesInOrder: [['from', 'to']] }),
  declared('joint-unit', 'Capability', 'capabilities', {
    filters: ['kind'],
    timesInOrder: [['verifiedAt', 'validUntil']],
  }),
  declared('joint-unit', 'ExercisePlan', 'exercisePlans', { filters: ['kind'] }),
  declared('joint-unit', 'SituationReport', 'situationReports', {
    filters: ['kind'],
    says: statesOfReport,
    timesInOrder: [['period.from', 'period.to']],
  }),
  declared('joint-unit', 'ResponsePlan', 'responsePlans', { filters: ['kind'] }),
  declared('joint-unit', 'Procedure', 'procedures'),
  declared('joint-unit', 'DutyContact', 'dutyContacts', {
    filters: ['function'],
    timesInOrder: [['from', 'to']],
  }),
  declared('joint-unit', 'CommunicationLine', 'communicationLines', { filters: ['state'] }),
  declared('joint-unit', 'Recall', 'recalls', {
    filters: ['recordId', 'reason'],
    // A list under an organisation would tell one recipient of the others.
    guarded: ['recipients'],
  }),
  declared('joint-unit', 'ProcedureRun', 'procedureRuns'),
  declared('joint-unit', 'Posture', 'postures', {
    filters: ['network'],
    sortBy: 'since',
    // Otherwise a stricter marking of the wrong entry would reach the one that corrects it.
    guarded: ['supersedes'],
  }),
  declared('joint-unit', 'ReleaseRequest', 'releaseRequests', { filters: ['recordId'] }),
  declared('joint-unit', 'NotificationDuty', 'notificationDuties', { filters: ['trigger', 'about'] }),
];

/** The level of a request for the Reserve as a fact of the policy: the Reserve is for significant incidents and above. */
function levelFact(content: Content): Said {
  if (content['mechanism'] !== 'RESERVE') return {};
  const level = levels[String(content['situationLevel'])];
  return level === undefined ? {} : { facts: { level } };
}

const levels: Readonly<Record<string, string>> = {
  INCIDENT: 'incident',
  SIGNIFICANT_INCIDENT: 'significant',
  LARGE_SCALE_INCIDENT: 'large-scale',
  LARGE_SCALE_EQUIVALENT: 'large-scale',
  MAJOR_INCIDENT: 'major',
  UNION_LEVEL_CYBER_CRISIS: 'major',
};

/** The Member States whose assessments the case holds. */
function statesOfCase(content: Content): Said {
  const assessed = content['statesAffected'];
  const states = Array.isArray(assessed)
    ? assessed.map(({ state }: { readonly state?: unknown }) => state)
    : [];
  return { states: { own: stateCodes(states), told: [] } };
}

/** The Member States that the report covers. */
function statesOfReport(content: Content): Said {
  return { states: { own: stateCodes(content['statesCovered']), told: [] } };
}

import { type Content, type Said, stateCodes } from '../serve/record/content.ts';
import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';

/** What the joint unit's store holds: the contract says of each what its content is. */
export const kinds: readonly Kind[] = [
  declared('joint-unit', 'JointCaseRecord', 'jointCaseRecords', {
    filters: ['workflow'],
    // Of each state's assessment its own networks alone are told.
    guarded: ['statesAffected'],
    says: statesOfCase,
  }),
  declared('joint-unit', 'InformationRequest', 'informationRequests', { filters: ['priority'] }),
  declared('joint-unit', 'DeconflictionHold', 'deconflictionHolds', { filters: ['state'] }),
  declared('joint-unit', 'Mobilisation', 'mobilisations', {
    filters: ['mechanism'],
    says: levelOfMobilisation,
  }),
  declared('joint-unit', 'ResponseTeam', 'responseTeams', { filters: ['kind'] }),
  declared('joint-unit', 'Agreement', 'agreements', { filters: ['kind'] }),
  declared('joint-unit', 'Capability', 'capabilities', { filters: ['kind'] }),
  declared('joint-unit', 'ExercisePlan', 'exercisePlans', { filters: ['kind'] }),
  declared('joint-unit', 'SituationReport', 'situationReports', { filters: ['kind'], says: statesOfReport }),
  declared('joint-unit', 'ResponsePlan', 'responsePlans', { filters: ['kind'] }),
  declared('joint-unit', 'Procedure', 'procedures'),
  declared('joint-unit', 'DutyContact', 'dutyContacts', { filters: ['function'] }),
  declared('joint-unit', 'CommunicationLine', 'communicationLines', { filters: ['state'] }),
  declared('joint-unit', 'Recall', 'recalls', { filters: ['reason'] }),
];

/** How grave it is, in the policy's words: the Reserve is for significant incidents and worse. */
function levelOfMobilisation(content: Content): Said {
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

/** The states that assess it, each its own part. */
function statesOfCase(content: Content): Said {
  const assessed = content['statesAffected'];
  const states = Array.isArray(assessed)
    ? assessed.map(({ state }: { readonly state?: unknown }) => state)
    : [];
  return { states: { own: stateCodes(states), told: [] } };
}

function statesOfReport(content: Content): Said {
  return { states: { own: stateCodes(content['statesCovered']), told: [] } };
}

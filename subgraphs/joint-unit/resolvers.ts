import { inboxOf } from '../serve/graph/inbox.ts';
import { addresseesIn, movesOf, standingFields } from '../serve/graph/moves.ts';
import { assess, changesOf } from '../serve/graph/mutations.ts';
import { itemsOfOwnState, pageOf, recordOf, type Resolvers, rootFieldsTo } from '../serve/graph/resolvers.ts';
import { searchOf } from '../serve/graph/search.ts';
import { syncOf } from '../serve/graph/sync.ts';
import { compareLevels, promptOf } from './levels.ts';
import { matchUnits } from './match-resolver.ts';
import { readableCases, readableIds } from './linked-cases.ts';
import { contactsOnDuty } from './on-duty.ts';
import { recipientsOf } from './recipients.ts';
import { assessments, kinds } from './records.ts';

/** The part of the graph that the joint unit answers: root fields, fields of shared types, and its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('JointCaseRecord', 'jointCaseRecords', 'jointCaseRecord'),
    ...rootFieldsTo('InformationRequest', 'informationRequests', 'informationRequest'),
    ...rootFieldsTo('DeconflictionHold', 'deconflictionHolds', 'deconflictionHold'),
    ...rootFieldsTo('Mobilisation', 'mobilisations', 'mobilisation'),
    ...rootFieldsTo('ResponseTeam', 'responseTeams', 'responseTeam'),
    ...rootFieldsTo('Agreement', 'agreements', 'agreement'),
    ...rootFieldsTo('Capability', 'capabilities', 'capability'),
    ...rootFieldsTo('ExercisePlan', 'exercisePlans', 'exercisePlan'),
    ...rootFieldsTo('SituationReport', 'situationReports', 'situationReport'),
    ...rootFieldsTo('ResponsePlan', 'responsePlans', 'responsePlan'),
    ...rootFieldsTo('Procedure', 'procedures', 'procedure'),
    ...rootFieldsTo('DutyContact', 'dutyContacts', 'dutyContact'),
    ...rootFieldsTo('CommunicationLine', 'communicationLines', 'communicationLine'),
    ...rootFieldsTo('Recall', 'recalls', 'recall'),
    ...rootFieldsTo('ProcedureRun', 'procedureRuns', 'procedureRun'),
    ...rootFieldsTo('Posture', 'postures', 'posture'),
    ...rootFieldsTo('ReleaseRequest', 'releaseRequests', 'releaseRequest'),
    ...rootFieldsTo('NotificationDuty', 'notificationDuties', 'notificationDuty'),
  },
  Mutation: {
    ...changesOf('joint-unit', kinds),
    ...movesOf('joint-unit'),
    assessJointCaseRecord: assess('JointCaseRecord'),
  },
  Vulnerability: {
    jointCaseRecords: pageOf('JointCaseRecord'),
  },
  ThreatActor: {
    jointCaseRecords: pageOf('JointCaseRecord'),
  },
  Indicator: {
    deconflictionHolds: pageOf('DeconflictionHold'),
  },
  Organisation: {
    jointCaseRecords: pageOf('JointCaseRecord'),
    informationRequests: pageOf('InformationRequest'),
    deconflictionHolds: pageOf('DeconflictionHold'),
    mobilisations: pageOf('Mobilisation'),
    responseTeams: pageOf('ResponseTeam'),
    agreements: pageOf('Agreement'),
    capabilities: pageOf('Capability'),
    exercisePlans: pageOf('ExercisePlan'),
    situationReports: pageOf('SituationReport'),
    responsePlans: pageOf('ResponsePlan'),
    dutyContacts: pageOf('DutyContact'),
    communicationLines: pageOf('CommunicationLine'),
    recalls: pageOf('Recall'),
    procedureRuns: pageOf('ProcedureRun'),
  },
  MemberState: {
    jointCaseRecords: pageOf('JointCaseRecord'),
    mobilisations: pageOf('Mobilisation'),
    capabilities: pageOf('Capability'),
    situationReports: pageOf('SituationReport'),
    responsePlans: pageOf('ResponsePlan'),
    dutyContacts: pageOf('DutyContact'),
  },
  JointCase: {
    records: pageOf('JointCaseRecord'),
    informationRequests: pageOf('InformationRequest'),
    deconflictionHolds: pageOf('DeconflictionHold'),
    mobilisations: pageOf('Mobilisation'),
    situationReports: pageOf('SituationReport'),
    communicationLines: pageOf('CommunicationLine'),
    postures: pageOf('Posture'),
  },
  JointCaseRecord: recordOf('JointCaseRecord', {
    ...standingFields,
    statesAffected: itemsOfOwnState(assessments),
    levels: compareLevels,
    splitInto: readableCases('splitInto'),
    mergedFrom: readableCases('mergedFrom'),
    linkedRecords: readableIds,
    prompt: promptOf,
  }),
  InformationRequest: recordOf('InformationRequest', {
    ...standingFields,
    to: addresseesIn('joint-unit', 'InformationRequest', 'to'),
  }),
  DeconflictionHold: recordOf('DeconflictionHold', { threads: standingFields.threads }),
  Mobilisation: recordOf('Mobilisation', { progress: standingFields.progress, matches: matchUnits }),
  ResponseTeam: recordOf('ResponseTeam', { threads: standingFields.threads }),
  Agreement: recordOf('Agreement', { progress: standingFields.progress }),
  Capability: recordOf('Capability', { progress: standingFields.progress }),
  ExercisePlan: recordOf('ExercisePlan'),
  SituationReport: recordOf('SituationReport'),
  ResponsePlan: recordOf('ResponsePlan', { progress: standingFields.progress }),
  Procedure: recordOf('Procedure'),
  DutyContact: recordOf('DutyContact'),
  CommunicationLine: recordOf('CommunicationLine'),
  Recall: recordOf('Recall', { ...standingFields, recipients: recipientsOf }),
  ProcedureRun: recordOf('ProcedureRun', standingFields),
  Posture: recordOf('Posture', { progress: standingFields.progress }),
  ReleaseRequest: recordOf('ReleaseRequest', standingFields),
  NotificationDuty: recordOf('NotificationDuty', standingFields),
  OnDuty: { jointUnit: contactsOnDuty },
  ...inboxOf('joint-unit'),
  ...searchOf('joint-unit'),
  ...syncOf('joint-unit'),
};

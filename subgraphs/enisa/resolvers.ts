import { changesOf } from '../serve/graph/mutations.ts';
import { memberStateKey } from '../../schema/record/keys.ts';
import {
  rootFieldsTo,
  pageOf,
  recordOf,
  type Resolvers,
  referenceTo,
  referencesTo,
  vulnerabilityReference,
} from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { type ExploitationStatementContent, type VulnerabilityRecordContent, kinds } from './records.ts';

/** ENISA's part of the graph: the doors, what it adds to shared types, its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('ExploitationStatement', 'exploitationStatements', 'exploitationStatement'),
    ...rootFieldsTo('VulnerabilityRecord', 'vulnerabilityRecords', 'vulnerabilityRecord'),
    ...rootFieldsTo('CoordinatedDisclosure', 'coordinatedDisclosures', 'coordinatedDisclosure'),
    ...rootFieldsTo('CraNotification', 'craNotifications', 'craNotification'),
    ...rootFieldsTo('NotificationFile', 'notificationFiles', 'notificationFile'),
    ...rootFieldsTo('QuarterlySummary', 'quarterlySummaries', 'quarterlySummary'),
  },
  Mutation: changesOf('enisa', kinds),
  JointCase: {
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    notificationFiles: pageOf('NotificationFile'),
  },
  Organisation: {
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    craNotifications: pageOf('CraNotification'),
  },
  Indicator: {
    notificationFiles: pageOf('NotificationFile'),
  },
  Vulnerability: {
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    craNotifications: pageOf('CraNotification'),
    records: pageOf('VulnerabilityRecord'),
    exploitation: pageOf('ExploitationStatement'),
  },
  ThreatActor: { exploitation: pageOf('ExploitationStatement') },
  MemberState: {
    exploitation: pageOf('ExploitationStatement'),
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    craNotifications: pageOf('CraNotification'),
    notificationFiles: pageOf('NotificationFile'),
    quarterlySummaries: pageOf('QuarterlySummary'),
  },
  VulnerabilityRecord: recordOf('VulnerabilityRecord', {
    vulnerability: (row: Row<VulnerabilityRecordContent>) =>
      vulnerabilityReference(row.content.vulnerability),
  }),
  ExploitationStatement: recordOf('ExploitationStatement', {
    vulnerability: (row: Row<ExploitationStatementContent>) =>
      vulnerabilityReference(row.content.vulnerability),
    memberState: (row: Row<ExploitationStatementContent>) =>
      referenceTo('MemberState', memberStateKey(row.content.memberState ?? '')),
    actors: (row: Row<ExploitationStatementContent>) => referencesTo('ThreatActor', row.content.actors),
  }),
  CoordinatedDisclosure: recordOf('CoordinatedDisclosure'),
  CraNotification: recordOf('CraNotification'),
  NotificationFile: recordOf('NotificationFile'),
  QuarterlySummary: recordOf('QuarterlySummary'),
};

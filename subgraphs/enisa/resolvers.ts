import { memberStateKey } from '../../schema/record/keys.ts';
import { inboxOf } from '../serve/graph/inbox.ts';
import { movesOf, standingFields } from '../serve/graph/moves.ts';
import { changesOf } from '../serve/graph/mutations.ts';
import { readableRecords } from '../serve/graph/readable-records.ts';
import {
  pageOf,
  recordOf,
  type Resolvers,
  rootFieldsTo,
  referenceTo,
  vulnerabilityReference,
} from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { searchOf } from '../serve/graph/search.ts';
import { syncOf } from '../serve/graph/sync.ts';
import { kinds } from './records.ts';

/** The part of the graph that ENISA answers: root fields, fields of shared types, and its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('VulnerabilityRecord', 'vulnerabilityRecords', 'vulnerabilityRecord'),
    ...rootFieldsTo('ExploitationStatement', 'exploitationStatements', 'exploitationStatement'),
    ...rootFieldsTo('CoordinatedDisclosure', 'coordinatedDisclosures', 'coordinatedDisclosure'),
    ...rootFieldsTo('CraNotification', 'craNotifications', 'craNotification'),
    ...rootFieldsTo('NotificationFile', 'notificationFiles', 'notificationFile'),
    ...rootFieldsTo('QuarterlySummary', 'quarterlySummaries', 'quarterlySummary'),
  },
  Mutation: { ...changesOf('enisa', kinds), ...movesOf('enisa') },
  Vulnerability: {
    records: pageOf('VulnerabilityRecord'),
    exploitation: pageOf('ExploitationStatement'),
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    craNotifications: pageOf('CraNotification'),
  },
  ThreatActor: {
    exploitation: pageOf('ExploitationStatement'),
  },
  Indicator: {
    notificationFiles: pageOf('NotificationFile'),
  },
  Organisation: {
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    craNotifications: pageOf('CraNotification'),
  },
  MemberState: {
    exploitation: pageOf('ExploitationStatement'),
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    craNotifications: pageOf('CraNotification'),
    notificationFiles: pageOf('NotificationFile'),
    quarterlySummaries: pageOf('QuarterlySummary'),
  },
  JointCase: {
    coordinatedDisclosures: pageOf('CoordinatedDisclosure'),
    notificationFiles: pageOf('NotificationFile'),
  },
  VulnerabilityRecord: recordOf('VulnerabilityRecord', {
    vulnerability: (row: Row) => vulnerabilityReference(row.content['vulnerability']),
  }),
  ExploitationStatement: recordOf('ExploitationStatement', {
    vulnerability: (row: Row) => vulnerabilityReference(row.content['vulnerability']),
    memberState: (row: Row<{ readonly memberState: string | null }>) =>
      referenceTo('MemberState', memberStateKey(row.content.memberState ?? '')),
  }),
  CoordinatedDisclosure: recordOf('CoordinatedDisclosure'),
  CraNotification: recordOf('CraNotification', { progress: standingFields.progress }),
  CraNotificationProgress: {
    // It is stated once for all notifications, by a move on any of them.
    platformIncident: async (_progress: unknown, _args, { standings }) =>
      await standings.hasPlatformIncident(),
  },
  NotificationFile: recordOf('NotificationFile', {
    ...standingFields,
    reclassifiedAs: readableRecords('NotificationFile', 'reclassifiedAs'),
  }),
  QuarterlySummary: recordOf('QuarterlySummary'),
  ...inboxOf('enisa'),
  ...searchOf('enisa'),
  ...syncOf('enisa'),
};

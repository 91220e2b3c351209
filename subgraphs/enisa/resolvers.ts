import { memberStateKey } from '../../schema/keys.ts';
import {
  doorsTo,
  pageOf,
  recordOf,
  type Resolvers,
  stub,
  stubs,
  vulnerabilityStub,
} from '../serve/resolvers.ts';
import type { Row } from '../serve/row.ts';
import type { ExploitationStatementContent, VulnerabilityRecordContent } from './records.ts';

/** ENISA's part of the graph: the doors, what it adds to shared types, its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...doorsTo('ExploitationStatement', 'exploitationStatements', 'exploitationStatement'),
    ...doorsTo('VulnerabilityRecord', 'vulnerabilityRecords', 'vulnerabilityRecord'),
  },
  Vulnerability: {
    records: pageOf('VulnerabilityRecord'),
    exploitation: pageOf('ExploitationStatement'),
  },
  ThreatActor: { exploitation: pageOf('ExploitationStatement') },
  MemberState: { exploitation: pageOf('ExploitationStatement') },
  VulnerabilityRecord: recordOf('VulnerabilityRecord', {
    vulnerability: (row: Row<VulnerabilityRecordContent>) => vulnerabilityStub(row.content.vulnerability),
  }),
  ExploitationStatement: recordOf('ExploitationStatement', {
    vulnerability: (row: Row<ExploitationStatementContent>) => vulnerabilityStub(row.content.vulnerability),
    memberState: (row: Row<ExploitationStatementContent>) =>
      stub('MemberState', memberStateKey(row.content.memberState ?? '')),
    actors: (row: Row<ExploitationStatementContent>) => stubs('ThreatActor', row.content.actors),
  }),
};

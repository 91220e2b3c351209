import { normaliseName } from '../../schema/record/keys.ts';
import { changesOf } from '../serve/graph/mutations.ts';
import type { PageArguments } from '../serve/read/connection.ts';
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
import { type CriminalProfileContent, type RansomwareFamilyContent, kinds } from './records.ts';

/** Europol's part of the graph: the doors, what it adds to shared types, its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('RansomwareFamily', 'ransomwareFamilies', 'ransomwareFamily'),
    ...rootFieldsTo('CriminalProfile', 'criminalProfiles', 'criminalProfile'),
    ransomwareFamilies: async (_source: never, args: PageArguments, { loaders }) =>
      await loaders.list('RansomwareFamily', withNameKey(args)),
    ...rootFieldsTo('Contribution', 'contributions', 'contribution'),
    ...rootFieldsTo('Operation', 'operations', 'operation'),
  },
  Mutation: changesOf('europol', kinds),
  JointCase: {
    contributions: pageOf('Contribution'),
    operations: pageOf('Operation'),
  },
  MemberState: {
    operations: pageOf('Operation'),
  },
  Organisation: {
    contributions: pageOf('Contribution'),
    operations: pageOf('Operation'),
  },
  Indicator: {
    contributions: pageOf('Contribution'),
  },
  Vulnerability: { ransomwareFamilies: pageOf('RansomwareFamily') },
  ThreatActor: {
    contributions: pageOf('Contribution'),
    operations: pageOf('Operation'),
    criminalProfiles: pageOf('CriminalProfile'),
    ransomwareFamilies: pageOf('RansomwareFamily'),
  },
  RansomwareFamily: recordOf('RansomwareFamily', {
    vulnerabilities: (row: Row<RansomwareFamilyContent>) =>
      row.content.vulnerabilities.flatMap((id) => vulnerabilityReference(id) ?? []),
    actors: (row: Row<RansomwareFamilyContent>) => referencesTo('ThreatActor', row.content.actors),
  }),
  CriminalProfile: recordOf('CriminalProfile', {
    actor: (row: Row<CriminalProfileContent>) => referenceTo('ThreatActor', row.content.actor),
  }),
  Contribution: recordOf('Contribution'),
  Operation: recordOf('Operation'),
};

/** The filter compares names without case, spaces and punctuation. */
function withNameKey(args: PageArguments): PageArguments {
  const name = args.filter?.['name'];
  return typeof name === 'string'
    ? { ...args, filter: { ...args.filter, name: normaliseName(name) ?? '' } }
    : args;
}

import { normaliseName } from '../../schema/record/keys.ts';
import { changesOf } from '../serve/graph/mutations.ts';
import {
  pageOf,
  recordOf,
  type Resolvers,
  rootFieldsTo,
  vulnerabilityReferences,
} from '../serve/graph/resolvers.ts';
import type { PageArguments } from '../serve/read/connection.ts';
import type { Row } from '../serve/read/row.ts';
import { searchOf } from '../serve/graph/search.ts';
import { syncOf } from '../serve/graph/sync.ts';
import { kinds } from './records.ts';

/** The part of the graph that Europol answers: root fields, fields of shared types, and its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('RansomwareFamily', 'ransomwareFamilies', 'ransomwareFamily', withNameKey),
    ...rootFieldsTo('CriminalProfile', 'criminalProfiles', 'criminalProfile'),
    ...rootFieldsTo('Contribution', 'contributions', 'contribution'),
    ...rootFieldsTo('Operation', 'operations', 'operation'),
  },
  Mutation: changesOf('europol', kinds),
  Vulnerability: {
    ransomwareFamilies: pageOf('RansomwareFamily'),
  },
  ThreatActor: {
    ransomwareFamilies: pageOf('RansomwareFamily'),
    criminalProfiles: pageOf('CriminalProfile'),
    contributions: pageOf('Contribution'),
    operations: pageOf('Operation'),
  },
  Indicator: {
    contributions: pageOf('Contribution'),
  },
  Organisation: {
    contributions: pageOf('Contribution'),
    operations: pageOf('Operation'),
  },
  MemberState: {
    operations: pageOf('Operation'),
  },
  JointCase: {
    contributions: pageOf('Contribution'),
    operations: pageOf('Operation'),
  },
  RansomwareFamily: recordOf('RansomwareFamily', {
    vulnerabilities: (row: Row) => vulnerabilityReferences(row.content['vulnerabilities']),
  }),
  CriminalProfile: recordOf('CriminalProfile'),
  Contribution: recordOf('Contribution'),
  Operation: recordOf('Operation'),
  ...searchOf('europol'),
  ...syncOf('europol'),
};

/** Normalises the name in the filter: names are compared without case, accents, spaces and punctuation. */
function withNameKey(args: PageArguments): PageArguments {
  const name = args.filter?.['name'];
  return typeof name === 'string'
    ? { ...args, filter: { ...args.filter, name: normaliseName(name) ?? '' } }
    : args;
}

import { changesOf } from '../serve/graph/mutations.ts';
import {
  pageOf,
  recordOf,
  type Resolvers,
  lookupOf,
  rootFieldsTo,
  vulnerabilityReferences,
} from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { searchOf } from '../serve/graph/search.ts';
import { syncOf } from '../serve/graph/sync.ts';
import { kinds } from './records.ts';

/** The part of the graph that CERT-EU answers: root fields, fields of shared types, and its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('Advisory', 'advisories', 'advisory'),
    ...rootFieldsTo('MispEvent', 'mispEvents', 'mispEvent'),
    sighting: lookupOf('Sighting'),
    ...rootFieldsTo('ActorProfile', 'actorProfiles', 'actorProfile'),
    ...rootFieldsTo('UnionIncident', 'unionIncidents', 'unionIncident'),
    ...rootFieldsTo('ThreatProduct', 'threatProducts', 'threatProduct'),
  },
  Mutation: changesOf('cert-eu', kinds),
  Vulnerability: {
    advisories: pageOf('Advisory'),
    mispEvents: pageOf('MispEvent'),
    unionIncidents: pageOf('UnionIncident'),
    threatProducts: pageOf('ThreatProduct'),
  },
  ThreatActor: {
    mispEvents: pageOf('MispEvent'),
    profiles: pageOf('ActorProfile'),
    unionIncidents: pageOf('UnionIncident'),
    threatProducts: pageOf('ThreatProduct'),
  },
  Indicator: {
    sightings: pageOf('Sighting'),
    unionIncidents: pageOf('UnionIncident'),
  },
  MemberState: {
    unionIncidents: pageOf('UnionIncident'),
  },
  JointCase: {
    unionIncidents: pageOf('UnionIncident'),
  },
  Advisory: recordOf('Advisory', {
    vulnerabilities: (row: Row) => vulnerabilityReferences(row.content['vulnerabilities']),
  }),
  MispEvent: recordOf('MispEvent', {
    vulnerabilities: (row: Row) => vulnerabilityReferences(row.content['vulnerabilities']),
    sightings: pageOf('Sighting'),
  }),
  Sighting: recordOf('Sighting'),
  ActorProfile: recordOf('ActorProfile'),
  UnionIncident: recordOf('UnionIncident'),
  ThreatProduct: recordOf('ThreatProduct'),
  ...searchOf('cert-eu'),
  ...syncOf('cert-eu'),
};

import { changesOf } from '../serve/graph/mutations.ts';
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
import {
  type ActorProfileContent,
  type AdvisoryContent,
  type MispEventContent,
  type SightingContent,
  kinds,
} from './records.ts';

/** CERT-EU's part of the graph: the doors, what it adds to shared types, its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('Advisory', 'advisories', 'advisory'),
    ...rootFieldsTo('MispEvent', 'mispEvents', 'mispEvent'),
    ...rootFieldsTo('ActorProfile', 'actorProfiles', 'actorProfile'),
    ...rootFieldsTo('UnionIncident', 'unionIncidents', 'unionIncident'),
    ...rootFieldsTo('ThreatProduct', 'threatProducts', 'threatProduct'),
  },
  Mutation: changesOf('cert-eu', kinds),
  JointCase: {
    unionIncidents: pageOf('UnionIncident'),
  },
  MemberState: {
    unionIncidents: pageOf('UnionIncident'),
  },
  Vulnerability: {
    unionIncidents: pageOf('UnionIncident'),
    threatProducts: pageOf('ThreatProduct'),
    advisories: pageOf('Advisory'),
    mispEvents: pageOf('MispEvent'),
  },
  ThreatActor: {
    unionIncidents: pageOf('UnionIncident'),
    threatProducts: pageOf('ThreatProduct'),
    profiles: pageOf('ActorProfile'),
    mispEvents: pageOf('MispEvent'),
  },
  Indicator: {
    sightings: pageOf('Sighting'),
    unionIncidents: pageOf('UnionIncident'),
  },
  Advisory: recordOf('Advisory', {
    vulnerabilities: (row: Row<AdvisoryContent>) =>
      row.content.vulnerabilities.flatMap((id) => vulnerabilityReference(id) ?? []),
  }),
  MispEvent: recordOf('MispEvent', {
    actors: (row: Row<MispEventContent>) => referencesTo('ThreatActor', row.content.actors),
    vulnerabilities: (row: Row<MispEventContent>) =>
      row.content.vulnerabilities.flatMap((id) => vulnerabilityReference(id) ?? []),
    sightings: pageOf('Sighting'),
  }),
  Sighting: recordOf('Sighting', {
    indicator: (row: Row<SightingContent>) => referenceTo('Indicator', row.content.indicator),
    event: async (row: Row<SightingContent>, _args: unknown, { loaders }) =>
      await loaders.one('MispEvent', row.content.event),
  }),
  ActorProfile: recordOf('ActorProfile', {
    actor: (row: Row<ActorProfileContent>) => referenceTo('ThreatActor', row.content.actor),
  }),
  UnionIncident: recordOf('UnionIncident'),
  ThreatProduct: recordOf('ThreatProduct'),
};

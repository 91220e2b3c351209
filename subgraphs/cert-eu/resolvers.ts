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
import type { ActorProfileContent, AdvisoryContent, MispEventContent, SightingContent } from './records.ts';

/** CERT-EU's part of the graph: the doors, what it adds to shared types, its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...doorsTo('Advisory', 'advisories', 'advisory'),
    ...doorsTo('MispEvent', 'mispEvents', 'mispEvent'),
    ...doorsTo('ActorProfile', 'actorProfiles', 'actorProfile'),
  },
  Vulnerability: {
    advisories: pageOf('Advisory'),
    mispEvents: pageOf('MispEvent'),
  },
  ThreatActor: {
    profiles: pageOf('ActorProfile'),
    mispEvents: pageOf('MispEvent'),
  },
  Indicator: { sightings: pageOf('Sighting') },
  Advisory: recordOf('Advisory', {
    vulnerabilities: (row: Row<AdvisoryContent>) =>
      row.content.vulnerabilities.flatMap((id) => vulnerabilityStub(id) ?? []),
  }),
  MispEvent: recordOf('MispEvent', {
    actors: (row: Row<MispEventContent>) => stubs('ThreatActor', row.content.actors),
    vulnerabilities: (row: Row<MispEventContent>) =>
      row.content.vulnerabilities.flatMap((id) => vulnerabilityStub(id) ?? []),
    sightings: pageOf('Sighting'),
  }),
  Sighting: recordOf('Sighting', {
    indicator: (row: Row<SightingContent>) => stub('Indicator', row.content.indicator),
    event: async (row: Row<SightingContent>, _args: unknown, { loaders }) =>
      await loaders.one('MispEvent', row.content.event),
  }),
  ActorProfile: recordOf('ActorProfile', {
    actor: (row: Row<ActorProfileContent>) => stub('ThreatActor', row.content.actor),
  }),
};

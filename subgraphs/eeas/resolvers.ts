import { changesOf } from '../serve/graph/mutations.ts';
import { doorsTo, pageOf, recordOf, type Resolvers } from '../serve/graph/resolvers.ts';
import { kinds } from './records.ts';

/** EEAS's part of the graph: the doors, what it adds to shared types, its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...doorsTo('CyberIncident', 'cyberIncidents', 'cyberIncident'),
    ...doorsTo('MaliciousActivityCase', 'maliciousActivityCases', 'maliciousActivityCase'),
    ...doorsTo('AttributionStatement', 'attributionStatements', 'attributionStatement'),
    ...doorsTo('Response', 'responses', 'response'),
    ...doorsTo('SanctionsListing', 'sanctionsListings', 'sanctionsListing'),
  },
  Mutation: changesOf('eeas', kinds),
  Vulnerability: {
    cyberIncidents: pageOf('CyberIncident'),
    maliciousActivityCases: pageOf('MaliciousActivityCase'),
  },
  ThreatActor: {
    cyberIncidents: pageOf('CyberIncident'),
    maliciousActivityCases: pageOf('MaliciousActivityCase'),
    attributions: pageOf('AttributionStatement'),
    responses: pageOf('Response'),
    sanctions: pageOf('SanctionsListing'),
  },
  Organisation: {
    responses: pageOf('Response'),
  },
  MemberState: {
    cyberIncidents: pageOf('CyberIncident'),
    maliciousActivityCases: pageOf('MaliciousActivityCase'),
    attributions: pageOf('AttributionStatement'),
  },
  JointCase: {
    cyberIncidents: pageOf('CyberIncident'),
    maliciousActivityCases: pageOf('MaliciousActivityCase'),
    attributions: pageOf('AttributionStatement'),
    responses: pageOf('Response'),
    sanctions: pageOf('SanctionsListing'),
  },
  CyberIncident: recordOf('CyberIncident'),
  MaliciousActivityCase: recordOf('MaliciousActivityCase'),
  AttributionStatement: recordOf('AttributionStatement'),
  Response: recordOf('Response'),
  SanctionsListing: recordOf('SanctionsListing'),
};

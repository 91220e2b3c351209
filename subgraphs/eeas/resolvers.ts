import { changesOf } from '../serve/graph/mutations.ts';
import { pageOf, recordOf, type Resolvers, rootFieldsTo } from '../serve/graph/resolvers.ts';
import { searchOf } from '../serve/graph/search.ts';
import { syncOf } from '../serve/graph/sync.ts';
import { kinds } from './records.ts';

/** The part of the graph that the EEAS answers: root fields, fields of shared types, and its own records. */
export const resolvers: Resolvers = {
  Query: {
    ...rootFieldsTo('CyberIncident', 'cyberIncidents', 'cyberIncident'),
    ...rootFieldsTo('MaliciousActivityCase', 'maliciousActivityCases', 'maliciousActivityCase'),
    ...rootFieldsTo('AttributionStatement', 'attributionStatements', 'attributionStatement'),
    ...rootFieldsTo('Response', 'responses', 'response'),
    ...rootFieldsTo('SanctionsListing', 'sanctionsListings', 'sanctionsListing'),
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
  ...searchOf('eeas'),
  ...syncOf('eeas'),
};

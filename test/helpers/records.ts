import type { Audience, Envelope, Marking } from '../../schema/record/envelope.ts';
import type { Reader } from '../../schema/protocol/reader.ts';

/** Returns the envelope of a record that every reader may read, with a test's changes. */
export function envelopeOf(changes: Partial<Envelope> = {}): Envelope {
  return {
    localId: 'local-1',
    version: 1,
    supersedes: null,
    originator: 'cert-eu',
    custodian: 'cert-eu',
    provider: 'cert-eu',
    sourceUrl: null,
    receivedAt: new Date('2026-01-01T00:00:00Z'),
    marking: markingOf(),
    audience: audienceOf(),
    onwardShares: [],
    purposes: ['incident-response'],
    embargoUntil: null,
    portions: [],
    grading: null,
    statementKind: null,
    confidence: null,
    personalData: null,
    exercise: null,
    recordState: 'ACTIVE',
    occurredAt: null,
    observedAt: null,
    reportedAt: null,
    modifiedAt: null,
    ...changes,
  };
}

/** Returns a CLEAR marking, with a test's changes. */
export function markingOf(changes: Partial<Marking> = {}): Marking {
  return {
    tlp: 'CLEAR',
    tlpCommunity: 'cyber-defence',
    pap: 'CLEAR',
    classification: 'none',
    distribution: 'NONE',
    handlingCodes: [],
    h3Text: null,
    extraRestrictions: [],
    rawTlp: null,
    ...changes,
  };
}

/** Returns an audience without names, with a test's changes. */
export function audienceOf(changes: Partial<Audience> = {}): Audience {
  return { reach: 'ANYONE', organisations: [], sharingGroups: [], persons: [], agreements: [], ...changes };
}

/** Returns a CSIRT's analyst with the purpose incident response, with a test's changes. */
export function readerOf(changes: Partial<Reader> = {}): Reader {
  return {
    subject: 'u-1',
    organisation: 'csirt-fr',
    communities: ['cyber-defence'],
    memberState: 'FR',
    roles: [],
    sharingGroups: [],
    onwardShares: [],
    grants: [],
    agreements: [],
    offices: [],
    client: 'person',
    purpose: 'incident-response',
    picture: 'real',
    onScreen: false,
    ...changes,
  };
}

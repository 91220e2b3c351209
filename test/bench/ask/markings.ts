import { organisations } from '../../../docker/trial/issuer/readers.ts';
import type { Audience, Envelope, Marking } from '../../../schema/record/envelope.ts';
import type { Community, Purpose, Tlp } from '../../../schema/record/vocabulary.ts';
import { markingOf, noAudience } from '../../../subgraphs/serve/record/marking.ts';
import type { Chance } from './chance.ts';

/** The markings of a section of a store: mixed, or with almost no CLEAR records. */
export type Mix = 'mixed' | 'guarded';

/** The share of each colour. `OWN` is AMBER with an empty audience: for originator and custodian only. */
const shares: Readonly<Record<Mix, readonly (readonly [Tlp | 'OWN', number])[]>> = {
  mixed: [
    ['CLEAR', 0.55],
    ['GREEN', 0.27],
    ['AMBER', 0.1],
    ['AMBER_STRICT', 0.03],
    ['RED', 0.005],
    ['OWN', 0.045],
  ],
  guarded: [
    ['CLEAR', 0.0001],
    ['GREEN', 0.05],
    ['AMBER', 0.6],
    ['AMBER_STRICT', 0.2],
    ['RED', 0.05],
    ['OWN', 0.0999],
  ],
};

/** The recipients of records. The private partner is not among them, so it sees only CLEAR. */
const recipients = organisations.map(({ id }) => id).filter((id) => id !== 'nordsee-energy');
const originators = ['enisa', 'cert-eu', 'europol', 'csirt-fr', 'csirt-pl', 'csirt-fi', 'eset'];
const purposes: readonly Purpose[] = ['incident-response', 'vulnerability-handling', 'threat-analysis'];

/** The sharing groups of the generated records. The well-connected reader is in most of them. */
export const groups: readonly string[] = Array.from({ length: 80 }, (_, at) => `group-${at}`);

/** Returns the envelope of a generated record. */
export function envelopeOf(
  localId: string,
  custodian: Community,
  mix: Mix,
  receivedAt: Date,
  chance: Chance,
): Envelope {
  const colour = colourOf(mix, chance);
  const marking = markingOf(colour === 'OWN' ? 'AMBER' : colour);
  return {
    localId,
    version: 1,
    supersedes: null,
    originator: chance.next() < 0.6 ? custodian : chance.of(originators),
    custodian,
    provider: custodian,
    sourceUrl: null,
    receivedAt,
    marking,
    audience: audienceOf(colour, chance),
    onwardShares: [],
    purposes: chance.some(purposes, 1, 2),
    embargoUntil: chance.next() < 0.003 ? new Date('2099-01-01T00:00:00Z') : null,
    portions: chance.next() < 0.05 ? [{ path: 'references', ...stricter(marking) }] : [],
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
  };
}

function colourOf(mix: Mix, chance: Chance): Tlp | 'OWN' {
  let left = chance.next();
  for (const [colour, share] of shares[mix]) {
    if (left < share) return colour;
    left -= share;
  }
  return 'OWN';
}

function audienceOf(colour: Tlp | 'OWN', chance: Chance): Audience {
  if (colour === 'CLEAR' || colour === 'GREEN') return noAudience;
  const named: Audience = { ...noAudience, reach: 'NAMED' };
  if (colour === 'OWN') return named;
  if (colour === 'RED') return { ...named, persons: [`u-generated-${chance.below(500)}`] };
  const sharingGroups = chance.next() < 0.3 ? chance.some(groups, 1, 3) : [];
  return { ...named, organisations: chance.some(recipients, 1, 4), sharingGroups };
}

function stricter(marking: Marking) {
  return {
    marking: { ...marking, tlp: 'AMBER' as const },
    audience: { ...noAudience, reach: 'NAMED' as const },
  };
}

import type { PersonalData } from '../../../schema/record/envelope.ts';
import { orWarn } from '../../serve/ingest/sources/fields.ts';
import type { MapContext, Mapped } from '../../serve/ingest/sources/source.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { isPersonal } from './stix-indicators.ts';
import type { StixObject } from './stix-shape.ts';

/** The STIX id of MITRE in ATT&CK. */
export const mitreIdentity = 'identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5';

/**
 * Reads the envelope of an object, without its marking. Only the identity of MITRE sets the originator, by its id. Other
 * identities do not, since anybody can write any name into an identity object.
 */
export function readEnvelope(
  object: StixObject,
  content: Readonly<Record<string, unknown>>,
  context: Pick<MapContext, 'warn'>,
): NonNullable<Mapped['says']> {
  const {
    created_by_ref: creator,
    created,
    modified,
    first_observed: observed,
    confidence,
    revoked,
  } = object;
  const level = confidenceOf(confidence);
  const keys = (content['indicators'] ?? []) as readonly string[];
  return {
    ...(creator?.toLowerCase() === mitreIdentity ? { originator: 'mitre' } : {}),
    ...(created ? { reportedAt: orWarn(context, 'created', created, () => parseTime(created)) } : {}),
    ...(modified ? { modifiedAt: orWarn(context, 'modified', modified, () => parseTime(modified)) } : {}),
    ...(observed
      ? { observedAt: orWarn(context, 'first_observed', observed, () => parseTime(observed)) }
      : {}),
    ...(level === null ? {} : { confidence: level }),
    ...(revoked === true ? { recordState: 'RETRACTED' } : {}),
    ...(keys.some(isPersonal) ? { personalData: emailAddress } : {}),
  };
}

/** Reads the confidence by the scale "None / Low / Med / High" (STIX 2.1, appendix A). */
function confidenceOf(value: number | null | undefined): 'LOW' | 'MODERATE' | 'HIGH' | null {
  if (value === null || value === undefined || !(value >= 1 && value <= 100)) return null;
  if (value < 30) return 'LOW';
  return value < 70 ? 'MODERATE' : 'HIGH';
}

/** The personal data of an email address that is an indicator. */
const emailAddress: PersonalData = {
  present: true,
  categories: ['e-mail address'],
  controller: null,
  legalBasis: null,
  reviewAt: null,
  retainUntil: null,
  restricted: false,
};

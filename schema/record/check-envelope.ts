import { emergencyThreats, type Audience, type Envelope, type Marking, type Portion } from './envelope.ts';
import { distributions, handlingCodes, papScale, reaches, recordStates, tlpScale } from './vocabulary.ts';

/** Returns true if a stored value is a valid envelope. A record without one is refused. */
export function isEnvelope(value: unknown): value is Envelope {
  if (!isObject(value)) return false;
  return (
    isText(value['originator']) &&
    isText(value['custodian']) &&
    Number.isInteger(value['version']) &&
    isMarking(value['marking']) &&
    isAudience(value['audience']) &&
    isListOf(value['purposes'], isText) &&
    isListOf(
      value['onwardShares'],
      (share) => isObject(share) && isText(share['id']) && isText(share['by']),
    ) &&
    isAbsentOr(value['releases'], (releases) => isListOf(releases, isText)) &&
    isAbsentOr(value['released'], (released) => isListOf(released, isReleased)) &&
    isAbsentOr(value['states'], isStates) &&
    isAbsentOr(value['facts'], (facts) => isObject(facts) && Object.values(facts).every(isText)) &&
    isListOf(value['portions'], isPortion) &&
    isInstantOrNull(value['embargoUntil']) &&
    (value['exercise'] === null || isText(value['exercise'])) &&
    isOneOf(value['recordState'], recordStates)
  );
}

function isMarking(value: unknown): value is Marking {
  return (
    isObject(value) &&
    isOneOf(value['tlp'], tlpScale) &&
    isOneOf(value['pap'], papScale) &&
    isText(value['tlpCommunity']) &&
    value['classification'] === 'none' &&
    isOneOf(value['distribution'], distributions) &&
    isListOf(value['handlingCodes'], (code) => isOneOf(code, handlingCodes)) &&
    isListOf(value['extraRestrictions'], isText)
  );
}

function isAudience(value: unknown): value is Audience {
  return (
    isObject(value) &&
    isOneOf(value['reach'], reaches) &&
    isListOf(value['organisations'], isText) &&
    isListOf(value['sharingGroups'], isText) &&
    isListOf(value['persons'], isText) &&
    isListOf(value['agreements'], isText)
  );
}

function isReleased(value: unknown): boolean {
  return (
    isObject(value) &&
    isText(value['id']) &&
    isText(value['grant']) &&
    isText(value['to']) &&
    isAbsentOr(value['emergency'], isEmergency) &&
    isAbsentOr(value['proposal'], isProposal) &&
    (isText(value['purpose']) || (value['purpose'] === null && value['emergency'] !== undefined)) &&
    value['until'] instanceof Date &&
    (value['fields'] === null || isListOf(value['fields'], isText))
  );
}

function isEmergency(value: unknown): boolean {
  const isTime = (name: string): boolean =>
    isObject(value) && (value[name] === null || value[name] instanceof Date);
  return (
    isObject(value) &&
    (value['person'] === null || isText(value['person'])) &&
    emergencyThreats.some((threat) => threat === value['threat']) &&
    isText(value['whyNotByRequest']) &&
    isText(value['by']) &&
    value['at'] instanceof Date &&
    ['confirmedAt', 'revokedAt', 'reportedAt'].every(isTime)
  );
}

function isProposal(value: unknown): boolean {
  return (
    isObject(value) &&
    (value['person'] === null || isText(value['person'])) &&
    isText(value['by']) &&
    value['at'] instanceof Date &&
    value['confirmBy'] instanceof Date &&
    (value['confirmedAt'] === null || value['confirmedAt'] instanceof Date)
  );
}

function isStates(value: unknown): boolean {
  return isObject(value) && isListOf(value['own'], isText) && isListOf(value['told'], isText);
}

/** Members that older records do not have. They may be absent; otherwise they must be valid. */
function isAbsentOr(value: unknown, check: (present: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isPortion(value: unknown): value is Portion {
  return (
    isObject(value) &&
    isText(value['path']) &&
    isMarking(value['marking']) &&
    isAudience(value['audience']) &&
    isAbsentOr(value['releases'], (releases) => isListOf(releases, isText))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

function isInstantOrNull(value: unknown): boolean {
  return value === null || (value instanceof Date && !Number.isNaN(value.getTime()));
}

function isListOf(value: unknown, check: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => check(item));
}

function isOneOf(value: unknown, vocabulary: readonly string[]): boolean {
  return typeof value === 'string' && vocabulary.includes(value);
}

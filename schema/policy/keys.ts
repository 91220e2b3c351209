import type { Audience, Envelope, Marking } from '../envelope.ts';
import type { Reader } from '../reader.ts';
import { defaultTlpCommunity, type Reach, reaches, type Tlp, tlpScale } from '../vocabulary.ts';

/**
 * A decision is the meeting of two sets: the keys that a record *admits*, stored with it, and the keys that a
 * reader *holds* at this second. Every key begins with the picture, so that exercise and real never meet.
 */

/** Keys held by roles that read no content (J29, J33: policy auditors and the hub's administrators): none. */
const rolesWithoutContent: readonly string[] = ['policy-auditor', 'hub-administrator', 'log-keeper'];

/** Whether this reader is of a kind that may read records at all (J29, J33). */
export function readsContent(reader: Pick<Reader, 'roles'>): boolean {
  return !reader.roles.some((role) => rolesWithoutContent.includes(role));
}

/** The keys that a reader holds at `now`: J02 to J07 and J33. Bounded: two and a few for each group and share. */
export function heldKeys(reader: Reader, now: Date): readonly string[] {
  if (!readsContent(reader)) return [];
  const person = reader.onScreen ? [`named:${reader.subject}`] : [];
  const operator = reader.roles.includes('community-operator') ? [`operator:${reader.organisation}`] : [];
  const recipients = [`org:${reader.organisation}`, ...reader.sharingGroups.map((group) => `group:${group}`)];
  const forPurpose =
    reader.purpose === null ? [] : recipients.map((key) => `${key}+purpose:${reader.purpose}`);
  const shares = reader.onwardShares
    .filter((share) => Date.parse(share.until) > now.getTime())
    .map((share) => `share:${share.by}:${share.id}`);
  return [
    'tlp:clear',
    ...reader.communities.map((community) => `tlp:green:${community}`),
    `origin:${reader.organisation}`,
    ...operator,
    ...person,
    ...forPurpose,
    ...shares,
  ].map((key) => `${reader.picture}|${key}`);
}

/** The keys that a record admits once its embargo is over, and those that it admits before (J01 to J09, J33). */
export function admittedKeys(envelope: Envelope): {
  readonly admits: readonly string[];
  readonly early: readonly string[];
} {
  const picture = envelope.exercise ?? 'real';
  const early = earlyKeys(envelope, envelope.marking, envelope.audience);
  const open =
    envelope.recordState === 'DRAFT' ? [] : recipientKeys(envelope, envelope.marking, envelope.audience);
  const inPicture = (keys: readonly string[]) => [...new Set(keys)].map((key) => `${picture}|${key}`);
  if (envelope.recordState === 'ERASED' || !isValid(envelope.marking)) return { admits: [], early: [] };
  return { admits: inPicture([...early, ...open]), early: inPicture(early) };
}

/** The keys that a portion admits: its own marking and audience under the record's originator and purposes. */
export function portionKeys(envelope: Envelope, marking: Marking, audience: Audience): readonly string[] {
  return admittedKeys({ ...envelope, marking, audience, portions: [] }).admits;
}

/** A marking that is not exactly of the vocabulary opens nothing: the strictest reading of a broken one. */
function isValid(marking: Marking): boolean {
  return tlpScale.includes(marking.tlp) && marking.classification === 'none';
}

/** J33, J07: who reads before an embargo ends: the originator's members, the custodian's operators, named persons. */
function earlyKeys(envelope: Envelope, marking: Marking, audience: Audience): readonly string[] {
  const persons = audience.persons.map((person) => `named:${person}`);
  if (marking.tlp === 'RED') return persons;
  return [`origin:${envelope.originator}`, `operator:${envelope.custodian}`, ...persons];
}

/** J02 to J06: who else reads, by the stricter of what the colour and what the audience reach. */
function recipientKeys(envelope: Envelope, marking: Marking, audience: Audience): readonly string[] {
  if (marking.tlp === 'RED' || needsARuleOfItsOwn(marking)) return [];
  const reach = stricterReach(reachOf(marking.tlp), audience.reach);
  if (reach === 'ANYONE') return ['tlp:clear'];
  const recipients = [
    ...audience.organisations.map((organisation) => `org:${organisation}`),
    ...audience.sharingGroups.map((group) => `group:${group}`),
  ];
  const named = recipients.flatMap((key) => envelope.purposes.map((purpose) => `${key}+purpose:${purpose}`));
  const community = reach === 'COMMUNITY' ? [`tlp:green:${marking.tlpCommunity || defaultTlpCommunity}`] : [];
  return [...community, ...named, ...shareKeys(envelope, marking, audience)];
}

/** J05, J06: an onward share exists at AMBER only, and only by a recipient that the originator named. */
function shareKeys(envelope: Envelope, marking: Marking, audience: Audience): readonly string[] {
  if (marking.tlp !== 'AMBER') return [];
  return envelope.onwardShares
    .filter((share) => audience.organisations.includes(share.by))
    .map((share) => `share:${share.by}:${share.id}`);
}

/** Until a rule exists for them, these are the originator's and its custodian's operators' only. */
function needsARuleOfItsOwn(marking: Marking): boolean {
  return (
    marking.extraRestrictions.length > 0 ||
    marking.handlingCodes.some((code) => code !== 'H0') ||
    marking.distribution !== 'NONE'
  );
}

function reachOf(tlp: Tlp): Reach {
  if (tlp === 'CLEAR') return 'ANYONE';
  return tlp === 'GREEN' ? 'COMMUNITY' : 'NAMED';
}

function stricterReach(one: Reach, other: Reach): Reach {
  return reaches[Math.max(reaches.indexOf(one), reaches.indexOf(other))] ?? 'NAMED';
}

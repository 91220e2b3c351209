import type { DisclosedPortion, RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import type { HandlingCode, Pap, Purpose, Tlp } from '../../schema/record/vocabulary.ts';
import { canonicalBytes, canonicalSet, sha256, wellFormed } from './canonical.ts';
import { hashOperation } from './operation-hash.ts';
import {
  commitTo,
  type PersonalOperation,
  type PersonalParts,
  type PersonalReader,
  saltPart,
} from './personal.ts';

/** The facts about a request that the stages hand to the audit log. */
export type AuditFacts = {
  /** `intent` for a mutation that is about to be sent; otherwise the entry is an `access`. */
  readonly kind?: 'intent';
  /** Created by the hub, never by a client: the entry keeps it and it cannot be erased. */
  readonly correlationId: string;
  readonly at: Date;
  /** The reader as the decision used it, with the purpose and picture of the request. */
  readonly reader: Reader;
  readonly token: { readonly clientId: string; readonly id: string | null };
  readonly operation: {
    readonly name: string | null;
    /** The document as the client sent it. */
    readonly document: string;
    /** The variables as the client sent them (JSON). */
    readonly variables: Readonly<Record<string, unknown>>;
  };
  /** The policy version that decided. */
  readonly policy: string;
  readonly disclosed: readonly RecordedDisclosure[];
  /** Coordinates refused to this kind of reader, such as `CaseReport.victims`. */
  readonly refused: readonly string[];
  /** Subgraphs that failed, such as `europol`. */
  readonly lost: readonly string[];
  readonly fields: FieldsGiven;
};

/**
 * The coordinates that the operation selected and that were not refused, such as `Advisory.title`: those of which at least
 * one value left the hub, and those that were empty or null. With `refused`, they are all that was asked.
 */
export type FieldsGiven = { readonly given: readonly string[]; readonly empty: readonly string[] };

/** One disclosed record, or count of records, in an entry. Empty lists are omitted. */
export type EntryDisclosure = {
  readonly community: string;
  readonly type: string;
  /** Null if the id contains a value that may be personal: then it is in the part `operation`. */
  readonly id: string | null;
  readonly version: number;
  readonly tlp: Tlp;
  readonly pap: Pap;
  readonly handlingCodes?: readonly HandlingCode[];
  readonly extraRestrictions?: readonly string[];
  readonly portions?: readonly EntryPortion[];
  /** The number, if a count of records was disclosed. `id` then has the hash of its filter. */
  readonly count?: number;
  /** True for the end of a record: the subscriber could see it before, and gets its id alone. */
  readonly gone?: true;
};

/** One disclosed portion in an entry. Its PAP is omitted if it is the record's, and so are empty lists. */
export type EntryPortion = {
  readonly path: string;
  readonly tlp: Tlp;
  readonly pap?: Pap;
  readonly handlingCodes?: readonly HandlingCode[];
  readonly extraRestrictions?: readonly string[];
};

/**
 * One entry of the audit log about a request. Its bytes are its RFC 8785 form in UTF-8, with the members in the order of
 * their names: at, correlationId, deployment, disclosed, fields, id, kid, kind, lost, operation, picture, policy, prev,
 * purpose, reader, refused, seq, v. `disclosed`, `refused`, `lost`, the lists of `fields` and the lists in them are sets:
 * sorted by the RFC 8785 form of their members (ids included), without duplicates. The hash is the SHA-256 of the bytes.
 * No member can be erased, so none names a person: personal data is in two separate parts (personal.ts).
 *
 * Format 2 is signed by the hub that wrote the entry: Ed25519 over "jcu-hub trail v2 entry\n" || bytes, stored next to the bytes. Format 1, which hubs wrote before, has no `fields`, no `kid` and no signature.
 */
export type AccessEntry = {
  /** Format of the entry. */
  readonly v: 1 | 2;
  /** The `kid` of the hub's key that signed the entry. */
  readonly kid?: string;
  readonly fields?: FieldsGiven;
  /** The deployment's id. */
  readonly deployment: string;
  /** The position in the chain: 1 for a deployment's first entry, without gaps. */
  readonly seq: number;
  /** Hash of the previous entry, 64 hexadecimal digits; for the first, SHA-256("jcu-hub trail v1 genesis\n" + deployment). */
  readonly prev: string;
  /** A random UUID. It prevents that the same access is written twice. */
  readonly id: string;
  /** The time of the request, RFC 3339 in UTC with milliseconds. It need not increase with `seq`. */
  readonly at: string;
  /** `intent` is written before a mutation is sent; its result is an `access` with the same correlation id. */
  readonly kind: 'access' | 'intent';
  /** The registry id of the reader's organisation, and the commitment to the part `reader`. */
  readonly reader: { readonly organisation: string; readonly commitment: string };
  readonly purpose: Purpose | null;
  /** `real`, or the id of one exercise. */
  readonly picture: string;
  /** `sha256` is `hashOperation` of the document. The commitment is to the part `operation`. */
  readonly operation: { readonly sha256: string; readonly commitment: string };
  readonly policy: string;
  readonly disclosed: readonly EntryDisclosure[];
  readonly refused: readonly string[];
  readonly lost: readonly string[];
  readonly correlationId: string;
};

/**
 * The requests of about one minute that failed before they had an entry: without a valid token, malformed, too large, or
 * beyond a budget. It has counts only, so that a campaign is visible and cannot fill the log. Always format 2.
 */
export type AttemptsEntry = Pick<AccessEntry, 'deployment' | 'seq' | 'prev' | 'id' | 'at'> & {
  readonly v: 2;
  readonly kid: string;
  readonly kind: 'attempts';
  /** The end of the time that it counts; `at` is the start. */
  readonly until: string;
  readonly attempts: readonly AttemptCount[];
  /** Further requests, in rows beyond the maximum. */
  readonly more: number;
};

/** The failed requests with one error code, of one organisation; null if the reader was not identified. */
export type AttemptCount = {
  readonly code: string;
  readonly organisation: string | null;
  readonly count: number;
};

/** Any entry of the chain. */
export type Entry = AccessEntry | AttemptsEntry;

/** An entry about a request without a position in the chain, with its erasable parts and their total size in bytes. */
export type AccessDraft = {
  readonly body: Omit<AccessEntry, 'seq' | 'prev' | 'kid'>;
  readonly parts: PersonalParts;
  readonly size: number;
};

/** Any entry without a position in the chain. An entry of attempts has no erasable parts. */
export type Draft =
  | AccessDraft
  | {
      readonly body: Omit<AttemptsEntry, 'seq' | 'prev' | 'kid'>;
      readonly parts: null;
      readonly size: number;
    };

/** The last entry of a chain, which the next entry refers to. */
export type ChainHead = { readonly seq: number; readonly hash: string };

/** An entry with its position in the chain, as it is stored and verified. */
export type ChainedEntry = ChainHead & {
  readonly id: string;
  readonly at: string;
  readonly correlationId: string;
  readonly picture: string;
  /** The communities whose records it discloses. */
  readonly communities: readonly string[];
  readonly bytes: Uint8Array;
};

/** The random values of one entry: a UUID, and a salt of 32 bytes for each part. */
export type EntrySecrets = {
  readonly id: string;
  readonly readerSalt: Uint8Array;
  readonly operationSalt: Uint8Array;
};

/** Drafts an entry about a request, without its position. Throws if the facts are not JSON or the document is not GraphQL. */
export function draftEntry(facts: AuditFacts, deployment: string, secrets: EntrySecrets): AccessDraft {
  const disclosed = canonicalSet(facts.disclosed.map(compactDisclosure));
  const parts = {
    reader: saltPart(personalReader(facts), secrets.readerSalt),
    operation: saltPart(personalOperation(facts, disclosed), secrets.operationSalt),
  };
  const { given, empty } = facts.fields;
  const body: AccessDraft['body'] = {
    v: 2,
    deployment,
    id: secrets.id,
    at: facts.at.toISOString(),
    kind: facts.kind ?? 'access',
    reader: { organisation: facts.reader.organisation, commitment: commitTo('reader', parts.reader) },
    purpose: facts.reader.purpose,
    picture: facts.reader.picture,
    operation: {
      sha256: hashOperation(facts.operation.document),
      commitment: commitTo('operation', parts.operation),
    },
    policy: facts.policy,
    disclosed: disclosed.map((one) => ({ ...one, id: isOpenId(one.id) ? one.id : null })),
    refused: canonicalSet(facts.refused),
    lost: canonicalSet(facts.lost),
    fields: { given: canonicalSet(given), empty: canonicalSet(empty) },
    correlationId: facts.correlationId,
  };
  const size = canonicalBytes(body).length + parts.reader.bytes.length + parts.operation.bytes.length;
  return { body, parts, size };
}

type NamedDisclosure = EntryDisclosure & { readonly id: string };

function compactDisclosure(disclosure: RecordedDisclosure): NamedDisclosure {
  const { community, type, id, version, tlp, pap } = disclosure;
  const portions = canonicalSet(
    disclosure.portions.map((one) => ({
      path: one.path.toWellFormed(),
      tlp: one.tlp,
      ...(one.pap !== pap && { pap: one.pap }),
      ...compactLists(one),
    })),
  );
  return {
    community,
    type,
    id: id.toWellFormed(),
    version,
    tlp,
    pap,
    ...compactLists(disclosure),
    ...(portions.length > 0 && { portions }),
    ...(disclosure.count !== undefined && { count: disclosure.count }),
    ...(disclosure.gone === true && { gone: true as const }),
  };
}

/** Returns the lists of a marking as sets, without the empty ones. */
function compactLists(
  marking: Pick<DisclosedPortion, 'handlingCodes' | 'extraRestrictions'>,
): Pick<EntryPortion, 'handlingCodes' | 'extraRestrictions'> {
  const handlingCodes = canonicalSet(marking.handlingCodes);
  const extraRestrictions = canonicalSet(marking.extraRestrictions.map((one) => one.toWellFormed()));
  return {
    ...(handlingCodes.length > 0 && { handlingCodes }),
    ...(extraRestrictions.length > 0 && { extraRestrictions }),
  };
}

/** Returns whether an id contains no personal value: a random id, a CVE or an actor of the alias table. */
function isOpenId(id: string): boolean {
  return /^[A-Za-z]+:[A-Za-z0-9_-]{1,64}$/.test(id);
}

function personalReader(facts: AuditFacts): PersonalReader {
  const { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen } = facts.reader;
  const reader = { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen };
  return wellFormed({ ...reader, clientId: facts.token.clientId, tokenId: facts.token.id }) as PersonalReader;
}

const maxNameLength = 256;

function personalOperation(facts: AuditFacts, disclosed: readonly NamedDisclosure[]): PersonalOperation {
  const { name, document, variables } = facts.operation;
  return wellFormed({
    name: name?.slice(0, maxNameLength) ?? null,
    sha256: sha256(document),
    variables,
    ids: disclosed.flatMap(({ id }, index) => (isOpenId(id) ? [] : [{ index, id }])),
  }) as PersonalOperation;
}

/** Drafts an entry about failed requests, without its position. */
export function draftAttempts(
  counted: Pick<AttemptsEntry, 'attempts' | 'more'> & { readonly from: Date; readonly until: Date },
  deployment: string,
  id: string,
): Draft {
  const body = {
    v: 2,
    deployment,
    id,
    kind: 'attempts',
    at: counted.from.toISOString(),
    until: counted.until.toISOString(),
    attempts: canonicalSet(counted.attempts),
    more: counted.more,
  } as const;
  return { body, parts: null, size: canonicalBytes(body).length };
}

/** Appends a draft to the head of its chain under the key that will sign it, and computes the final bytes and the hash. */
export function chainEntry(draft: Draft, head: ChainHead, kid: string): ChainedEntry {
  const entry: Entry = { ...draft.body, kid, seq: head.seq + 1, prev: head.hash };
  const bytes = canonicalBytes(entry);
  return { seq: entry.seq, hash: sha256(bytes), id: entry.id, ...indexOf(entry), bytes };
}

/** Returns the index fields of an entry, by which it is found. An entry of attempts is of no picture and no request. */
export function indexOf(
  entry: Entry,
): Pick<ChainedEntry, 'at' | 'correlationId' | 'picture' | 'communities'> {
  const { at } = entry;
  if (entry.kind === 'attempts') return { at, correlationId: '', picture: '', communities: [] };
  const { correlationId, picture, disclosed } = entry;
  return {
    at,
    correlationId,
    picture,
    communities: [...new Set(disclosed.map(({ community }) => community))],
  };
}

/** Returns the head of an empty chain, which a deployment's first entry refers to. */
export function genesis(deployment: string): ChainHead {
  return { seq: 0, hash: sha256(`jcu-hub trail v1 genesis\n${deployment}`) };
}

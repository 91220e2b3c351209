import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
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

/** What the stages of a request hand over: all that the trail will ever know of it. */
export type AuditFacts = {
  /** An answer (`access`) unless it is said to be a change that is about to be sent. */
  readonly kind?: 'intent';
  /** The hub's own, never a client's: it stands in the entry and cannot be erased. */
  readonly correlationId: string;
  readonly at: Date;
  /** As the decision took it; its `purpose` and `picture` are those of the request. */
  readonly reader: Reader;
  readonly token: { readonly clientId: string; readonly id: string | null };
  readonly operation: {
    readonly name: string | null;
    /** The document as it was executed. */
    readonly document: string;
    /** As the client sent them (JSON). */
    readonly variables: Readonly<Record<string, unknown>>;
  };
  /** The version of the policy that decided. */
  readonly policy: string;
  readonly disclosed: readonly RecordedDisclosure[];
  /** Coordinates refused to this kind of reader, such as `CaseReport.victims`. */
  readonly refused: readonly string[];
  /** Parts of the answer that could not be had, such as `europol`. */
  readonly lost: readonly string[];
};

/** One disclosed record in an entry. A list that would be empty is left out. */
export type EntryDisclosure = {
  readonly community: string;
  readonly type: string;
  /** Null where the id is made of a value that may be personal: then it stands in the part `operation`. */
  readonly id: string | null;
  readonly version: number;
  readonly tlp: Tlp;
  readonly pap: Pap;
  readonly handlingCodes?: readonly HandlingCode[];
  readonly extraRestrictions?: readonly string[];
  readonly portions?: readonly { readonly path: string; readonly tlp: Tlp }[];
};

/**
 * One entry of the trail, format 1. Its bytes are its RFC 8785 form in UTF-8, so the order of members is that of
 * their names: at, correlationId, deployment, disclosed, id, kind, lost, operation, picture, policy, prev, purpose,
 * reader, refused, seq, v. Every member is there in every entry. `disclosed`, `refused`, `lost` and the lists in them
 * are sets: ordered by the RFC 8785 form of their members (ids included), each once. Its hash is the SHA-256 of its
 * bytes. No member can be erased, so none names a person: those are in two parts of their own (personal.ts).
 */
export type AccessEntry = {
  /** Format of the entry: 1. */
  readonly v: 1;
  /** The deployment's id. */
  readonly deployment: string;
  /** 1 for a deployment's first entry, then one more each: an integer, without gaps. */
  readonly seq: number;
  /** Hash of the entry before, 64 hexadecimal digits; for the first, SHA-256("jcu-hub trail v1 genesis\n" + deployment). */
  readonly prev: string;
  /** A UUID, drawn once: a second writing of the same access is refused by it. */
  readonly id: string;
  /** When the answer was made, RFC 3339 in UTC with milliseconds; it need not grow with `seq`. */
  readonly at: string;
  /** `intent` stands before a change is sent to a community; what came of it is an `access` of the same correlation id. */
  readonly kind: 'access' | 'intent';
  /** Registry id of the reader's organisation, and the commitment to the part that says who. */
  readonly reader: { readonly organisation: string; readonly commitment: string };
  readonly purpose: Purpose | null;
  /** `real`, or the id of one exercise. */
  readonly picture: string;
  /** `sha256` is `hashOperation` of the document; the commitment is to name, exact hash, variables, value-made ids. */
  readonly operation: { readonly sha256: string; readonly commitment: string };
  readonly policy: string;
  readonly disclosed: readonly EntryDisclosure[];
  readonly refused: readonly string[];
  readonly lost: readonly string[];
  readonly correlationId: string;
};

/** An entry that has no place in the chain yet, with its erasable parts and the bytes that both take. */
export type Draft = {
  readonly body: Omit<AccessEntry, 'seq' | 'prev'>;
  readonly parts: PersonalParts;
  readonly size: number;
};

/** The last link of a chain: what the next entry hangs on. */
export type ChainHead = { readonly seq: number; readonly hash: string };

/** An entry in its place: what is stored and what is verified. */
export type ChainedEntry = ChainHead & {
  readonly id: string;
  readonly at: string;
  readonly correlationId: string;
  readonly picture: string;
  /** Those of which it gave a record. */
  readonly communities: readonly string[];
  readonly bytes: Uint8Array;
};

/** Randomness of one entry, drawn at the edge: a UUID and a salt of 32 bytes for each part. */
export type EntrySecrets = {
  readonly id: string;
  readonly readerSalt: Uint8Array;
  readonly operationSalt: Uint8Array;
};

/** Everything of an entry but its place. Throws where the facts are not JSON or the document is not GraphQL. */
export function draftEntry(facts: AuditFacts, deployment: string, secrets: EntrySecrets): Draft {
  const disclosed = canonicalSet(facts.disclosed.map(compactDisclosure));
  const parts = {
    reader: saltPart(personalReader(facts), secrets.readerSalt),
    operation: saltPart(personalOperation(facts, disclosed), secrets.operationSalt),
  };
  const body: Draft['body'] = {
    v: 1,
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
    correlationId: facts.correlationId,
  };
  const size = canonicalBytes(body).length + parts.reader.bytes.length + parts.operation.bytes.length;
  return { body, parts, size };
}

type NamedDisclosure = EntryDisclosure & { readonly id: string };

function compactDisclosure(disclosure: RecordedDisclosure): NamedDisclosure {
  const { community, type, id, version, tlp, pap } = disclosure;
  const handlingCodes = canonicalSet(disclosure.handlingCodes);
  const extraRestrictions = canonicalSet(disclosure.extraRestrictions.map((one) => one.toWellFormed()));
  const portions = canonicalSet(
    disclosure.portions.map((one) => ({ path: one.path.toWellFormed(), tlp: one.tlp })),
  );
  return {
    community,
    type,
    id: id.toWellFormed(),
    version,
    tlp,
    pap,
    ...(handlingCodes.length > 0 && { handlingCodes }),
    ...(extraRestrictions.length > 0 && { extraRestrictions }),
    ...(portions.length > 0 && { portions }),
  };
}

/** A random id, a CVE, an actor of the alias table; never a value such as a mail address or an unlisted name. */
function isOpenId(id: string): boolean {
  return /^[A-Za-z]+:[A-Za-z0-9_-]{1,64}$/.test(id);
}

function personalReader(facts: AuditFacts): PersonalReader {
  const { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen } = facts.reader;
  const reader = { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen };
  return wellFormed({ ...reader, clientId: facts.token.clientId, tokenId: facts.token.id }) as PersonalReader;
}

const longestName = 256;

function personalOperation(facts: AuditFacts, disclosed: readonly NamedDisclosure[]): PersonalOperation {
  const { name, document, variables } = facts.operation;
  return wellFormed({
    name: name?.slice(0, longestName) ?? null,
    sha256: sha256(document),
    variables,
    ids: disclosed.flatMap(({ id }, index) => (isOpenId(id) ? [] : [{ index, id }])),
  }) as PersonalOperation;
}

/** Puts a draft behind the head of its chain: the entry's final bytes and hash. */
export function chainEntry(draft: Draft, head: ChainHead): ChainedEntry {
  const entry: AccessEntry = { ...draft.body, seq: head.seq + 1, prev: head.hash };
  const bytes = canonicalBytes(entry);
  const { seq, id, at, correlationId, picture, disclosed } = entry;
  const communities = [...new Set(disclosed.map(({ community }) => community))];
  return { seq, hash: sha256(bytes), id, at, correlationId, picture, communities, bytes };
}

/** What a deployment's first entry hangs on. */
export function genesis(deployment: string): ChainHead {
  return { seq: 0, hash: sha256(`jcu-hub trail v1 genesis\n${deployment}`) };
}

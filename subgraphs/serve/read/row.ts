import type { Disclosure } from '../../../schema/protocol/disclosure.ts';
import { asPortion } from '../../../schema/record/as-portion.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { ReaderAccess, Policy, RowDecision } from '../../../schema/policy/decide/policy.ts';

/** A record that the reader may see, with the policy's decision on it. The source of a record's resolvers. */
export type Row<Content = Readonly<Record<string, unknown>>> = {
  readonly type: string;
  readonly id: string;
  readonly envelope: Envelope;
  readonly content: Content;
  readonly sortAt: Date;
  readonly decision: RowDecision;
};

/**
 * Decides a stored record from its envelope alone; the access keys that the query matched are not trusted. Null if the
 * reader may not see it. Every stored record passes here on its way to a resolver.
 */
export function toRow(
  type: string,
  record: StoredRecord,
  policy: Policy,
  readerAccess: ReaderAccess,
): Row | null {
  const decision = policy.decideRow(record.envelope, type, readerAccess);
  if (decision === null) return null;
  const content = record.content as Readonly<Record<string, unknown>>;
  return { type, id: record._id, envelope: record.envelope, content, sortAt: record.sortAt, decision };
}

/**
 * Narrows the decision on a row that becomes an event: the reader must be permitted to subscribe to the record, to each
 * portion by its own marking, and to each group of fields. Null if the record is not part of the event.
 */
export function narrowToEvent(row: Row, policy: Policy, readerAccess: ReaderAccess): Row | null {
  const { type, envelope, decision } = row;
  const may = (group: string, marked: Envelope) => policy.may(readerAccess, 'subscribe', type, group, marked);
  if (!may('content', envelope)) return null;
  const hidden = envelope.portions.filter((portion) => !may('content', asPortion(envelope, portion)));
  const groups = [...decision.groups].filter((group) => may(group, envelope));
  return {
    ...row,
    decision: {
      hidden: new Set([...decision.hidden, ...hidden.map(({ path }) => path)]),
      groups: new Set(groups),
    },
  };
}

/** The audit log's entry on a row that was disclosed: id, version, marking and the portions shown. */
export function toDisclosure(row: Row): Disclosure {
  const { marking, portions, version } = row.envelope;
  const shown = portions.filter((portion) => !row.decision.hidden.has(portion.path));
  return {
    type: row.type,
    id: row.id,
    version,
    tlp: marking.tlp,
    pap: marking.pap,
    handlingCodes: marking.handlingCodes,
    extraRestrictions: marking.extraRestrictions,
    audience: visibleAudience(row, shown),
    portions: shown.map(({ path, marking: own }) => ({
      path,
      tlp: own.tlp,
      pap: own.pap,
      handlingCodes: own.handlingCodes,
      extraRestrictions: own.extraRestrictions,
    })),
  };
}

/**
 * The organisations that a disclosed row is for, from what this reader sees of it; null if TLP opens it to more than
 * named organisations. Empty where the audience is hidden: the answer must not disclose it. The graph shows no audience
 * of a portion, so that one is hidden from every reader.
 */
function visibleAudience({ envelope, decision }: Row, shown: Envelope['portions']): readonly string[] | null {
  const { marking, audience } = envelope;
  if (!shown.every((portion) => isOpen(portion.marking))) return [];
  if (!decision.groups.has('audience')) return isOpen(marking) ? null : [];
  return isOpen(marking) && audience.reach !== 'NAMED' ? null : audience.organisations;
}

/** Returns whether a TLP colour opens a record to more than named organisations. */
export function isOpen({ tlp }: Pick<Envelope['marking'], 'tlp'>): boolean {
  return tlp === 'CLEAR' || tlp === 'GREEN';
}

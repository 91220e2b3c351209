import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { workflowsOf } from '../../../schema/workflow/served.ts';
import type { Content } from '../record/content.ts';
import { movesIn } from '../workflow/progress-store.ts';
import { keepAct, textIn } from './act.ts';
import type { OnRecord } from './change-steps.ts';
import { nextEnvelope } from './envelopes.ts';
import { Refused } from './refused.ts';
import { Releases } from './releases.ts';
import type { Made, Outcome } from './write-once.ts';

export type ShareInput = OnRecord & {
  readonly share: string;
  readonly need: string;
  readonly permitted: string;
};
export type EndShareInput = OnRecord & {
  readonly share: string;
  readonly by?: string | null;
  readonly reason: string;
};

/** The most onward shares of one organisation on one record: each gives the record another access key. */
const maxShares = 10;
/** The most onward shares that one organisation ever records on one record: each gives the record a new version. */
const maxActs = 20;

/**
 * The onward shares that recipients record (W9b, TLP 2.0): a client of a recipient reads an AMBER record. The registry says
 * which client an onward share is for, and until when. The stated texts stay in the store: no field of the graph shows them
 * yet.
 */
export class OnwardShares extends Releases {
  /** Lets a client of the reader's organisation read a record. The policy permits it to recipients only (J05b). */
  async share(input: ShareInput): Promise<Outcome> {
    const { reader } = this.parts.readerAccess;
    return await this.once(input, 'share', async (find, session) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const { envelope } = before;
      if (!this.parts.policy.may(this.parts.readerAccess, 'move', kind.type, 'audience', envelope))
        throw new Refused('NOT_ALLOWED', ['id'], unsharable);
      if (!envelope.audience.organisations.includes(reader.organisation))
        throw new Refused(
          'NOT_ALLOWED',
          ['id'],
          'only an organisation that the audience names shares onward',
        );
      if (envelope.personalData?.present === true)
        throw new Refused('NOT_ALLOWED', ['id'], 'a record with personal data is not shared onward');
      if (workflowsOf(this.parts.community).has(kind.type))
        throw new Refused('NOT_ALLOWED', ['id'], 'the moves of its workflow name the readers of this record');
      const share = { id: idIn(input.share), by: reader.organisation };
      const texts = { need: textIn(input, 'need'), permitted: textIn(input, 'permitted') };
      const own = envelope.onwardShares.filter(({ by }) => by === share.by);
      if (own.some(({ id }) => id === share.id))
        throw new Refused('INVALID', ['share'], 'this onward share is recorded already');
      if (own.length >= maxShares)
        throw new Refused('INVALID', ['share'], `expected ${maxShares} onward shares at most: end one first`);
      const made = {
        record: input.id,
        workflow: 'onward-share',
        move: 'record',
        'by.organisation': share.by,
      };
      const acts = await movesIn(this.parts.store).countDocuments(made, { session, limit: maxActs });
      if (acts >= maxActs)
        throw new Refused('CLOSED', ['id'], `expected ${maxActs} onward shares of your organisation at most`);
      const onwardShares = [...envelope.onwardShares, share];
      return this.#remade(before, onwardShares, 'record', input, { share: share.id, ...texts });
    });
  }

  /** Ends an onward share on a record: of the reader's organisation, or any of them for the originator. */
  async endShare(input: EndShareInput): Promise<Outcome> {
    const { reader } = this.parts.readerAccess;
    return await this.once(input, 'endShare', async (find) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find, 'retracted too');
      const { onwardShares } = before.envelope;
      const by = input.by ?? reader.organisation;
      const seen = sharesSeenBy(this.parts.readerAccess, before.envelope);
      if (!seen.some((share) => share.id === input.share && share.by === by))
        throw new Refused('INVALID', ['share'], 'expected an onward share that the record shows to you');
      const left = onwardShares.filter((share) => !(share.id === input.share && share.by === by));
      const values = { share: input.share, by, reason: textIn(input, 'reason') };
      return this.#remade(before, left, 'revoke', input, values);
    });
  }

  /** Returns the next version of a record with other onward shares. The act is stored with the moves of workflows (W9b). */
  #remade(
    before: StoredRecord,
    onwardShares: Envelope['onwardShares'],
    move: 'record' | 'revoke',
    { id, key }: OnRecord,
    input: Content,
  ): Made {
    const { store, readerAccess } = this.parts;
    const envelope = { ...nextEnvelope(before, readerAccess.now), onwardShares };
    const act = {
      record: id,
      workflow: 'onward-share',
      move,
      from: move === 'record' ? null : 'active',
      to: move === 'record' ? 'active' : 'revoked',
      input,
      key,
    };
    const made = this.remade(this.kindOf(id), before, envelope, before.content as Content, () => true);
    return { ...made, also: async (session) => await keepAct(store, act, readerAccess, session) };
  }
}

/** Returns the onward shares on a record that a reader sees: the originator all, a recipient those of its organisation. */
export function sharesSeenBy(
  { reader: { organisation } }: Pick<ReaderAccess, 'reader'>,
  { originator, onwardShares }: Pick<Envelope, 'originator' | 'onwardShares'>,
): Envelope['onwardShares'] {
  return onwardShares.filter(({ by }) => originator === organisation || by === organisation);
}

const unsharable =
  'only a person of a recipient can share a record onward. The record must be AMBER, without an embargo, a distribution limit or restrictions, and with no handling code except H0';

/** Returns the id of an onward share. The registry of the hub has the entry of this id. */
function idIn(share: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(share)) return share;
  throw new Refused('INVALID', ['share'], 'expected the id of an onward share in the registry');
}

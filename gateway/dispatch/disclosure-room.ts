import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';

/** Bytes in the audit entry that each community can use whatever the others report: about 2500 records. */
const shareBytes = 500_000;
/** Bytes that the communities use together beyond their shares. An entry has 8 MB at most. */
const commonBytes = 3_500_000;
/** The bytes of an entry for a disclosure besides its members: an id with a value is in the erasable part. */
const besides = 40;

/**
 * The room for disclosures in one audit entry. An answer whose disclosures do not fit fails; the others keep their
 * share, so one community cannot fill the entry and with it refuse the whole answer.
 */
export class DisclosureRoom {
  readonly #used = new Map<string, number>();
  #common = 0;

  /** The bytes of all disclosures. */
  get bytes(): number {
    return [...this.#used.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Takes the room for the disclosures of one answer. Throws if they do not fit, and takes nothing then. */
  take(community: string, disclosed: readonly RecordedDisclosure[]): void {
    const before = this.#used.get(community) ?? 0;
    const most = shareBytes + commonBytes;
    let used = before;
    for (const one of disclosed) {
      used += Buffer.byteLength(JSON.stringify(one)) + besides;
      if (used > most) break;
    }
    const common = this.#common + Math.max(0, used - shareBytes) - Math.max(0, before - shareBytes);
    if (used > most || common > commonBytes)
      throw new Error(`expected disclosures that fit into one audit entry with those of others, got more`);
    this.#used.set(community, used);
    this.#common = common;
  }
}

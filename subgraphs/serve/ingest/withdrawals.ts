import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Revision } from '../record/revision.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Change, Known } from './change.ts';
import { keyOf } from './editions.ts';
import { rewrite } from './rewrite.ts';
import { placeOf } from './sources/source.ts';
import type { Placed } from './versions.ts';

/** A stored record that its source does not have any more, and the version of the source that lacks it. */
export type Gone = { readonly kind: string; readonly id: string; readonly revision: Revision | undefined };

/** Finds and makes the withdrawn records of one feed in one picture. Writes nothing. */
export class Withdrawals {
  readonly #store: CommunityStore;
  readonly #feed: string;
  readonly #exercise: string | null;

  constructor(store: CommunityStore, feed: string, exercise: string | null) {
    this.#store = store;
    this.#feed = feed;
    this.#exercise = exercise;
  }

  /** Returns the tombstones of the stored records that the documents of a batch do not have any more. */
  async missingParts(
    current: readonly Placed[],
    except: ReadonlySet<string>,
    keyPolicy: KeyPolicy,
  ): Promise<readonly Change[]> {
    const whole = new Map(
      current.flatMap(({ prepared: { mapped, envelope } }) =>
        mapped.document?.parts
          ? [[keyOf({ originator: envelope.originator, document: mapped.document.id }), { mapped, envelope }]]
          : [],
      ),
    );
    const gone: Gone[] = [];
    for (const { mapped, envelope } of whole.values()) {
      const { id = '', parts } = mapped.document ?? {};
      for (const kind of this.#store.records.keys()) {
        const open = await recordsOf(this.#store, kind)
          .find(this.openOf(id, envelope.originator))
          .project<Pick<StoredRecord, '_id' | 'envelope'>>({ 'envelope.localId': 1 })
          .toArray();
        for (const {
          _id,
          envelope: { localId },
        } of open)
          if (!except.has(_id) && parts?.has(placeOf({ kind, localId })) !== true)
            gone.push({ kind, id: _id, revision: mapped.revision });
      }
    }
    return await this.tombstones(gone, keyPolicy);
  }

  /** Returns the filter of the open records of a list or document; of one originator, if it is given. */
  openOf(document: string, originator?: string) {
    return {
      feed: this.#feed,
      'envelope.document': document,
      ...(originator === undefined ? {} : { 'envelope.originator': originator }),
      'envelope.exercise': this.#exercise,
      'envelope.recordState': { $in: ['DRAFT', 'ACTIVE'] as const },
    };
  }

  /** Returns the withdrawn records: RETRACTED and without join rows, so that no list under a shared key has them. */
  async tombstones(gone: readonly Gone[], keyPolicy: KeyPolicy): Promise<readonly Change[]> {
    const changes: Change[] = [];
    for (const [kind, ones] of Map.groupBy(gone, (one) => one.kind)) {
      const revisions = new Map(ones.map(({ id, revision }) => [id, revision]));
      const stored = recordsOf(this.#store, kind).find({ _id: { $in: [...revisions.keys()] } });
      for await (const before of stored) {
        const revision = revisions.get(before._id);
        const withdraw = ({ envelope }: StoredRecord) => ({
          envelope: {
            ...envelope,
            version: envelope.version + 1,
            recordState: 'RETRACTED' as const,
            withdrawnBySource: true as const,
            ...(revision === undefined ? {} : { revision }),
          },
          // No import has this hash, so that a record which comes back is written.
          contentHash: 'withdrawn',
        });
        const record = rewrite(kind, before, withdraw, keyPolicy, schemaOf(this.#store, kind));
        if (record === null) continue;
        changes.push({ kind, record, before: before as Known, keys: [], unlisted: new Set() });
      }
    }
    return changes;
  }
}

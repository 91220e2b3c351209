import type { ChangeEvent } from '../../schema/protocol/change-event.ts';
import type { Subscriber } from './reader-watch.ts';
import type { Subscription } from './subscription.ts';

/** The subscriptions of one permission class to one kind. */
type Group = {
  readonly of: Subscriber;
  readonly ofAll: Set<Subscription>;
  readonly ofOne: Map<string, Set<Subscription>>;
};

/** The open subscriptions by kind and permission class. The access keys are compared once for each class, not each reader. */
export class EventIndex {
  readonly #kinds = new Map<string, Map<string, Group>>();

  add(subscription: Subscription): void {
    const { query } = subscription.operation;
    const groups = this.#kinds.get(query.kind) ?? new Map<string, Group>();
    this.#kinds.set(query.kind, groups);
    const { permissionClass } = subscription.started;
    const group = groups.get(permissionClass) ?? {
      of: subscription.started,
      ofAll: new Set<Subscription>(),
      ofOne: new Map<string, Set<Subscription>>(),
    };
    groups.set(permissionClass, group);
    if (query.recordId === null) group.ofAll.add(subscription);
    else group.ofOne.set(query.recordId, (group.ofOne.get(query.recordId) ?? new Set()).add(subscription));
  }

  remove(subscription: Subscription): void {
    const { kind, recordId } = subscription.operation.query;
    const groups = this.#kinds.get(kind);
    const { permissionClass } = subscription.started;
    const group = groups?.get(permissionClass);
    if (groups === undefined || group === undefined) return;
    group.ofAll.delete(subscription);
    const ofOne = recordId === null ? undefined : group.ofOne.get(recordId);
    ofOne?.delete(subscription);
    if (recordId !== null && ofOne?.size === 0) group.ofOne.delete(recordId);
    if (group.ofAll.size + group.ofOne.size === 0) groups.delete(permissionClass);
    if (groups.size === 0) this.#kinds.delete(kind);
  }

  /** Returns the subscriptions whose readers may see the record of an event at `now`, or could before. */
  *concerned(event: ChangeEvent, now: Date): Iterable<Subscription> {
    for (const { of, ofAll, ofOne } of this.#kinds.get(event.kind)?.values() ?? []) {
      if (!isConcerned(event, of, now)) continue;
      yield* ofAll;
      yield* ofOne.get(event.id) ?? [];
    }
  }
}

/** Tells whether a reader may see the record of an event at `now`, or could before. */
export function isConcerned(event: ChangeEvent, subscriber: Subscriber, now: Date): boolean {
  const held = keysFor(event, subscriber, now);
  return event.admits.some((key) => held.has(key)) || event.before.some((key) => held.has(key));
}

/** Returns the access keys by which a reader may get an event: none for a notice to another organisation. */
export function keysFor(
  { kind, notice }: Pick<ChangeEvent, 'kind' | 'notice'>,
  { policy, identity: { reader } }: Subscriber,
  now: Date,
): ReadonlySet<string> {
  if (notice !== undefined && notice.party !== reader.organisation) return none;
  return policy.accessOf(reader, now).keys(notice?.kind ?? kind, 'subscribe');
}

const none: ReadonlySet<string> = new Set();

import { isDeepStrictEqual } from 'node:util';
import type { Envelope, Portion, Released } from '../../../schema/record/envelope.ts';

/**
 * Returns an envelope with these releases and no others. The grants of the record and of its portions follow from them.
 * Grants that no release of the envelope has, such as those of an import, stay.
 */
export function withReleased(envelope: Envelope, released: readonly Released[]): Envelope {
  const { releases = [], released: former = [], ...rest } = envelope;
  const known = new Set(former.map(({ grant }) => grant));
  const grants = (old: readonly string[], isOf: (one: Released) => boolean): readonly string[] => [
    ...old.filter((id) => !known.has(id)),
    ...new Set(released.filter((one) => isInEffect(one) && isOf(one)).map(({ grant }) => grant)),
  ];
  const ofRecord = grants(releases, ({ fields }) => fields === null);
  const portions = rest.portions.map(({ releases: old = [], ...portion }) => {
    const own = grants(old, ({ fields }) => fields?.includes(portion.path) === true);
    return own.length === 0 ? portion : { ...portion, releases: own };
  });
  return {
    ...rest,
    portions,
    ...(ofRecord.length === 0 ? {} : { releases: ofRecord }),
    ...(released.length === 0 ? {} : { released }),
  };
}

/** A revoked emergency release stays until it is reported on, and a proposal waits for a second person. Both open nothing. */
function isInEffect({ emergency, proposal }: Released): boolean {
  return (emergency?.revokedAt ?? null) === null && proposal?.confirmedAt !== null;
}

/**
 * Returns the next envelope with the releases of the former one. A release was decided on a marking: it ends for the record
 * if the marking changes, and for a field if its marking or its audience changes. An emergency release that ends so is
 * revoked at `now`, because its originator still reports on it.
 */
export function keepReleases(next: Envelope, before: Envelope, now: Date): Envelope {
  const isSame = isDeepStrictEqual(next.marking, before.marking);
  const { releases: _releases, released: _released, ...rest } = next;
  const kept: Envelope = {
    ...rest,
    ...(isSame && before.releases !== undefined ? { releases: before.releases } : {}),
    ...(before.released === undefined ? {} : { released: before.released }),
    portions: next.portions.map((portion) => withOldGrants(portion, before.portions)),
  };
  const released = (before.released ?? []).flatMap((one): readonly Released[] => {
    if (one.fields === null) return isSame ? [one] : revoked(one, now);
    const fields = one.fields.filter((path) => isUnchanged(path, next.portions, before.portions));
    return fields.length === 0 ? revoked(one, now) : [{ ...one, fields }];
  });
  return withReleased(kept, released);
}

/**
 * Returns what remains of a release that is revoked at `now`: an emergency release whose report is due, otherwise nothing. One
 * that has ended stays as it ended.
 */
export function revoked(release: Released, now: Date): readonly Released[] {
  const { emergency, until } = release;
  if (emergency === undefined || emergency.reportedAt !== null) return [];
  if (until <= now) return [release];
  return [{ ...release, emergency: { ...emergency, revokedAt: emergency.revokedAt ?? now } }];
}

function withOldGrants(portion: Portion, before: readonly Portion[]): Portion {
  const { releases: _releases, ...own } = portion;
  const same = before.find((one) => isSamePortion(one, own));
  return same?.releases === undefined ? own : { ...own, releases: same.releases };
}

function isUnchanged(path: string, next: readonly Portion[], before: readonly Portion[]): boolean {
  const own = next.filter((portion) => portion.path === path);
  return own.length > 0 && own.every((portion) => before.some((one) => isSamePortion(one, portion)));
}

function isSamePortion(
  { releases: _releases, ...one }: Portion,
  { releases: _others, ...other }: Portion,
): boolean {
  return isDeepStrictEqual(one, other);
}

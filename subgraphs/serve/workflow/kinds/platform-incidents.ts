import type { ClientSession, Collection } from 'mongodb';
import { Refused, invalid } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';
import { recordsOf, schemaOf } from '../../store/collections.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { Follow } from '../follow.ts';
import type { RecordedCheck } from '../ground.ts';
import type { Connected } from '../parties.ts';
import { progressIn, setFacts, type StoredMove } from '../progress-store.ts';

/** The last statement of ENISA on the platform, for the real picture or for one exercise. */
type Platform = { readonly _id: string; readonly hasIncident: boolean };

/** A notification that is withheld on the ground of Art. 5. The id has its picture first. */
type WithheldByPlatform = { readonly _id: string; readonly record: string };

/** The ground of Art. 5: the platform cannot ensure confidentiality. */
const ground = 'a5-platform';

/** The most notifications whose withholding ends in one transaction. ENISA confirms again for further ones. */
const maxEnded = 300;

/** Returns whether ENISA stated that the platform cannot ensure confidentiality, in the picture of a reader. */
export async function hasPlatformIncident(
  store: Connected,
  picture: string,
  session?: ClientSession,
): Promise<boolean> {
  const stated = await platformIn(store).findOne({ _id: picture }, session === undefined ? {} : { session });
  return stated?.hasIncident === true;
}

/** The grounds of refusal of CRA notifications that depend on the platform. */
export const groundsOfPlatform: Readonly<Record<string, RecordedCheck>> = {
  'cra-withholding.platform': async ({ store, readerAccess: { reader }, input, session }) => {
    const hasIncident = input['platformIncident'] === true;
    const isSame = (await hasPlatformIncident(store, reader.picture, session)) === hasIncident;
    const isLeft =
      !hasIncident && (await withheldIn(store).findOne(inPicture(reader.picture), { session })) !== null;
    if (!isSame || isLeft) return null;
    const stated = hasIncident ? 'it cannot ensure confidentiality' : 'it can ensure confidentiality';
    return invalid('platformIncident', `expected a change: ENISA stated already that ${stated}`);
  },
  'cra-withholding.withhold': async ({ store, readerAccess: { reader }, input, session }) => {
    if (input['ground'] !== ground || (await hasPlatformIncident(store, reader.picture, session)))
      return null;
    return invalid(
      'ground',
      'ENISA did not inform the network of an incident of the platform: name another ground (Del. Reg. 2026/881 Art. 5)',
    );
  },
  'cra-withholding.extend': async ({ store, readerAccess: { reader }, known, session }) => {
    const isByPlatform = known?.progress.facts['ground'] === ground;
    if (!isByPlatform || (await hasPlatformIncident(store, reader.picture, session))) return null;
    return new Refused(
      'WRONG_STATE',
      [],
      'the ground ended, because ENISA confirmed that the platform can ensure confidentiality: disseminate the notification',
    );
  },
};

/** The moves of CRA notifications that begin or end the ground of Art. 5. */
export const followsOfPlatform: Readonly<Record<string, Follow>> = {
  'cra-withholding.withhold': async (store, _at, move, session) => {
    if (move.input['ground'] !== ground) return;
    const _id = `${await pictureOf(store, move, session)} ${move.record}`;
    await withheldIn(store).insertOne({ _id, record: move.record }, { session });
  },
  'cra-withholding.disseminate': async (store, _at, move, session) => {
    const _id = `${await pictureOf(store, move, session)} ${move.record}`;
    await withheldIn(store).deleteOne({ _id }, { session });
  },
  'cra-withholding.platform': async (store, at, move, session) => {
    const _id = await pictureOf(store, move, session);
    const hasIncident = move.input['platformIncident'] === true;
    await platformIn(store).replaceOne({ _id }, { hasIncident }, { session, upsert: true });
    if (!hasIncident) await endWithholdings(store, at, { move, picture: _id }, session);
  },
};

/** Sets the end of each withholding that the ground of Art. 5 permitted. Its CSIRT is informed as of any other end. */
async function endWithholdings(
  store: CommunityStore,
  at: Parameters<Follow>[1],
  { move, picture }: { readonly move: StoredMove; readonly picture: string },
  session: ClientSession,
): Promise<void> {
  const rows = await withheldIn(store).find(inPicture(picture), { session }).limit(maxEnded).toArray();
  const until = move.recordedAt;
  const times = { happenedAt: until, now: until, beginsNow: true };
  for (const { record } of rows) {
    const before = await progressIn(store).findOne({ _id: record }, { session });
    const found = await recordsOf(store, type).findOne({ _id: record }, { session });
    const stored = found === null ? null : schemaOf(store, type).read(found);
    const end = before?.progress.facts['until'];
    if (before?.progress.state !== 'withheld' || stored === null) continue;
    if (!(end instanceof Date) || end <= until) continue;
    await setFacts(store, { ...at, content: stored.content as Content }, before, { until }, times, session);
  }
  await withheldIn(store).deleteMany({ _id: { $in: rows.map(({ _id }) => _id) } }, { session });
}

const type = 'CraNotification';

/** Returns the picture of a record: the real one or an exercise. No move of one concerns the other. */
async function pictureOf(
  store: CommunityStore,
  { record }: Pick<StoredMove, 'record'>,
  session: ClientSession,
): Promise<string> {
  const projection = { 'envelope.exercise': 1 } as const;
  const found = await recordsOf(store, type).findOne({ _id: record }, { session, projection });
  return found?.envelope.exercise ?? 'real';
}

function inPicture(picture: string) {
  return { _id: { $gte: `${picture} `, $lt: `${picture}!` } };
}

function platformIn({ connection }: Connected): Collection<Platform> {
  return connection.collection<Platform>('platform');
}

function withheldIn({ connection }: Connected): Collection<WithheldByPlatform> {
  return connection.collection<WithheldByPlatform>('withheldByPlatform');
}

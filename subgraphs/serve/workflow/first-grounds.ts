import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { actorKey, normaliseName } from '../../../schema/record/keys.ts';
import type { AliasRow } from '../../../schema/record/aliases.ts';
import type { FileRegimes } from '../../../schema/workflow/regime/file-regimes.ts';
import type { ChangeParts } from '../changes/change-steps.ts';
import { type Finder, namedRecord } from '../changes/find-record.ts';
import { Refused } from '../changes/refused.ts';
import { recordsOf } from '../store/collections.ts';
import { checkHeldAct } from './kinds/hold-grounds.ts';
import { findVersion, isSamePlan } from './kinds/plan-grounds.ts';
import { checkPosture } from './kinds/posture-grounds.ts';
import { checkRecentDuties } from './kinds/notification-grounds.ts';
import { checkWaitingRequests } from './kinds/release-grounds.ts';
import { progressIn } from './progress-store.ts';

type First = Pick<Attempt, 'move' | 'input' | 'fields'>;
type Parts = ChangeParts & { readonly regimes: FileRegimes | null; readonly find: Finder };
type Check = (parts: Parts, first: First) => Promise<Refused | null>;

/** The grounds of refusal of first moves that need the store, by workflow and move. */
const checks: Readonly<Record<string, Check>> = {
  'case.draft': async (...given) => await findNamedActor(...given, ['content', 'title']),
  'hold.ask': async (_parts, first) => await Promise.resolve(checkHeldAct(first)),
  'response-plan.draft': async (...given) => await checkParent(...given),
  'release-request.ask': async (...given) => await checkWaitingRequests(...given),
  'notification-duty.open': async (parts) => await checkRecentDuties(parts),
  'recall.issue': async (...given) => await checkRunningRecall(...given),
  'posture.record': async (...given) => await checkPosture(...given),
  'notification-file.open': async (parts, { input }) => await Promise.resolve(findOtherKeeper(parts, input)),
};

/** Throws Refused if a ground of refusal of a first move applies. */
export async function refuseFirst(parts: Parts, workflow: string, first: First): Promise<void> {
  const refused = (await checks[`${workflow}.${first.move}`]?.(parts, first)) ?? null;
  if (refused !== null) throw refused;
}

/**
 * Returns the refusal of a plan that replaces something else than a version of the same plan. A version that the reader may
 * not see is refused like one that does not exist.
 */
async function checkParent(parts: Parts, { input, fields = {} }: First): Promise<Refused | null> {
  const { parent } = input;
  if (typeof parent !== 'string') return null;
  const { store, readerAccess } = parts;
  const readable = await namedRecord(parts, 'ResponsePlan', parent, ['progress', 'kind', 'memberState']);
  const found = readable === null ? null : await findVersion(store, parent);
  const facts = { kind: input['kind'], editor: readerAccess.reader.organisation };
  if (found !== null && isSamePlan(found, facts, fields)) return null;
  return new Refused(
    'INVALID',
    ['content', 'parent'],
    'expected a version of your plan, of the same kind and Member State',
  );
}

/**
 * Returns the refusal of a codename that equals an actor: a name of the public alias tables of this store, or an actor
 * that the draft names. No other name is compared: the store knows neither victims nor products nor operations, and a
 * comparison with records would disclose them.
 */
export async function findNamedActor(
  { store, readerAccess }: ChangeParts,
  { input: { title }, fields = {} }: Pick<First, 'input' | 'fields'>,
  path: readonly string[],
): Promise<Refused | null> {
  const normal = typeof title === 'string' ? normaliseName(title) : null;
  if (typeof title !== 'string' || normal === null) return null;
  const { picture } = readerAccess.reader;
  const aliases = store.connection.collection<AliasRow>('aliases');
  const ofPicture = [{ exercise: { $exists: false } }, { exercise: picture }];
  const known = await aliases.findOne({ normal, $or: ofPicture });
  const actors: readonly unknown[] = [fields['actors']].flat();
  if (known === null && !actors.includes(actorKey({ name: title }))) return null;
  return new Refused('INVALID', path, 'expected a neutral codename: this is the name of an actor');
}

/** Returns the refusal of a recall while another one of the same originator runs for this record. */
async function checkRunningRecall(
  { store, readerAccess, kinds }: ChangeParts,
  { fields = {} }: First,
): Promise<Refused | null> {
  const { organisation, picture } = readerAccess.reader;
  const kind = kinds.find(({ type }) => type === 'Recall');
  const { recordId } = fields;
  if (kind === undefined || typeof recordId !== 'string') return null;
  const exercise = picture === 'real' ? null : picture;
  const own = {
    'filters.recordId': recordId,
    'envelope.originator': organisation,
    'envelope.exercise': exercise,
    'envelope.recordState': 'ACTIVE' as const,
  };
  const found = await recordsOf(store, kind.type)
    .find(own, { projection: { _id: 1 } })
    .limit(maxRecalls)
    .toArray();
  const ids = found.map(({ _id }) => _id);
  const running = await progressIn(store).findOne({
    _id: { $in: ids },
    'progress.state': { $nin: [...over] },
  });
  if (running === null && found.length < maxRecalls) return null;
  return new Refused(
    'WRONG_STATE',
    ['content', 'recordId'],
    found.length < maxRecalls
      ? 'a recall of this record is not over yet: complete or close it first'
      : `expected ${maxRecalls} recalls of one record at most`,
  );
}

/** The most recalls of one record: each informs all recipients again. */
const maxRecalls = 20;
const over: ReadonlySet<string> = new Set(['complete', 'closed-incomplete']);

/** Returns the refusal of a file that another community keeps, before anything else is decided. */
function findOtherKeeper({ regimes }: Parts, input: First['input']): Refused | null {
  const keeper = regimes?.of(input).keptBy;
  if (keeper === undefined) return null;
  return new Refused(
    'INVALID',
    ['underRegime'],
    `files of this regime are not kept at ENISA: ${keeper} keeps them`,
  );
}

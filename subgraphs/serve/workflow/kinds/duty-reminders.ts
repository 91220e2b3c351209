import type { ClientSession } from 'mongodb';
import { slugOf } from '../../../../schema/workflow/graph/names.ts';
import { workflowsOf } from '../../../../schema/workflow/served.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { FollowedIn } from '../follow.ts';
import { tell } from '../notices.ts';
import type { StoredMove } from '../progress-store.ts';

/** Returns the name of the trigger in `triggers.yaml` for a move. Null for a move without a trigger. */
type TriggerOf = (at: FollowedIn, move: StoredMove) => string | null;

/** The moves after which an organisation must notify others, as far as this store knows of the event. */
const triggers: Readonly<Record<string, TriggerOf>> = {
  'posture.record': ({ content }) => ofPosture(content['network'], content['posture']),
  'mobilisation.request': ({ content }) =>
    slugIn(content['mechanism']) === 'reserve' ? 'reserve-request' : null,
  'level.assessLevel': ofLevel,
  'level.assessLevelAgain': ofLevel,
  'level.reviseLevel': ofLevel,
};

/**
 * Reminds the organisation of the mover that law or practice wants others to be notified of its move. The notice is about the
 * record of the move, has the name of the trigger, and opens nothing: a person names the recipients (`openNotificationDuty`).
 */
export async function remindOfDuty(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const name = triggers[`${move.workflow}.${move.move}`]?.(at, move) ?? null;
  const of = workflowsOf('joint-unit').get('NotificationDuty')?.record ?? null;
  if (name === null || of === null) return;
  const { happenedAt, recordedAt, record, workflow } = move;
  const id = ['duty', workflow, move.move, recordedAt.toISOString()].join(' ');
  const event = { id, event: 'reminder', name, happenedAt, sortAt: recordedAt, dependsOn: [] } as const;
  const about = { ...at, of, record, organisation: null, part: null };
  await tell(store, about, event, move.by.organisation, session);
}

/** The postures in which a network does nothing special. */
const resting: ReadonlySet<string> = new Set(['normal', 'off']);

const raised: Readonly<Record<string, string>> = {
  'csirts-network': 'csirts-network-raised',
  'eu-cyclone': 'cyclone-raised',
  ipcr: 'ipcr-activated',
  lerp: 'lerp-stage',
};

function ofPosture(network: unknown, posture: unknown): string | null {
  const name = slugIn(network);
  return name === null || resting.has(String(posture)) ? null : (raised[name] ?? null);
}

function ofLevel(_at: FollowedIn, { input }: StoredMove): string | null {
  return slugIn(input['value']) === 'major-incident' ? 'major-incident' : null;
}

function slugIn(value: unknown): string | null {
  return typeof value === 'string' ? slugOf(value) : null;
}

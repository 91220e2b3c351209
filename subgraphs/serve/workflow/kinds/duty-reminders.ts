import type { ClientSession } from 'mongodb';
import { slugOf } from '../../../../schema/workflow/graph/names.ts';
import { workflowsOf } from '../../../../schema/workflow/served.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { FollowedIn } from '../follow.ts';
import { tell } from '../notices.ts';
import type { StoredMove } from '../progress-store.ts';

/** A kind of move after which others must be notified. */
type Trigger = {
  /** Returns the name of the trigger in `triggers.yaml` for a move. Null for a move without one. */
  readonly nameOf: (at: FollowedIn, move: StoredMove) => string | null;
  /** The fields that decide on the trigger: the reminder tells their values. */
  readonly dependsOn: readonly string[];
};

const ofAssessment: Trigger = { nameOf: ofLevel, dependsOn: ['threads', 'levels'] };

/** The moves after which an organisation must notify others, as far as this store knows of the event. */
const triggers: Readonly<Record<string, Trigger>> = {
  'posture.record': {
    nameOf: ({ content }) => ofPosture(content['network'], content['posture']),
    dependsOn: ['network', 'posture'],
  },
  'mobilisation.request': {
    nameOf: ({ content }) => (slugIn(content['mechanism']) === 'reserve' ? 'reserve-request' : null),
    dependsOn: ['mechanism'],
  },
  'level.assessLevel': ofAssessment,
  'level.assessLevelAgain': ofAssessment,
  'level.reviseLevel': ofAssessment,
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
  const trigger = triggers[`${move.workflow}.${move.move}`];
  const name = trigger?.nameOf(at, move) ?? null;
  const of = workflowsOf('joint-unit').get('NotificationDuty')?.record ?? null;
  if (trigger === undefined || name === null || of === null) return;
  const { happenedAt, recordedAt, record, workflow } = move;
  const id = ['duty', workflow, move.move, recordedAt.toISOString()].join(' ');
  const { dependsOn } = trigger;
  const event = { id, event: 'reminder', name, happenedAt, sortAt: recordedAt, dependsOn } as const;
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

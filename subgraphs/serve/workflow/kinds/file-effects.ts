import type { Envelope } from '../../../../schema/record/envelope.ts';
import { memberStateKey } from '../../../../schema/record/keys.ts';
import type { FileRegimes } from '../../../../schema/workflow/regime/file-regimes.ts';
import { Refused } from '../../changes/refused.ts';
import { stateCodes } from '../../record/content.ts';
import { type Effect, type Effects, listIn, type Moved } from '../effect.ts';
import { isPortionFor, portionFor } from '../portions-of-moves.ts';
import { firstStages, readStage, stagesStarted, stagesWaived } from './file-stages.ts';

/** The effects of the moves of a notification file: its stages, and the fields that other states may read. */
export const effectsOfFiles: Readonly<Record<string, Effect>> = {
  'notification-file.open': (moved) => openFile(moved),
  'notification-file.measure': (moved) => startedBy(moved, 'measureAt'),
  'notification-file.handled': (moved) => startedBy(moved, 'handledAt'),
  'notification-file.reply': (moved) => ({ fields: { csirtReply: replyIn(moved) } }),
  'notification-file.public': () => ({ fields: { publicInformed: true } }),
  'notification-file.tellStates': (moved) => tellStates(moved),
  'notification-file.forward': ({ content }) => {
    if (content['otherStatesInformedAt'] instanceof Date) return {};
    throw new Refused(
      'WRONG_STATE',
      [],
      'no state was informed of this file yet: make the move tellStates first',
    );
  },
  'notification-file.close': (moved) => {
    const open = moved.parts.find(
      (part) =>
        part.progress.state === 'expected' &&
        (isLast(moved, part) || readStage(part).kind === 'intermediate'),
    );
    if (open === undefined) return {};
    throw new Refused(
      'WRONG_STATE',
      [],
      `the stage ${open.part ?? ''} is neither submitted nor waived: submit or waive it first`,
    );
  },
  'notification-file.withdraw': (moved) => waiveAll(moved),
  'notification-file.reclassifyWhole': (moved) => waiveAll(moved),
};

function waiveAll({ parts, attempt }: Moved): Effects {
  return { parts: stagesWaived(parts, attempt.happenedAt) };
}

/** Returns the regimes. Only a community that keeps files makes moves of files. */
export function regimesIn({ regimes }: Pick<Moved, 'regimes'>): FileRegimes {
  if (regimes === null) throw new Error('expected a community that keeps notification files');
  return regimes;
}

function openFile({ attempt, progress: { facts }, content, ...moved }: Moved): Effects {
  const regimes = regimesIn(moved);
  const { law } = regimes.of(facts);
  const zones = regimes.zonesOf(facts);
  if (typeof facts['zone'] === 'string' && !zones.includes(facts['zone']))
    throw new Refused('INVALID', ['zone'], `expected a zone of the Member State: ${zones.join(', ')}`);
  const { awareAt, classifiedAt } = facts;
  if (awareAt instanceof Date && classifiedAt instanceof Date && classifiedAt < awareAt)
    throw new Refused('INVALID', ['classifiedAt'], 'expected a time that is not before awareAt');
  return {
    fields: { regime: content['regime'] ?? [law] },
    parts: firstStages(regimes, facts, attempt.move, attempt.happenedAt),
  };
}

function startedBy(
  { progress: { facts }, parts, ...moved }: Moved,
  from: 'measureAt' | 'handledAt',
): Effects {
  const { awareAt, [from]: at } = facts;
  if (!(at instanceof Date)) throw new Error(`expected the fact ${from}`);
  if (awareAt instanceof Date && at < awareAt)
    throw new Refused('INVALID', [from], `expected a time that is not before ${awareAt.toISOString()}`);
  return { parts: stagesStarted(regimesIn(moved), facts, parts, { from, at }) };
}

function replyIn({ attempt: { input, happenedAt }, parts }: Moved) {
  const warning = parts.find((part) => readStage(part).kind === 'early-warning')?.progress.facts[
    'submittedAt'
  ];
  const guidance = [input['feedback'], input['guidance']].filter((text) => typeof text === 'string');
  return {
    dueAt: warning instanceof Date ? new Date(warning.getTime() + 24 * 3_600_000) : null,
    sentAt: happenedAt,
    guidance: guidance.join('\n'),
    lawEnforcementGuidance: input['police'] ?? null,
  };
}

/** Returns whether a stage is one of the kind that the regime names last. */
function isLast({ progress: { facts }, ...moved }: Moved, part: Parameters<typeof readStage>[0]): boolean {
  return readStage(part).kind === regimesIn(moved).of(facts).stages.at(-1)?.kind;
}

/** Fields about the notice to other states. Without them, an informed reader could not find the file. */
const alwaysTold = [
  'memberState',
  'crossBorder',
  'otherStatesAffected',
  'otherStatesInformedAt',
  'enisaInformedAt',
];

/**
 * Tells other states and ENISA fields of the file. Each field that is not stated gets a portion that is for the originator;
 * the authorities of its Member State read it too. A later notice can add fields and takes none back.
 */
function tellStates({ attempt: { input }, progress: { facts }, content, ...moved }: Moved): Effects {
  const { envelope } = moved;
  const { tlp } = envelope.marking;
  // The texts of moves and the other recipients are kept back too, unless they are stated.
  const all = new Set([...moved.fields, ...moved.values, 'informed']);
  if (tlp === 'AMBER_STRICT' || tlp === 'RED')
    throw new Refused(
      'WRONG_STATE',
      [],
      'a file that is stricter than AMBER stays where it is: mark it AMBER first, then tell other states',
    );
  const states = listIn(input['otherStatesAffected']);
  const own = String(facts['memberState']);
  if (states.includes(own))
    throw new Refused('INVALID', ['otherStatesAffected'], `expected other Member States than ${own}`);
  const told = listIn(input['fields']);
  const unknown = told.find((name) => !all.has(name) || name === 'entityName');
  if (unknown !== undefined)
    throw new Refused(
      'INVALID',
      ['fields'],
      'expected names of fields of the file, such as sector. The name of the entity never leaves its Member State',
    );
  // The clock of the first stage starts with the awareness.
  if (told.includes('threads') && !told.includes('awareAt'))
    throw new Refused('INVALID', ['fields'], 'the stages tell the time of awareness: state awareAt too');
  const isFirst = !(content['otherStatesInformedAt'] instanceof Date);
  const isKept = (one: Envelope['portions'][number]): boolean => isPortionFor(one, [envelope.originator]);
  const keptBefore = isFirst ? [...all] : envelope.portions.filter(isKept).map(({ path }) => path);
  const kept = keptBefore.filter((name) => !alwaysTold.includes(name) && !told.includes(name));
  const affected = [...new Set([...stateCodes(content['otherStatesAffected']), ...states])];
  return {
    facts: { informed: [...new Set([...listIn(facts['informed']), 'enisa'])], otherStatesAffected: affected },
    fields: {
      otherStatesAffected: affected.flatMap((state) => memberStateKey(state) ?? []),
      crossBorder: 'YES',
    },
    portions: [
      ...envelope.portions.filter((one) => !isKept(one)),
      ...kept.map((path) => portionFor(envelope, path, [envelope.originator])),
    ],
    opens: ['enisa'],
  };
}

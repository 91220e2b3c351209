import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { isStated } from '../../../../schema/workflow/engine/condition.ts';
import { enumValue } from '../../../../schema/workflow/graph/names.ts';
import { checkContent } from '../../changes/check-content.ts';
import { newEnvelope } from '../../changes/envelopes.ts';
import { invalid, notFound, Refused } from '../../changes/refused.ts';
import type { Kind } from '../../kind.ts';
import type { Content } from '../../record/content.ts';
import { MoveSteps } from '../move-steps.ts';
import { writeMove } from '../progress-store.ts';
import { actorOn } from '../relations.ts';
import { type Decided, narrowedReading, othersIn, type WithOther } from './other-records.ts';
import { regimesIn } from './file-effects.ts';

/** The fields that a new file takes from the one that it replaces. The others belong to the report under the former regime. */
const copied = [
  'case',
  'memberState',
  'entityPseudonym',
  'entityName',
  'entityClass',
  'sector',
  'subsector',
  'entityType',
  'awareAt',
] as const;

/** The fields without which no file is opened. */
const needed = ['entityPseudonym', 'entityClass', 'sector', 'awareAt'] as const;

/** The organisation that keeps the single reporting platform. */
const platform = 'enisa';

/** The moves of notification files that make another file in the same transaction. */
export class FileMoves extends MoveSteps {
  /** Returns what a move writes in another file; null for a move that concerns its file only. */
  async withOther(decided: Decided): Promise<WithOther | null> {
    const { of, attempt } = decided;
    const isReplaced = attempt.move === 'reclassify' || attempt.move === 'reclassifyWhole';
    return of.name === 'notification-file' && isReplaced ? await this.#replaced(decided) : null;
  }

  /** Makes the new file as its first move would: by a person who may open a file of the other regime. */
  async #replaced({ kind, of, record, attempt, input }: Decided): Promise<WithOther> {
    const others = othersIn(record, 'reclassifiedAs');
    const { content: taken } = await this.take(kind, this.#contentOf(kind, record, attempt));
    const opening = this.#opening(attempt, of, taken);
    const decided = this.decided(of, opening);
    const beforeEffects = { ...taken, ...this.fieldsSetBy(kind, of, decided, opening) };
    // The originator of the fields keeps control of them, whichever authority of its Member State makes the new file.
    const { originator } = record.envelope;
    this.#refuseOfPlatform(of, originator, opening);
    const reading = narrowedReading(record.envelope, originator, taken);
    const envelope = { ...newEnvelope(this.parts, kind, beforeEffects, reading), originator };
    const made = { envelope, content: beforeEffects };
    const effects = this.effects(kind, of, {
      attempt: opening,
      progress: decided,
      record: made,
      parts: [],
    });
    const content = { ...beforeEffects, ...effects.fields };
    checkContent(this.schema, kind, content);
    if (!this.mayOn('move', kind, envelope)) throw notFound();
    const file = this.newRecord(kind, { envelope, content });
    const entry = { ...this.entry(of, file.id, { organisation: null }, opening, input), input: {} };
    const opened = { ...entry, from: null, to: decided.state, isHidden: false };
    return {
      fields: { reclassifiedAs: [...others, file.id] },
      others: [file],
      also: async (session) => {
        const at = this.in(of, kind, content);
        await writeMove(this.parts.store, at, opened, { progress: decided }, null, session);
        await this.writeParts(kind, content, entry, effects.parts ?? [], session);
      },
    };
  }

  /** Throws Refused if ENISA, as the originator, would read a file of a regime whose files the platform does not keep. */
  #refuseOfPlatform({ relations }: Decided['of'], originator: string, { input }: Attempt): void {
    if (originator !== platform || originator === this.parts.readerAccess.reader.organisation) return;
    const kept = relations['platform']?.who?.flatMap(({ when }) => when?.['underRegime'] ?? []) ?? [];
    if (kept.includes(String(input['underRegime']))) return;
    throw invalid(
      'otherRegime',
      `expected a regime of the platform (${kept.map(enumValue).join(', ')}), because ENISA opened this file and would read the new one: open a new file under the other regime`,
    );
  }

  /** Returns the content of the new file, as far as the mover sees it in the file that it replaces. */
  #contentOf(kind: Kind, record: StoredRecord, { input }: Attempt): Content {
    const seen = this.visibleOf(kind, record);
    const missing = needed.find((name) => !isStated(seen[name]));
    if (missing !== undefined)
      throw new Refused(
        'WRONG_STATE',
        [],
        `the new file needs ${missing}, and this file shows you none: open a new file with it, and withdraw this one`,
      );
    const { otherClass } = input;
    const values = copied.map((name) => [name, seen[name] ?? null] as const);
    return {
      ...Object.fromEntries(values.filter(([, value]) => value !== null)),
      ...(typeof otherClass === 'string' && { entityClass: enumValue(otherClass) }),
      reclassifiedFrom: record._id,
    };
  }

  /** Returns the first move of the new file, as the mover would make it. Throws Refused for another one than that. */
  #opening({ known, input, ...attempt }: Attempt, of: Decided['of'], content: Content): Attempt {
    const facts = known?.progress.facts ?? {};
    const { otherRegime: underRegime, otherClass, otherClassifiedAt, otherWeekendRule } = input;
    const keeper = regimesIn({ regimes: this.regimes }).of({ underRegime }).keptBy;
    if (keeper !== undefined)
      throw invalid('otherRegime', `files of this regime are not kept at ENISA: ${keeper} keeps them`);
    const isSameClass =
      typeof otherClass !== 'string' || known?.fields['entityClass'] === enumValue(otherClass);
    if (underRegime === facts['underRegime'] && isSameClass)
      throw invalid('otherRegime', 'expected another regime than that of this file, or another class');
    const { awareAt } = content;
    const isEarly =
      otherClassifiedAt instanceof Date && awareAt instanceof Date && otherClassifiedAt < awareAt;
    if (isEarly)
      throw invalid(
        'otherClassifiedAt',
        `expected a time that is not before the awareness, ${awareAt.toISOString()}`,
      );
    const stated = {
      underRegime,
      awareAt,
      memberState: facts['memberState'],
      entityPseudonym: content['entityPseudonym'],
      sector: content['sector'],
      entityClass: content['entityClass'],
      ...(isStated(facts['zone']) && { zone: facts['zone'] }),
      ...(isStated(otherClassifiedAt) && { classifiedAt: otherClassifiedAt }),
      ...(isStated(otherWeekendRule) && { weekendRule: otherWeekendRule }),
    };
    const opener = { openedBy: this.parts.readerAccess.reader.organisation };
    const actor = actorOn(of, this.parts.readerAccess, { ...content, ...opener, ...stated }, null);
    return { ...attempt, move: 'open', known: null, fields: content, actor, input: stated };
  }
}

import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import type {
  FileFacts,
  FileRegimes,
  NumberedStage,
} from '../../../../schema/workflow/regime/file-regimes.ts';
import type { PartChange } from '../effect.ts';
import type { StoredProgress } from '../progress-store.ts';

/** An event that starts clocks: a time that the file states, or the submission of a stage. */
export type StartEvent = { readonly from: string; readonly at: Date };

/** The name of a stage in its file: `early-warning-1`. */
export function stageName({ kind, number }: NumberedStage): string {
  return `${kind}-${number}`;
}

/** Returns the kind and the number in the name of a stage. */
export function readStage({ part }: Pick<StoredProgress, 'part'>): NumberedStage {
  const [, kind = '', number = ''] = /^(.+)-(\d+)$/.exec(part ?? '') ?? [];
  return { kind, number: Number(number) };
}

/** Returns the next stage of a kind. */
export function nextStage(parts: readonly StoredProgress[], kind: string): NumberedStage {
  const numbers = parts.map(readStage).flatMap((one) => (one.kind === kind ? [one.number] : []));
  return { kind, number: Math.max(0, ...numbers) + 1 };
}

/** Returns the stages with which a file begins, with the clocks that its times start. */
export function firstStages(
  regimes: FileRegimes,
  facts: FileFacts,
  move: string,
  at: Date,
): readonly PartChange[] {
  return regimes.of(facts).stages.map((stage) => {
    const start = facts[stage.from];
    const clock = start instanceof Date ? startOfClock(regimes, stage, start, facts) : {};
    const progress = { state: 'expected', since: at, facts: { kind: stage.kind, ...clock }, former: null };
    return { part: stageName({ kind: stage.kind, number: 1 }), move, before: null, progress };
  });
}

/**
 * Returns the stages whose clock an event starts. A clock that runs starts again if its event happens again: DORA's final
 * report counts from the latest intermediate one.
 */
export function stagesStarted(
  regimes: FileRegimes,
  facts: FileFacts,
  parts: readonly StoredProgress[],
  { from, at }: StartEvent,
): readonly PartChange[] {
  return parts.flatMap((before) => {
    const terms = regimes.termsOf(facts, readStage(before));
    const { progress } = before;
    if (terms === null || terms.from !== from || progress.state !== 'expected') return [];
    const started = startOfClock(regimes, terms, at, facts);
    return [
      {
        part: before.part ?? '',
        move: 'start',
        before,
        progress: { ...progress, facts: { ...progress.facts, ...started } },
      },
    ];
  });
}

/** Returns the stages that end with their file. */
export function stagesWaived(parts: readonly StoredProgress[], at: Date): readonly PartChange[] {
  return parts.flatMap((before) => {
    const { progress } = before;
    if (progress.state !== 'expected') return [];
    const waived: Progress = {
      ...progress,
      state: 'waived',
      since: at,
      former: { ...progress, former: null },
    };
    return [{ part: before.part ?? '', move: 'waive', before, progress: waived }];
  });
}

function startOfClock(
  regimes: FileRegimes,
  terms: Parameters<FileRegimes['endOf']>[0],
  startedAt: Date,
  facts: FileFacts,
) {
  const { dueAt, latestAt } = regimes.endOf(terms, startedAt, facts);
  return { startedAt, dueAt, latestAt };
}

import { gatewayNames } from '../engine/report.ts';
import { geometricMean, percentile, round, table } from '../figures.ts';
import { axes, type Axis } from './axes.ts';

type Gateway = (typeof gatewayNames)[number];

/** The figures of one round at one level. Times are in milliseconds, memory in MiB. */
export type Round = {
  readonly axis: Axis['name'];
  readonly level: number;
  readonly gateway: Gateway;
  readonly answers: number;
  /** Answers that had another status or size than the one that was compared. */
  readonly wrong: number;
  readonly bytes: number;
  /** CPU time of the gateway for one answer. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly rss: number;
};

/** The CPU time of a gateway for the first answer to an operation: the mean over the operations of one level. */
export type First = { readonly level: number; readonly gateway: Gateway; readonly cpu: number };

/** All figures of a run. An axis that was not measured is missing. */
export type Figures = {
  readonly isPinned: boolean;
  readonly rounds: readonly Round[];
  readonly firsts: readonly First[];
};

/** A ratio between two levels of an axis: of the CPU time of one answer, or of one entity in it. */
export type Ratio = {
  readonly axis: Axis['name'];
  readonly from: number;
  readonly to: number;
  readonly of: 'an entity' | 'an answer';
  readonly ratio: Readonly<Record<Gateway, number>>;
};

/** Returns the ratios of a run: the first is that of its last line. */
export function ratiosOf({ rounds }: Figures): readonly Ratio[] {
  const measured = axes.filter(({ name }) => rounds.some(({ axis }) => axis === name));
  return measured.flatMap(({ name, levels }): Ratio[] => {
    const [from = 0, to = 0, before = 0] = [levels[0], levels.at(-1), levels.at(-2)];
    if (name !== 'entities') return [ratioOf(rounds, name, from, to)];
    return [ratioOf(rounds, name, from, to), ratioOf(rounds, name, before, to)];
  });
}

function ratioOf(rounds: readonly Round[], axis: Axis['name'], from: number, to: number): Ratio {
  const isPerEntity = axis === 'entities';
  const of = (gateway: Gateway) => {
    const [large, small] = [cpuOf(rounds, axis, to, gateway), cpuOf(rounds, axis, from, gateway)];
    return isPerEntity ? large / to / (small / from) : large / small;
  };
  const ratio = { ours: of('ours'), bare: of('bare') };
  return { axis, from, to, of: isPerEntity ? 'an entity' : 'an answer', ratio };
}

/** Returns the CPU time of one answer: the geometric mean over the rounds. */
function cpuOf(rounds: readonly Round[], axis: Axis['name'], level: number, gateway: Gateway): number {
  const found = rounds.filter(
    (one) => one.axis === axis && one.level === level && one.gateway === gateway && one.answers > 0,
  );
  return geometricMean(found.map(({ cpu }) => cpu));
}

/** Formats the figures as tables. The last line is the result of the bench. */
export function formatFigures(figures: Figures): string {
  const { isPinned, rounds, firsts } = figures;
  const wrong = rounds.reduce((sum, one) => sum + one.wrong, 0);
  return [
    isPinned ? '' : 'taskset failed: the processes share all cores\n',
    ...axes.map((axis) => axisTable(axis, rounds)),
    firsts.length > 0 ? firstTable(firsts) : '',
    wrong > 0 ? `${wrong} answers under load differ in status or size from the compared one\n` : '',
    lastLine(ratiosOf(figures)),
  ].join('');
}

function axisTable({ name, levels }: Axis, rounds: readonly Round[]): string {
  const heads = [name, 'kB', 'CPU of an answer', 'of an entity', 'p50', 'p99', 'RSS MiB'];
  const rows = levels.flatMap((level) =>
    gatewayNames.flatMap((gateway) => {
      const found = rounds.filter(
        (one) => one.axis === name && one.level === level && one.gateway === gateway,
      );
      if (found.length === 0) return [];
      const median = (read: (one: Round) => number) => percentile(found.map(read), 0.5);
      const cpu = cpuOf(rounds, name, level, gateway);
      const row = [
        `${level.toLocaleString('en')}, ${gateway}`,
        round(median(({ bytes }) => bytes / 1000)),
        `${round(cpu)} ms`,
        name === 'entities' ? `${round((1000 * cpu) / level)} us` : '',
        `${round(median(({ p50 }) => p50))} ms`,
        `${round(median(({ p99 }) => p99))} ms`,
        round(median(({ rss }) => rss)),
      ];
      return [row];
    }),
  );
  return rows.length > 0 ? `${table(heads, rows)}\n` : '';
}

function firstTable(firsts: readonly First[]): string {
  const rows = firsts.map(({ level, gateway, cpu }) => [
    `${level.toLocaleString('en')}, ${gateway}`,
    `${round(cpu)} ms`,
  ]);
  return `${table(['operations that are not planned yet', 'CPU of each'], rows)}\n`;
}

function lastLine([first, ...others]: readonly Ratio[]): string {
  if (first === undefined) return 'growth: nothing was measured (see --only)\n';
  const rest = others.map(
    (one) => `${round(one.ratio.ours)} x ${describe(one)}, bare ${round(one.ratio.bare)} x`,
  );
  const bare = `bare @apollo/gateway ${round(first.ratio.bare)} x`;
  return `growth: ${round(first.ratio.ours)} x (CPU of ${describe(first)}; ${[bare, ...rest].join('; ')})\n`;
}

function describe({ axis, from, to, of }: Ratio): string {
  return `${of} at ${to.toLocaleString('en')} against ${from.toLocaleString('en')} ${axis}`;
}

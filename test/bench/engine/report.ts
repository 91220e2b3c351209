import { geometricMean, percentile, round, table } from '../figures.ts';

export const gatewayNames = ['ours', 'bare'] as const;
export const sizes = ['big', 'mid', 'small'] as const;
export type Which = (typeof gatewayNames)[number] | 'shared';
export type Size = (typeof sizes)[number];

/** The figures of one round. Latencies are in milliseconds, memory in MiB. */
export type Round = {
  readonly size: Size;
  readonly gateway: Which;
  readonly answers: number;
  /** Answers that had another status or size than the one that was compared. */
  readonly wrong: number;
  readonly bytes: number;
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly rss: number;
  /** The shares of their cores that the gateway, and the subgraphs and the client together, have used. */
  readonly gatewayCore: number;
  readonly otherCore: number;
};

/** The figures of the large answer. */
export type Large = {
  readonly gateway: Which;
  readonly bytes: number;
  readonly ms: number;
  readonly rssBefore: number;
  readonly peak: number;
};
/** The durations of operations that are not planned yet, in milliseconds. */
export type Cold = {
  readonly gateway: Which;
  readonly first: number;
  readonly p50: number;
  readonly all: number;
};

/** All figures of a run. A part that was not measured is empty. */
export type Figures = {
  readonly isPinned: boolean;
  readonly rounds: readonly Round[];
  /** The rounds of the big operation with identical queries shared, and of the bare gateway. */
  readonly shared: readonly Round[];
  readonly larges: readonly Large[];
  readonly colds: readonly Cold[];
};

/** Formats the figures as tables. The last line is the result of the bench. */
export function formatFigures({ isPinned, rounds, shared, larges, colds }: Figures): string {
  const wrong = rounds.reduce((sum, one) => sum + one.wrong, 0);
  const sharing =
    shared.length > 0 ? `, big shared in flight ${round(ratioOf(shared, 'big', 'shared'))} x` : '';
  const ratios = sizes.map((size) => `${size} ${round(ratioOf(rounds, size))} x`);
  return [
    isPinned ? '' : 'taskset failed: the processes share all cores\n',
    rounds.length > 0 ? loadTable(rounds, gatewayNames) : '',
    shared.length > 0 ? `\n${loadTable(shared, ['shared', 'bare'])}` : '',
    ...rounds.filter(isLimitedByOthers).map(formatLimit),
    wrong > 0 ? `${wrong} answers under load differ in status or size from the compared one\n` : '',
    larges.length > 0 ? `\n${largeTable(larges)}` : '',
    colds.length > 0 ? `\n${coldTable(colds)}` : '',
    rounds.length > 0
      ? `engine: ${ratios.join(', ')}${sharing} (bare @apollo/gateway, same run)\n`
      : 'engine: load was not measured (see --only)\n',
  ].join('');
}

function isLimitedByOthers({ otherCore, gatewayCore }: Round): boolean {
  return otherCore > 0.9 && gatewayCore < 0.9;
}

function formatLimit({ size, gateway, otherCore }: Round): string {
  const share = `${round(otherCore * 100)} %`;
  return `${size}, ${gateway}: the core of the subgraphs and the client was the bottleneck (${share})\n`;
}

/** Returns the ratio of the requests per CPU second, `ours` to bare: the geometric mean over the rounds. */
export function ratioOf(rounds: readonly Round[], size: Size, ours: Which = 'ours'): number {
  const of = (name: Which) => rounds.filter((one) => one.size === size && one.gateway === name);
  const bare = of('bare');
  return geometricMean(of(ours).map((one, at) => one.perCpuSecond / (bare[at]?.perCpuSecond ?? Number.NaN)));
}

function loadTable(rounds: readonly Round[], names: readonly Which[]): string {
  const heads = [
    'operation',
    'kB',
    'per CPU s',
    'per s',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'core',
    'other core',
  ];
  const rows = sizes.flatMap((size) =>
    names.flatMap((gateway) => {
      const ofOne = rounds.filter((one) => one.size === size && one.gateway === gateway);
      if (ofOne.length === 0) return [];
      const median = (read: (one: Round) => number) => percentile(ofOne.map(read), 0.5);
      const row = [
        `${size}, ${gateway}`,
        round(median(({ bytes }) => bytes / 1000)),
        round(median((one) => one.perCpuSecond)),
        round(median((one) => one.perSecond)),
        round(median((one) => one.p50)),
        round(median((one) => one.p99)),
        round(median((one) => one.rss)),
        `${round(median((one) => one.gatewayCore * 100))} %`,
        `${round(median((one) => one.otherCore * 100))} %`,
      ];
      return [row];
    }),
  );
  return table(heads, rows);
}

function largeTable(larges: readonly Large[]): string {
  const rows = larges.map(({ gateway, bytes, ms, rssBefore, peak }) => [
    gateway,
    round(bytes / 2 ** 20),
    round(ms),
    round(rssBefore),
    round(peak),
  ]);
  return table(['large answer', 'MiB', 'ms', 'RSS before', 'peak RSS MiB'], rows);
}

function coldTable(colds: readonly Cold[]): string {
  const rows = colds.map(({ gateway, first, p50, all }) => [gateway, round(first), round(p50), round(all)]);
  return table(['not planned yet', 'first ms', 'p50 ms', '50 operations ms'], rows);
}

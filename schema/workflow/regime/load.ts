import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { Clocks } from '../clock/load.ts';
import { workflowFolder } from '../language/load.ts';
import { type Regime, regimesFile, startTimes } from './language.ts';

/** The regimes of notification files by name. */
export type Regimes = ReadonlyMap<string, Regime>;

/** Reads `regimes.yaml`. Throws an error with a line for each fault. */
export function readRegimes({ clocks }: Clocks): Regimes {
  return regimesOfText(readFileSync(join(workflowFolder, 'regimes.yaml'), 'utf8'), { clocks });
}

/** Parses and checks regimes: each clock and variant exists, and each stage starts with a time or an earlier stage. */
export function regimesOfText(text: string, { clocks }: Pick<Clocks, 'clocks'>): Regimes {
  const document = parseDocument(text, { uniqueKeys: true, schema: 'core', version: '1.2' });
  const { data, error } = regimesFile.safeParse(document.toJS({ maxAliasCount: 0 }));
  const faults = [
    ...document.errors.map(({ message }) => message.split('\n')[0] ?? ''),
    ...(error?.issues ?? []).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`),
    ...Object.entries(data?.regimes ?? {}).flatMap(([name, regime]) => faultsOf(name, regime, clocks)),
  ];
  if (data === undefined || faults.length > 0)
    throw new Error(`the regimes are invalid:\n  regimes.yaml: ${faults.join('\n  regimes.yaml: ')}`);
  return new Map(Object.entries(data.regimes));
}

function faultsOf(name: string, { stages }: Regime, clocks: Clocks['clocks']): readonly string[] {
  return stages.flatMap(({ kind, clock, variant, from, afterProgress }, at) => {
    const place = `regimes.${name}.stages.${at}`;
    const earlier = stages.slice(0, at).map((stage) => stage.kind);
    const isKnown = [...startTimes, ...earlier].some((one) => one === from);
    const variants = Object.keys(clocks.get(clock)?.variants ?? {});
    return [
      ...(earlier.includes(kind) ? [`${place}.kind: got ${kind} twice; remove one`] : []),
      ...[clock, afterProgress].flatMap((id) =>
        id === undefined || clocks.has(id) ? [] : [`${place}: got the clock ${id}; name one of clocks.yaml`],
      ),
      ...(variant === undefined || variants.includes(variant)
        ? []
        : [`${place}.variant: got ${variant}; name a variant of the clock ${clock}`]),
      ...(isKnown ? [] : [`${place}.from: got ${from}; name a time of the file or an earlier stage`]),
    ];
  });
}

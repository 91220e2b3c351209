import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Calendar } from './calendar.ts';
import { calendarFile, clocksFile } from './language.ts';
import type { Clock } from './period.ts';
import { isZone } from './zone.ts';

/** The clocks by id and the calendars by id. */
export type Clocks = {
  readonly clocks: ReadonlyMap<string, Clock>;
  readonly calendars: ReadonlyMap<string, Calendar>;
};

/** The contents of `clocks.yaml` and of the files in `calendars/`, by path from their folder. */
export type ClockTexts = Readonly<Record<string, string>>;

/** The error for invalid clocks and calendars. Its message has one line for each fault. */
export class ClocksError extends Error {
  override readonly name = 'ClocksError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the clocks are invalid:\n  ${faults.join('\n  ')}`);
    this.faults = faults;
  }
}

/** The folder of `clocks.yaml` and `calendars/`. */
export const clocksFolder = fileURLToPath(new URL('..', import.meta.url));

/** Reads the clocks and calendars of a folder. Throws ClocksError with every fault that was found. */
export function readClocks(folder: string = clocksFolder): Clocks {
  return clocksOfTexts(readClockTexts(folder));
}

/** Reads `clocks.yaml` and the files in `calendars/`. */
export function readClockTexts(folder: string = clocksFolder): ClockTexts {
  const calendars = readdirSync(join(folder, 'calendars')).filter((name) => name.endsWith('.yaml'));
  const names = ['clocks.yaml', ...calendars.toSorted().map((name) => `calendars/${name}`)];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Parses and checks clocks and calendars. Throws ClocksError with every fault that was found. */
export function clocksOfTexts(texts: ClockTexts): Clocks {
  const faults: string[] = [];
  const calendars = new Map<string, Calendar>();
  for (const name of Object.keys(texts).filter((path) => path.startsWith('calendars/'))) {
    const calendar = readCalendar(name, texts[name] ?? '', faults);
    if (calendar !== undefined) calendars.set(calendar.id, calendar);
  }
  const clocks = readClocksFile(texts['clocks.yaml'], calendars, faults);
  if (faults.length > 0) throw new ClocksError(faults);
  return { clocks, calendars };
}

function readCalendar(name: string, text: string, faults: string[]): Calendar | undefined {
  const read = parse(name, text, calendarFile);
  faults.push(...read.faults);
  const file = read.value;
  if (file === undefined) return undefined;
  const expected = name.replace(/^calendars\/|\.yaml$/g, '');
  if (file.calendar !== expected)
    faults.push(`${read.placeOf(['calendar'])}: expected ${expected}, got ${file.calendar}`);
  file.zones.forEach((zone, index) => {
    if (!isZone(zone)) faults.push(`${read.placeOf(['zones', index])}: unknown time zone ${zone}`);
  });
  return new Calendar(file);
}

function readClocksFile(
  text: string | undefined,
  calendars: ReadonlyMap<string, Calendar>,
  faults: string[],
): ReadonlyMap<string, Clock> {
  if (text === undefined) {
    faults.push('clocks.yaml: file not found');
    return new Map();
  }
  const read = parse('clocks.yaml', text, clocksFile);
  faults.push(...read.faults);
  const entries = Object.entries(read.value?.clocks ?? {});
  for (const [id, { calendar }] of entries)
    if (calendar !== undefined && !calendars.has(calendar))
      faults.push(`${read.placeOf(['clocks', id, 'calendar'])}: unknown calendar ${calendar}`);
  return new Map(entries.map(([id, clock]) => [id, { ...clock, id }]));
}

/**
 * Returns the calendar of a clock's addressee: the one that the clock names, otherwise the one of the Member State (such
 * as `de`), otherwise the one of the EU institutions. Throws RangeError for an unknown Member State.
 */
export function calendarOf({ calendars }: Clocks, clock: Clock, memberState?: string): Calendar {
  const id = clock.calendar ?? memberState ?? 'eu';
  const calendar = calendars.get(id);
  if (calendar === undefined) throw new RangeError(`clock ${clock.id}: unknown calendar ${id}`);
  return calendar;
}

type Path = readonly PropertyKey[];

/** A parsed file, or its faults, and the place of a value in it: file, line and path. */
type Parsed<Value> = {
  readonly value: Value | undefined;
  readonly faults: readonly string[];
  readonly placeOf: (path: Path) => string;
};

function parse<Shape extends z.ZodType>(name: string, text: string, shape: Shape): Parsed<z.infer<Shape>> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    uniqueKeys: true,
    schema: 'core',
    version: '1.2',
    lineCounter: lines,
    prettyErrors: false,
  });
  const placeOf = (path: Path) => `${name}:${lineOf(document, lines, path)}: ${path.map(String).join('.')}`;
  const broken = document.errors.map(({ code, pos, message }) => {
    const line = lines.linePos(pos[0]).line;
    return `${name}:${line}: ${code === 'DUPLICATE_KEY' ? 'this key is in the file twice' : `the file is not valid YAML: ${message}`}`;
  });
  if (broken.length > 0) return { value: undefined, faults: broken, placeOf };
  const { data, error } = shape.safeParse(document.toJS({ maxAliasCount: 0 }));
  const faults = (error?.issues ?? []).map((issue) => `${placeOf(issue.path)}: ${faultOf(issue)}`);
  return { value: data, faults, placeOf };
}

/** Returns the line of a value, or of the nearest value around it. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Returns the message for a fault of the shape. */
function faultOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown member ${issue.keys.join(', ')}`;
    case 'invalid_type':
      return `expected a value of the type ${issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return `expected a text of the format ${issue.pattern ?? issue.format}`;
    case 'too_small':
      return `expected at least ${issue.minimum}`;
    case 'too_big':
      return `expected at most ${issue.maximum}`;
    case 'invalid_key':
      return 'expected a name in lower case, with hyphens';
    case 'custom':
      return issue.message;
    default:
      return 'the value has none of the permitted shapes';
  }
}

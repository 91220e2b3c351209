import type { Setting } from './settings.ts';

type Settings = readonly Setting<unknown>[];

/** A part's settings as its `--help` tells them: two lines each. */
export function tellSettings(settings: Settings): string {
  return settings
    .map(
      (one) => `  ${namesOf(one).join(' or ')}\n      ${one.means}: ${one.form.words} (${standardOf(one)})\n`,
    )
    .join('');
}

/** The same as a table in Markdown. `short` shortens what differs from machine to machine. */
export function tabulateSettings(settings: Settings, short: (text: string) => string): string {
  const rows = settings.map((one) => [
    namesOf(one)
      .map((name) => `\`${name}\``)
      .join(' or '),
    one.means,
    one.form.words,
    short(standardOf(one)),
  ]);
  const lines = [
    ['setting', 'what it says', 'its form', 'by default'],
    ['---', '---', '---', '---'],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function namesOf({ name, secret }: Setting<unknown>): readonly string[] {
  return secret ? [name, `${name}_FILE`] : [name];
}

function standardOf({ standard }: Setting<unknown>): string {
  if (standard === null) return 'must be given';
  return standard === '' ? 'none' : standard;
}

import type { Setting } from './settings.ts';

type Settings = readonly Setting<unknown>[];

/** Formats settings for `--help`, three lines each. */
export function formatSettings(settings: Settings): string {
  return settings
    .map(
      (one) =>
        `  ${namesOf(one).join(' or ')}\n      ${one.meaning}\n      ${one.form.expected} (${one.fallback === null ? 'required' : `default: ${formatFallback(one)}`})\n`,
    )
    .join('');
}

/**
 * Formats settings as a Markdown table.
 *
 * @param shorten removes what differs between machines from a default
 */
export function tabulateSettings(settings: Settings, shorten: (text: string) => string): string {
  const rows = settings.map((one) => [
    namesOf(one)
      .map((name) => `\`${name}\``)
      .join(' or '),
    one.meaning,
    one.form.expected,
    shorten(formatFallback(one)),
  ]);
  const lines = [['setting', 'meaning', 'form', 'default'], ['---', '---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function namesOf({ name, secret }: Setting<unknown>): readonly string[] {
  return secret ? [name, `${name}_FILE`] : [name];
}

function formatFallback({ fallback }: Setting<unknown>): string {
  if (fallback === null) return 'required';
  return fallback === '' ? 'none' : fallback;
}

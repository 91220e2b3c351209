import { readFileSync } from 'node:fs';

/** What a setting's text must be, in words, and how it is read. `read` throws on any other text. */
export type Form<Value> = { readonly words: string; read(text: string): Value };

/** One setting of a part: an environment variable, declared once for those who read it and those who look it up. */
export type Setting<Value> = {
  readonly name: string;
  readonly means: string;
  readonly form: Form<Value>;
  /** What stands for it where it is not given; null where it must be given. */
  readonly standard: string | null;
  /** A secret may lie in a file that NAME_FILE names, and is never quoted. */
  readonly secret: boolean;
};

/** The settings of a part, by the names that its code knows them by. */
export type Declared = Readonly<Record<string, Setting<unknown>>>;
export type Read<Settings extends Declared> = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that must be given, unless `standard` stands for it. An empty text is as good as none. */
export function setting<Value>(
  name: string,
  means: string,
  form: Form<Value>,
  standard: string | null = null,
): Setting<Value> {
  return { name, means, form, standard, secret: false };
}

/** A setting that is a secret: as NAME, or in a file that NAME_FILE names, never both. */
export function secret<Value>(name: string, means: string, form: Form<Value>): Setting<Value> {
  return { name, means, form, standard: null, secret: true };
}

/**
 * Reads what is declared. What is missing or wrong is added to `wrong`, a line each, and its value is not to be used:
 * whoever calls this throws where `wrong` holds anything. A secret is never quoted.
 */
export function readDeclared<Settings extends Declared>(
  declared: Settings,
  env: Environment,
  wrong: string[],
): Read<Settings> {
  const values = Object.entries(declared).map(([key, one]) => [key, readOne(one, env, wrong)]);
  return Object.fromEntries(values) as Read<Settings>;
}

/** Reads what is declared. Throws one error that names every setting that is missing or wrong, a line each. */
export function readWhole<Settings extends Declared>(declared: Settings, env: Environment): Read<Settings> {
  const wrong: string[] = [];
  const read = readDeclared(declared, env, wrong);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return read;
}

function readOne(declared: Setting<unknown>, env: Environment, wrong: string[]): unknown {
  const { name, means, form, standard, secret: hidden } = declared;
  const given = hidden ? readSecret(name, env, wrong) : env[name];
  if (given === unreadable) return undefined;
  const text = given || standard;
  try {
    if (text !== null) return form.read(text);
    wrong.push(`${name}: ${means}, got nothing`);
  } catch {
    wrong.push(`${name}: ${form.words}, got ${hidden ? 'something else' : text}`);
  }
  return undefined;
}

/** What was wrong with it has been said. */
const unreadable = Symbol('unreadable');

function readSecret(name: string, env: Environment, wrong: string[]): string | typeof unreadable {
  const file = env[`${name}_FILE`] ?? '';
  const given = env[name] ?? '';
  if (file === '') return given;
  try {
    if (given !== '') throw new Error(`${name}: in the environment or in a file, got both`);
    // An editor ends a file with a line's end, which is no part of any secret.
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    wrong.push(given === '' ? `${name}_FILE: a readable file, got ${file}` : (error as Error).message);
    return unreadable;
  }
}

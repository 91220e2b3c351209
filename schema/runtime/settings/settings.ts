import { readFileSync } from 'node:fs';

/** The form of a setting's text: a description for error messages, and a parser that throws on any other text. */
export type Form<Value> = { readonly expected: string; read(text: string): Value };

/** A form's own message for a wrong text. It replaces the message that quotes the text. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

/** An environment variable. Its one declaration is used to read it, for `--help` and for docker/SETTINGS.md. */
export type Setting<Value> = {
  readonly name: string;
  /** The purpose of the setting, in a few words. */
  readonly meaning: string;
  readonly form: Form<Value>;
  /** The text that is used if the setting is not given; null if it is required. */
  readonly fallback: string | null;
  /** A secret can also be given as a file, in NAME_FILE. Messages never quote it. */
  readonly secret: boolean;
};

/** The settings of a process, by their names in code. */
export type Declared = Readonly<Record<string, Setting<unknown>>>;
/** The values of declared settings. */
export type Read<Settings extends Declared> = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Declares a setting. It is required unless it has a `fallback`. An empty text counts as not given. */
export function setting<Value>(
  name: string,
  meaning: string,
  form: Form<Value>,
  fallback: string | null = null,
): Setting<Value> {
  return { name, meaning, form, fallback, secret: false };
}

/** Declares a required secret. It is given in NAME, or in a file whose path is in NAME_FILE, never both. */
export function secret<Value>(name: string, meaning: string, form: Form<Value>): Setting<Value> {
  return { name, meaning, form, fallback: null, secret: true };
}

/**
 * Reads the declared settings. Adds a message to `wrong` for each setting that is missing or malformed; the caller must
 * throw if there is one, and not use the values. Messages never quote a secret.
 */
export function readDeclared<Settings extends Declared>(
  declared: Settings,
  env: Environment,
  wrong: string[],
): Read<Settings> {
  const values = Object.entries(declared).map(([key, one]) => [key, readOne(one, env, wrong)]);
  return Object.fromEntries(values) as Read<Settings>;
}

/** Reads the declared settings. Throws one error with a line for each setting that is missing or malformed. */
export function readOrThrow<Settings extends Declared>(declared: Settings, env: Environment): Read<Settings> {
  const wrong: string[] = [];
  const read = readDeclared(declared, env, wrong);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return read;
}

function readOne(declared: Setting<unknown>, env: Environment, wrong: string[]): unknown {
  const { name, meaning, form, fallback, secret: hidden } = declared;
  const given = hidden ? readSecret(name, env, wrong) : env[name];
  if (given === unreadable) return undefined;
  const text = given || fallback;
  try {
    if (text !== null) return form.read(text);
    wrong.push(`${name}: expected ${form.expected} (${meaning}), got nothing`);
  } catch (error) {
    const message = `expected ${form.expected}, got ${hidden ? 'something else' : text}`;
    wrong.push(`${name}: ${error instanceof FormError && !hidden ? error.message : message}`);
  }
  return undefined;
}

/** The file of a secret cannot be read. The message was added already. */
const unreadable = Symbol('unreadable');

function readSecret(name: string, env: Environment, wrong: string[]): string | typeof unreadable {
  const file = env[`${name}_FILE`] ?? '';
  const given = env[name] ?? '';
  if (file === '') return given;
  try {
    if (given !== '') throw new Error(`${name}: expected ${name} or ${name}_FILE, got both`);
    // Editors end a file with a newline, which is not part of the secret.
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    wrong.push(
      given === ''
        ? `${name}_FILE: expected the path of a readable file, got ${file}`
        : (error as Error).message,
    );
    return unreadable;
  }
}

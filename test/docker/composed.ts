import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const strings = z.record(z.string(), z.string());
const condition = z.enum(['service_healthy', 'service_completed_successfully']);

const service = z
  .object({
    build: z
      .object({ target: z.string(), args: strings.default({}) })
      .loose()
      .optional(),
    image: z.string(),
    user: z.string(),
    command: z.array(z.string()).optional(),
    environment: strings.default({}),
    volumes: z.array(z.string()).default([]),
    networks: z.array(z.string()).default([]),
    network_mode: z.string().optional(),
    ports: z.array(z.string()).default([]),
    profiles: z.array(z.string()).default([]),
    healthcheck: z
      .object({ test: z.array(z.string()) })
      .loose()
      .optional(),
    depends_on: z
      .record(z.string(), z.object({ condition, required: z.boolean().default(true) }))
      .default({}),
  })
  .loose();

const file = z
  .object({
    services: z.record(z.string(), service),
    networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) }).loose()),
    volumes: z.record(z.string(), z.object({}).loose()),
  })
  .loose();

export type Service = z.infer<typeof service>;
export type Composed = z.infer<typeof file>;

/** Reads docker/compose.yaml with its variables replaced. */
export function readCompose(env: Readonly<Record<string, string>>): Composed {
  return file.parse(interpolate(readComposeRaw(), env));
}

/** Reads docker/compose.yaml with its YAML merges applied and its variables left as they are. */
export function readComposeRaw(): unknown {
  return parse(readFileSync(join(root, 'docker/compose.yaml'), 'utf8'), { merge: true });
}

/** Replaces `${NAME:-default}` and `${NAME:?message}`, the two forms that the file uses. Throws on any other `$`. */
function interpolate(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return replaceVariables(value, env);
  if (Array.isArray(value)) return value.map((one) => interpolate(one, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, interpolate(one, env)]));
}

function replaceVariables(text: string, env: Readonly<Record<string, string>>): string {
  const done = text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, how: string, rest: string) => {
    const value = env[name] ?? '';
    if (value !== '') return value;
    if (how === '?') throw new Error(`${name}: ${rest}`);
    return rest;
  });
  if (done.includes('$')) throw new Error(`expected \${NAME:-…} or \${NAME:?…}, got ${text}`);
  return done;
}

/** Reads the `.env` file that `hub deploy init` made. */
export function readEnvFile(folder: string): Readonly<Record<string, string>> {
  const lines = readFileSync(join(folder, '.env'), 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { coordinatesFile, domainFile, rulesFile } from '../language/language.ts';
import { Policy } from './policy.ts';
import { type PolicyFiles, PolicyError, resolvePolicy } from '../language/rules.ts';

/** The contents of the policy's files by file name, as in a bundle. */
export type PolicyTexts = Readonly<Record<string, string>>;

/** The folder of the policy's YAML files. */
export const policyFolder = fileURLToPath(new URL('..', import.meta.url));

/** Reads the YAML files of a policy from a folder. */
export function readPolicyTexts(folder: string = policyFolder): PolicyTexts {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Parses, checks and compiles a policy. Throws PolicyError with every fault that was found. */
export function policyOfTexts(texts: PolicyTexts): Policy {
  return new Policy(resolvePolicy(parseFiles(texts)));
}

function parseFiles(texts: PolicyTexts): PolicyFiles {
  const faults: string[] = [];
  const parse = <Shape extends z.ZodType>(name: string, shape: Shape): z.infer<Shape> | undefined => {
    const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
    if (text === undefined) return void faults.push(`${name}: file not found`);
    const document = parseDocument(text, { uniqueKeys: true, schema: 'core', version: '1.2' });
    faults.push(...document.errors.map(({ message }) => `${name}: ${message.split('\n')[0]}`));
    if (document.errors.length > 0) return undefined;
    const read = shape.safeParse(document.toJS({ maxAliasCount: 0 }));
    for (const { path, message } of read.error?.issues ?? [])
      faults.push(`${name}: ${path.join('.')}: ${message}`);
    return read.data;
  };
  const domain = parse('domain.yaml', domainFile);
  const coordinates = parse('coordinates.yaml', coordinatesFile);
  const others = Object.keys(texts).filter((name) => !['domain.yaml', 'coordinates.yaml'].includes(name));
  const rules = ['baseline.yaml', ...others.filter((name) => name !== 'baseline.yaml')].map((name) => {
    const read = parse(name, rulesFile);
    const owner = name === 'baseline.yaml' ? 'joint' : name.replace(/\.yaml$/, '');
    if (read !== undefined && read.owner !== owner)
      faults.push(`${name}: expected the owner ${owner}, got ${read.owner}`);
    return read;
  });
  if (faults.length > 0 || domain === undefined || coordinates === undefined) throw new PolicyError(faults);
  return { domain, coordinates, rules: rules.flatMap((one) => one ?? []) };
}

/** Reads the policy of the repository, for composition, tests and tools. A deployment uses a signed bundle instead. */
export function readPolicy(folder: string = policyFolder): Policy {
  return policyOfTexts(readPolicyTexts(folder));
}

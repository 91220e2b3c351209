import { chainEntry, draftEntry, genesis } from '../../../gateway/audit/entry.ts';
import type { PersonalReader } from '../../../gateway/audit/personal.ts';
import { parseAccess } from '../../../gateway/audit/parse-entry.ts';
import type { LoggedAccess } from '../../../gateway/audit/log.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { facts } from './facts.ts';

const inForce = readPolicy().version;
const secrets = { id: 'e-1', readerSalt: new Uint8Array(32), operationSalt: new Uint8Array(32) };

/** Returns the logged access of a request of this reader. */
export function logged(one: Reader, refused: readonly string[], version = inForce): LoggedAccess {
  const draft = draftEntry(facts({ reader: one, refused, policy: version }), 'd', secrets);
  const entry = parseAccess(chainEntry(draft, genesis('d'), 'hub-1').bytes);
  const bytes = draft.parts.reader?.bytes;
  if (entry === null || bytes === undefined) throw new Error('expected an entry with its parts');
  return { entry, reader: JSON.parse(new TextDecoder().decode(bytes)) as PersonalReader };
}

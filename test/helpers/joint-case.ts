import { expect } from '@jest/globals';
import { type As, ask, type Asked } from './ask.ts';
import { sendMove } from './send-move.ts';

type Values = Readonly<Record<string, unknown>>;

/** Returns how the readers of a journey see and move a joint case. `fields` are the selected fields, with the version. */
export function jointCasesIn(asked: () => Asked, fields: string) {
  const query = `query Q($id: ID!) { jointCaseRecord(id: $id) { ${fields} } }`;

  async function seenBy(who: As, id: string) {
    return (await ask(asked(), who, query, { id })).body.data.jointCaseRecord;
  }

  /** Makes a move on the version that the mover sees. Returns the record and the user errors. */
  async function move(who: As, name: string, input: Values) {
    const { id } = input;
    const version = typeof id === 'string' ? ((await seenBy(who, id))?.envelope.version ?? 1) : undefined;
    const given = { ...(version !== undefined && { expectedVersion: version }), ...input };
    return await sendMove(asked(), who, `${name}JointCaseRecord`, given);
  }

  /** Makes a move that must not be refused. Returns the id of the record. */
  async function made(who: As, name: string, input: Values): Promise<string> {
    const { record, userErrors } = await move(who, name, input);
    expect([name, userErrors]).toEqual([name, []]);
    return record.id;
  }

  return { seenBy, move, made };
}

import { randomUUID } from 'node:crypto';
import { type As, ask, type Asked } from './ask.ts';

/**
 * Sends a move as a mutation, with a new key unless the input has one. Returns its payload; the whole body of an answer
 * without one.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into payloads by path
export async function sendMove(asked: Asked, who: As, mutation: string, input: object): Promise<any> {
  const type = `${mutation.slice(0, 1).toUpperCase()}${mutation.slice(1)}Input`;
  const text = `mutation M($input: ${type}!) {
    ${mutation}(input: $input) { record { id } userErrors { code path message } }
  }`;
  const { body } = await ask(asked, who, text, { input: { key: randomUUID(), ...input } });
  return body.data?.[mutation] ?? body;
}

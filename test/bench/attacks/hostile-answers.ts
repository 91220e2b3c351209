import { answerLimits } from '../../../gateway/dispatch/answer-size.ts';

/** Returns the body of a hostile answer, in chunks, from the text of the real answer. */
export type HostileAnswer = (real: string) => readonly (string | Buffer)[];

const disclosure = {
  type: 'Advisory',
  id: 'Advisory:1',
  version: 1,
  tlp: 'GREEN',
  pap: 'CLEAR',
  handlingCodes: [],
  extraRestrictions: [],
  audience: null,
  portions: [],
};
const large = { ...disclosure, extraRestrictions: Array.from({ length: 3 }, () => 'x'.repeat(490)) };
const room = 200_000;

/** The hostile answers by the name of the attack. Repeated disclosures are built once: the attacker has to be fast. */
export const hostileAnswers: Readonly<Record<string, () => HostileAnswer>> = {
  'disclosures-20-mb': () => withDisclosures({ id: 7, version: 1 }, 20_000_000),
  'disclosures-1-mb': () => withDisclosures({ ...disclosure, tlp: 'x'.repeat(50) }, 1_000_000),
  'disclosures-9.8-mb': () => withDisclosures(large, 9_800_000),
  'disclosures-at-limit': () => withDisclosures(large, answerLimits.ofCommunity.bytes - room),
  'lists-as-objects': () => (real) => [
    JSON.stringify(JSON.parse(real), (key, value: unknown) => (key === 'nodes' ? {} : value)),
  ],
  'no-disclosures': () => (real) => [
    JSON.stringify({ ...(JSON.parse(real) as object), extensions: { disclosed: [] } }),
  ],
};

/** Keeps the real data, and repeats one disclosure up to a number of bytes. */
function withDisclosures(one: object, bytes: number): HostileAnswer {
  const item = JSON.stringify(one);
  const times = Math.floor(bytes / (item.length + 1));
  const list = Buffer.from(`[${Array.from({ length: times }, () => item).join(',')}]`);
  return (real) => {
    const { data } = JSON.parse(real) as { readonly data: unknown };
    return [`{"data":${JSON.stringify(data)},"extensions":{"disclosed":`, list, '}}'];
  };
}

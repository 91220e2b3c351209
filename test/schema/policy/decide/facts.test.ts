import { expect, test } from '@jest/globals';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { factName, factsOf, opensTo, signatureOf } from '../../../../schema/policy/decide/facts.ts';
import {
  distributions,
  handlingCodes,
  papScale,
  reaches,
  recordStates,
  tlpScale,
} from '../../../../schema/record/vocabulary.ts';
import { unset } from '../../../../schema/policy/language/domain.ts';
import { audienceOf, envelopeOf, markingOf } from '../../../helpers/records.ts';

/** Yields an envelope for each class of records that rules can distinguish. */
function* everyEnvelope(): Generator<Envelope> {
  for (const tlp of tlpScale)
    for (const pap of papScale)
      for (const distribution of distributions)
        for (const extraRestrictions of [[], ['no copies']])
          for (let bits = 0; bits < 2 ** handlingCodes.length; bits += 1) {
            const codes = handlingCodes.filter((_code, at) => (bits >> at) & 1);
            const marking = markingOf({ tlp, pap, distribution, extraRestrictions, handlingCodes: codes });
            for (const reach of reaches)
              for (const recordState of recordStates)
                yield envelopeOf({ marking, audience: audienceOf({ reach }), recordState });
          }
}

test('gives envelopes with the same signature the same facts', () => {
  const factsBySignature = new Map<number | null, string>();
  let conflicts = 0;
  for (const envelope of everyEnvelope()) {
    for (const embargo of ['over', 'running'] as const) {
      const signature = signatureOf(envelope, embargo);
      const facts = JSON.stringify(factsOf(envelope, 'Advisory', embargo, { level: ['major'] }));
      if ((factsBySignature.get(signature) ?? facts) !== facts) conflicts += 1;
      factsBySignature.set(signature, facts);
    }
  }
  expect(conflicts).toBe(0);
  expect(factsBySignature.size).toBeGreaterThan(50_000);
});

test('gives no signature to an envelope that states a declared fact', () => {
  expect(signatureOf(envelopeOf({ facts: { level: 'major' } }), 'over')).toBeNull();
});

test('reads a missing fact as unset and returns null for an unknown value', () => {
  const declared = { level: ['major', 'incident'], personal: ['none'] };
  const facts = (envelope: Envelope) => factsOf(envelope, 'Advisory', 'over', declared);
  for (let time = 0; time < 2; time += 1)
    expect(facts(envelopeOf())).toMatchObject({ [factName('level')]: unset, [factName('personal')]: unset });
  expect(facts(envelopeOf({ facts: { level: 'major' } }))).toMatchObject({
    [factName('level')]: 'major',
    [factName('personal')]: unset,
  });
  expect(facts(envelopeOf({ facts: { level: 'none' } }))).toBeNull();
});

test('takes the stricter of TLP colour and reach', () => {
  const opened = tlpScale.map((tlp) => reaches.map((reach) => opensTo(tlp, reach)));
  const named = reaches.map(() => 'NAMED');
  expect(reaches).toEqual(['ANYONE', 'COMMUNITY', 'NAMED']);
  expect(opened).toEqual([
    ['ANYONE', 'COMMUNITY', 'NAMED'],
    ['COMMUNITY', 'COMMUNITY', 'NAMED'],
    named,
    named,
    named,
  ]);
});

import { expect, test } from '@jest/globals';
import type { Envelope } from '../../../schema/envelope.ts';
import { factsOf, signatureOf } from '../../../schema/policy/facts.ts';
import {
  distributions,
  handlingCodes,
  papScale,
  reaches,
  recordStates,
  tlpScale,
} from '../../../schema/vocabulary.ts';
import { audienceOf, envelopeOf, markingOf } from '../../helpers/records.ts';

/** Every class of record that a rule can tell apart, as envelopes. */
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

test('records of one signature have the same facts, so that what is kept under it holds for all of them', () => {
  const kept = new Map<number | null, string>();
  let partings = 0;
  for (const envelope of everyEnvelope()) {
    for (const embargo of ['over', 'running'] as const) {
      const signature = signatureOf(envelope, embargo);
      const facts = JSON.stringify(factsOf(envelope, 'Advisory', embargo, { level: ['major'] }));
      if ((kept.get(signature) ?? facts) !== facts) partings += 1;
      kept.set(signature, facts);
    }
  }
  expect(partings).toBe(0);
  expect(kept.size).toBeGreaterThan(50_000);
});

test('a record that states facts of its own has no signature, and is decided by itself', () => {
  expect(signatureOf(envelopeOf({ facts: { level: 'major' } }), 'over')).toBeNull();
});

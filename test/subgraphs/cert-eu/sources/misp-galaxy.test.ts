import { expect, test } from '@jest/globals';
import { mispEvent } from '../../../../subgraphs/cert-eu/sources/misp-event.ts';
import { mispGalaxy } from '../../../../subgraphs/cert-eu/sources/misp-galaxy.ts';
import { headOf, mapAll, readReal, describeReal } from '../../../helpers/map-all.ts';

const galaxy = 'common/misp-galaxy-threat-actor.json';

describeReal('on the public records', () => {
  test('maps each of the 1,041 actors to a profile with the key of its cluster', () => {
    const mapped = mapAll(mispGalaxy, (readReal(galaxy) as { values: unknown[] }).values);
    expect(mapped).toHaveLength(1041);
    expect(new Set(mapped.flatMap(({ names }) => names)).size).toBe(1041);
    expect(mapped[0]).toMatchObject({
      kind: 'ActorProfile',
      names: ['ThreatActor:1cb7e1cc-d695-42b1-92f4-fd0112a3c9be'],
      content: { name: 'APT1', country: 'CN', suspectedSponsor: 'China', attributionConfidence: 50 },
    });
  });

  test('is not confused with an event that contains the galaxy', () => {
    expect(mispGalaxy.recognise(headOf(galaxy))).toBe(true);
    expect(mispEvent.recognise(headOf(galaxy))).toBe(false);
    expect(mispGalaxy.recognise(headOf('common/misp-events/lazarus_3cx.json'))).toBe(false);
  });
});

test('reads a single value like a list, and leaves out empty values', () => {
  const [profile] = mapAll(mispGalaxy, [
    {
      uuid: 'E0A1F1D2-5B0C-4A6E-9D53-6D1F0C7E2A01',
      value: 'Amber Heron (EXERCISE)',
      meta: {
        country: '',
        'attribution-confidence': 'high',
        'cfr-type-of-incident': 'Espionage',
        'suspected-victims': ['Exercise Land', ' '],
      },
    },
  ]);
  expect(profile).toMatchObject({
    localId: 'e0a1f1d2-5b0c-4a6e-9d53-6d1f0c7e2a01',
    content: {
      actor: 'ThreatActor:e0a1f1d2-5b0c-4a6e-9d53-6d1f0c7e2a01',
      country: null,
      attributionConfidence: null,
      incidentTypes: ['Espionage'],
      suspectedVictims: ['Exercise Land'],
    },
  });
});

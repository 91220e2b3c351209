import { expect, test } from '@jest/globals';
import { mispGalaxy } from '../../../../subgraphs/europol/sources/misp-galaxy.ts';
import { mapAll, readReal, describeReal } from '../../../helpers/map-all.ts';

describeReal('on the public records', () => {
  test('maps the 176 of the 1,041 actors that have data on their crimes', () => {
    const { values } = readReal('common/misp-galaxy-threat-actor.json') as { values: unknown[] };
    const mapped = mapAll(mispGalaxy, values);
    expect(mapped).toHaveLength(176);
    const fin7 = mapped.find(({ content }) => content['name'] === 'FIN7');
    expect(fin7).toMatchObject({ kind: 'CriminalProfile', content: { motives: ['Cybercrime'] } });
  });
});

test('maps no record for an actor without data on its crimes', () => {
  const uuid = 'e0a1f1d2-5b0c-4a6e-9d53-6d1f0c7e2a01';
  const refs = ['https://exercise.invalid/'];
  expect(mapAll(mispGalaxy, [{ uuid, value: 'EXERCISE', meta: { country: 'XX', refs } }])).toEqual([]);
  const [profile] = mapAll(mispGalaxy, [
    { uuid, value: 'EXERCISE', meta: { motive: 'Financial gain', refs } },
  ]);
  expect(profile).toMatchObject({
    names: [`ThreatActor:${uuid}`],
    content: { motives: ['Financial gain'], references: refs },
  });
});

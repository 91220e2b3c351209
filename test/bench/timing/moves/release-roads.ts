import { community } from '../../../../subgraphs/defence/community.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import type { Road, Size } from '../road.ts';
import { absentId, Acts, enlarge, now, personOf, readingFor } from './acts.ts';

const kind = 'DefenceAssessment';
const purpose = 'incident-response' as const;
const officer = personOf('defence', ['community-operator'], { purpose });
const stranger = personOf('csirt-fr', ['csirt-analyst', 'duty-officer'], { purpose, onScreen: true });
const content = {
  subject: { vulnerability: 'CVE-2099-10001' },
  judgement: 'EXERCISE',
  missionImpact: 'DEGRADED',
};

function hours(count: number): string {
  return new Date(now.getTime() + count * 3_600_000).toISOString();
}

/** Returns the roads of releases and onward shares, to a record that its originator keeps to itself. */
export async function releaseRoads(
  store: CommunityStore,
  { bytes, records }: Size,
): Promise<readonly Road[]> {
  const acts = new Acts(community, store);
  for (let at = 0; at < records; at += 1)
    await acts.create(officer, kind, content, { marking: { tlp: 'GREEN' } });
  const hiddenId = await acts.create(officer, kind, content, readingFor('defence'));
  await enlarge(store, [hiddenId], bytes);
  const road = (name: string, mutation: string, input: object, type: string): Road => {
    const to = (id: string) => acts.changing(stranger, mutation, { id, expectedVersion: 1, ...input }, type);
    return { name, hidden: to(hiddenId), absent: to(absentId(kind)) };
  };
  const reason = { release: absentId('Release'), reason: 'EXERCISE' };
  return [
    road(
      'a release',
      'releaseDefenceRecord',
      { to: 'csirt-pl', until: hours(48), purpose: 'EXERCISE' },
      'ReleaseRecordInput',
    ),
    road(
      'a release in an emergency',
      'releaseDefenceRecordInEmergency',
      { to: 'csirt-pl', until: hours(2), threat: 'LIFE', whyNotByRequest: 'EXERCISE' },
      'ReleaseRecordInEmergencyInput',
    ),
    road(
      'a proposed release',
      'proposeReleaseOfDefenceRecord',
      { to: 'csirt-pl', person: 'u-1', until: hours(48), purpose: 'EXERCISE' },
      'ProposeReleaseInput',
    ),
    road(
      'the confirmation of a proposed release',
      'confirmReleaseOfDefenceRecord',
      reason,
      'ConfirmReleaseInput',
    ),
    road('the end of a release', 'endReleaseOfDefenceRecord', reason, 'EndReleaseOfRecordInput'),
    road(
      'the confirmation of an emergency release',
      'confirmEmergencyReleaseOfDefenceRecord',
      reason,
      'ConfirmEmergencyReleaseInput',
    ),
    road(
      'an onward share',
      'shareDefenceRecord',
      { share: 'exercise-share-1', need: 'EXERCISE', permitted: 'EXERCISE' },
      'ShareRecordInput',
    ),
  ];
}

import { z } from 'zod';
import { actorKey } from '../../../schema/record/keys.ts';
import { editionOfGalaxy, isWithdrawn, withdrawnFlags } from '../../serve/ingest/sources/galaxy.ts';
import type { Source } from '../../serve/ingest/sources/source.ts';
import { publicDefaults } from './defaults.ts';
import { stringOrList, toList } from './galaxy-lists.ts';

const meta = z.looseObject({
  motive: stringOrList,
  'cfr-type-of-incident': stringOrList,
  'cfr-target-category': stringOrList,
  'targeted-sector': stringOrList,
  'mode-of-operation': stringOrList,
  capabilities: stringOrList,
  refs: stringOrList,
});
const shape = z.looseObject({ ...withdrawnFlags, uuid: z.guid(), value: z.string(), meta: meta.nullish() });

/** One cluster of the threat actor galaxy of the MISP project. */
export type ThreatActorCluster = z.infer<typeof shape>;

/**
 * The threat actor galaxy of the MISP project. A cluster with motives, targets or methods becomes a criminal profile.
 * Names of persons behind an actor are not imported.
 */
export const mispGalaxy: Source<ThreatActorCluster> = {
  name: 'misp-galaxy',
  title: 'MISP galaxy of threat actors',
  expects: 'a JSON object with "type": "threat-actor" and an array "values"',
  locate: { at: 'member', name: 'values' },
  recognise: (head) => /"type"\s*:\s*"threat-actor"/.test(head) && /"values"\s*:\s*\[/.test(head),
  shape,
  tolerates: { strict: ['uuid', 'revoked', 'deleted'] },
  edition: editionOfGalaxy,
  map(raw, context) {
    const content = toContent(raw);
    if (isEmpty(content)) {
      context.skip?.('cluster without motives, targets or methods');
      return [];
    }
    const localId = raw.uuid.toLowerCase();
    const record = { kind: 'CriminalProfile', localId, content, sortAt: null, names: [content.actor] };
    return [isWithdrawn(raw) ? { ...record, withdrawn: true as const } : record];
  },
  defaults: publicDefaults('misp-project'),
  aliases: true,
  mapping: 2,
};

function toContent({ uuid, value, meta: details }: ThreatActorCluster) {
  return {
    actor: actorKey({ uuid }) ?? '',
    name: value,
    motives: toList(details?.motive),
    incidentTypes: toList(details?.['cfr-type-of-incident']),
    targetCategories: toList(details?.['cfr-target-category']),
    targetedSectors: toList(details?.['targeted-sector']),
    modesOfOperation: toList(details?.['mode-of-operation']),
    capabilities: toList(details?.capabilities),
    references: toList(details?.refs),
  };
}

type Content = ReturnType<typeof toContent>;

/** Returns true if the cluster gives nothing but names and references. */
function isEmpty({ actor: _actor, name: _name, references: _references, ...lists }: Content): boolean {
  return Object.values(lists).every((list) => list.length === 0);
}

import { z } from 'zod';
import { actorKey } from '../../../schema/record/keys.ts';
import { editionOfGalaxy, isWithdrawn, withdrawnFlags } from '../../serve/ingest/sources/galaxy.ts';
import type { Source } from '../../serve/ingest/sources/source.ts';
import { publicDefaults } from './defaults.ts';

const stringOrList = z.union([z.string(), z.array(z.string())]).nullish();
const meta = z.looseObject({
  synonyms: stringOrList,
  refs: stringOrList,
  country: z.string().nullish(),
  'attribution-confidence': z.union([z.string(), z.number()]).nullish(),
  'cfr-suspected-state-sponsor': z.string().nullish(),
  'cfr-suspected-victims': stringOrList,
  'suspected-victims': stringOrList,
  'cfr-target-category': stringOrList,
  'cfr-type-of-incident': stringOrList,
});
const shape = z.looseObject({
  ...withdrawnFlags,
  uuid: z.guid(),
  value: z.string(),
  description: z.string().nullish(),
  meta: meta.nullish(),
});

/** One cluster of the threat actor galaxy of the MISP project. */
export type ThreatActorCluster = z.infer<typeof shape>;

/**
 * The threat actor galaxy of the MISP project. Each cluster becomes an actor profile. Its synonyms also update the alias
 * table.
 */
export const mispGalaxy: Source<ThreatActorCluster> = {
  name: 'misp-galaxy',
  title: 'MISP galaxy of threat actors',
  expects: 'a JSON object with "type": "threat-actor" and an array "values"',
  locate: { at: 'member', name: 'values' },
  recognise: (head) =>
    /"type"\s*:\s*"threat-actor"/.test(head) && /"values"\s*:\s*\[/.test(head) && !/"Event"\s*:/.test(head),
  shape,
  tolerates: { strict: ['uuid', 'revoked', 'deleted'] },
  edition: editionOfGalaxy,
  map(raw) {
    const content = toContent(raw);
    const localId = raw.uuid.toLowerCase();
    const record = { kind: 'ActorProfile', localId, content, sortAt: null, names: [content.actor] };
    return [isWithdrawn(raw) ? { ...record, withdrawn: true as const } : record];
  },
  defaults: publicDefaults('misp-project'),
  aliases: true,
  mapping: 2,
};

function toContent({ uuid, value, description, meta: details }: ThreatActorCluster) {
  return {
    actor: actorKey({ uuid }) ?? '',
    name: value,
    synonyms: toList(details?.synonyms),
    description: description ? { value: description, lang: null } : null,
    suspectedSponsor: details?.['cfr-suspected-state-sponsor'] || null,
    country: details?.country || null,
    attributionConfidence: toPercent(details?.['attribution-confidence']),
    suspectedVictims: [
      ...toList(details?.['cfr-suspected-victims']),
      ...toList(details?.['suspected-victims']),
    ],
    targetCategories: toList(details?.['cfr-target-category']),
    incidentTypes: toList(details?.['cfr-type-of-incident']),
    references: toList(details?.refs),
  };
}

function toPercent(value: string | number | null | undefined): number | null {
  const percent = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isInteger(percent) && percent >= 0 && percent <= 100 ? percent : null;
}

/** Returns a member as a list without repeats. The galaxy writes a single value as a string or as a list. */
function toList(value: string | readonly string[] | null | undefined): readonly string[] {
  const list = typeof value === 'string' ? [value] : (value ?? []);
  return [...new Set(list.filter((text) => text.trim() !== ''))];
}

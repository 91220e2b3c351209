import { z } from 'zod';
import { actorKey } from '../../../schema/record/keys.ts';
import type { Source } from '../../serve/ingest/sources/source.ts';
import type { ActorProfileContent } from '../records.ts';
import { publicDefaults } from './defaults.ts';

const words = z.union([z.string(), z.array(z.string())]).nullish();
const meta = z.looseObject({
  synonyms: words,
  refs: words,
  country: z.string().nullish(),
  'attribution-confidence': z.union([z.string(), z.number()]).nullish(),
  'cfr-suspected-state-sponsor': z.string().nullish(),
  'cfr-suspected-victims': words,
  'suspected-victims': words,
  'cfr-target-category': words,
  'cfr-type-of-incident': words,
});
const shape = z.looseObject({
  uuid: z.guid(),
  value: z.string(),
  description: z.string().nullish(),
  meta: meta.nullish(),
});

/** One cluster of the MISP project's galaxy of threat actors. */
export type ThreatActorCluster = z.infer<typeof shape>;

/** The MISP project's galaxy of threat actors: what it says of each, and by its synonyms the alias table too. */
export const mispGalaxy: Source<ThreatActorCluster> = {
  name: 'misp-galaxy',
  title: 'MISP galaxy of threat actors',
  expects: 'a JSON object with "type": "threat-actor" and an array "values"',
  locate: { at: 'member', name: 'values' },
  recognise: (head) =>
    /"type"\s*:\s*"threat-actor"/.test(head) && /"values"\s*:\s*\[/.test(head) && !/"Event"\s*:/.test(head),
  shape,
  map(raw) {
    const content = toContent(raw);
    const localId = raw.uuid.toLowerCase();
    return [{ kind: 'ActorProfile', localId, content, sortAt: null, names: [content.actor] }];
  },
  defaults: publicDefaults('misp-project'),
  aliases: true,
  mapping: 1,
};

function toContent({ uuid, value, description, meta: said }: ThreatActorCluster): ActorProfileContent {
  return {
    actor: actorKey({ uuid }) ?? '',
    name: value,
    synonyms: toList(said?.synonyms),
    description: description ? { value: description, lang: null } : null,
    suspectedSponsor: said?.['cfr-suspected-state-sponsor'] || null,
    country: said?.country || null,
    attributionConfidence: toPercent(said?.['attribution-confidence']),
    suspectedVictims: [...toList(said?.['cfr-suspected-victims']), ...toList(said?.['suspected-victims'])],
    targetCategories: toList(said?.['cfr-target-category']),
    incidentTypes: toList(said?.['cfr-type-of-incident']),
    references: toList(said?.refs),
  };
}

function toPercent(value: string | number | null | undefined): number | null {
  const percent = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isInteger(percent) && percent >= 0 && percent <= 100 ? percent : null;
}

/** The galaxy writes one word by itself or in a list. */
function toList(value: string | readonly string[] | null | undefined): readonly string[] {
  const list = typeof value === 'string' ? [value] : (value ?? []);
  return [...new Set(list.filter((word) => word.trim() !== ''))];
}

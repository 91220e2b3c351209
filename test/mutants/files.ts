import type { Guard } from './guard.ts';

const reclassifying = 'test/subgraphs/enisa/reclassifying';

const platform = 'test/subgraphs/enisa/platform-incident';

/** Guards of notification files and CRA notifications. */
export const files: readonly Guard[] = [
  {
    name: 'the fields of a file that another one replaces, as far as the mover sees them',
    file: 'subgraphs/serve/workflow/kinds/file-moves.ts',
    from: 'const seen = this.visibleOf(kind, record);',
    to: 'const seen = record.content as Content;',
    project: 'parts',
    tests: reclassifying,
  },
  {
    name: 'the readers of a file that replaces another one',
    file: 'subgraphs/serve/workflow/kinds/file-moves.ts',
    from: 'const reading = narrowedReading(record.envelope, originator, taken);',
    to: 'const reading = { ...narrowedReading(record.envelope, originator, taken), audience: record.envelope.audience };',
    project: 'parts',
    tests: reclassifying,
  },
  {
    name: 'the portions of a file that replaces another one',
    file: 'subgraphs/serve/workflow/kinds/other-records.ts',
    from: "portions: portions.filter(({ path }) => Object.hasOwn(taken, path.split('.')[0] ?? '')),",
    to: 'portions: portions.filter(() => taken === null),',
    project: 'parts',
    tests: reclassifying,
  },
  {
    name: 'the originator of a file that another one replaces',
    file: 'subgraphs/serve/workflow/kinds/file-moves.ts',
    from: 'const envelope = { ...newEnvelope(this.parts, kind, beforeEffects, reading), originator };',
    to: 'const envelope = newEnvelope(this.parts, kind, beforeEffects, reading);',
    project: 'parts',
    tests: reclassifying,
  },
  {
    name: 'the new file of a regime that ENISA, as the originator, must not read',
    file: 'subgraphs/serve/workflow/kinds/file-moves.ts',
    from: 'this.#refuseOfPlatform(of, originator, opening);',
    to: '',
    project: 'parts',
    tests: reclassifying,
  },
  {
    name: 'the ground of Art. 5 before ENISA stated an incident of the platform',
    file: 'subgraphs/serve/workflow/kinds/platform-incidents.ts',
    from: "if (input['ground'] !== ground ||",
    to: "if (input['ground'] === ground ||",
    project: 'parts',
    tests: platform,
  },
  {
    name: 'the withholdings on the ground of Art. 5 after it ended',
    file: 'subgraphs/serve/workflow/kinds/platform-incidents.ts',
    from: 'if (!hasIncident) await endWithholdings(',
    to: 'if (hasIncident) await endWithholdings(',
    project: 'parts',
    tests: platform,
  },
  {
    name: 'an incident of the platform in an exercise, apart from the real picture',
    file: 'subgraphs/serve/workflow/kinds/platform-incidents.ts',
    from: "return found?.envelope.exercise ?? 'real';",
    to: "return found === null ? '' : 'real';",
    project: 'parts',
    tests: platform,
  },
];

import type { Guard } from './guard.ts';

/** Guards of runs of procedures. */
export const running: readonly Guard[] = [
  {
    name: 'the order of the steps of a run',
    file: 'subgraphs/serve/workflow/kinds/step-grounds.ts',
    from: 'if (open.length === 0) return;',
    to: 'if (open.length >= 0) return;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/runs.test',
  },
  {
    name: 'the person who performs a step',
    file: 'subgraphs/serve/workflow/relations.ts',
    from: 'if (person !== undefined && !isPerson(values[person], reader.subject)) return false;',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/runs.test',
  },
  {
    name: 'the procedure of a run, for who may read it only',
    file: 'subgraphs/serve/workflow/kinds/run-start.ts',
    from: `await find.envelope(kind, id) : null;
    const row =
      envelope === null ? null : this.parts.policy.decideRow(envelope, type, this.parts.readerAccess);`,
    to: `((await find.record(kind, id))?.envelope ?? null) : null;
    const row = { hidden: new Set<string>() };`,
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-starts',
  },
  {
    name: 'the case of a run, only while it is open',
    file: 'subgraphs/serve/workflow/kinds/run-start.ts',
    from: 'return runningStates.has(state) ? lead : null;',
    to: 'return lead;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-starts',
  },
  {
    name: 'the readers of the steps that a run copies',
    file: 'subgraphs/serve/workflow/first-moves.ts',
    from: 'copied?.refuseReaders(plain);',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-starts',
  },
  {
    name: 'the leading organisation of a run, from its case',
    file: 'subgraphs/serve/workflow/first-moves.ts',
    from: 'const given = { ...taken, ...copied?.content };',
    to: 'const given = { ...copied?.content, ...taken };',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-starts',
  },
  {
    name: 'the readers of a run to whom a step is offered',
    file: 'subgraphs/serve/workflow/kinds/step-grounds.ts',
    from: 'if ([...envelope.audience.organisations, envelope.originator].includes(recipient)) return null;',
    to: 'if (recipient !== null) return null;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/runs.test',
  },
  {
    name: 'the second person of a must step',
    file: 'subgraphs/serve/workflow/kinds/step-grounds.ts',
    from: 'return last !== null && last.by.subject !== readerAccess.reader.subject',
    to: 'return last !== null',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/runs.test',
  },
  {
    name: 'the proposal of a run after a hold, for its parties only',
    file: 'subgraphs/serve/workflow/kinds/run-proposals.ts',
    from: 'if (knownTo === null || knownTo.includes(lead))',
    to: 'if (knownTo === null || knownTo.length > 0)',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-proposals',
  },
  {
    name: 'the lead of an imported case, only if it may read the case',
    file: 'subgraphs/serve/workflow/kinds/run-proposals.ts',
    from: 'const isNamed = lead === originator || audience.organisations.includes(lead);',
    to: 'const isNamed = lead !== originator || audience.organisations.includes(lead);',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-proposals',
  },
  {
    name: 'the lead of an imported case, only if it may read that it leads',
    file: 'subgraphs/serve/workflow/kinds/run-proposals.ts',
    from: 'return isNamed && isOver && !isHidden &&',
    to: 'return isNamed && isOver &&',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/run-proposals',
  },
];

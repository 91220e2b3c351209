import type { Guard } from './guard.ts';

/** The guards of searches. */
export const searching: readonly Guard[] = [
  {
    name: 'the words of a hit in fields that the reader may find, decided again',
    file: 'subgraphs/serve/search/excerpt.ts',
    from: 'return lacking.size > 0 || lacksPrefix || phrases.size > 0 ? null : matches;',
    to: 'return phrases.size > 0 ? null : matches;',
    project: 'parts',
    tests: 'test/subgraphs/serve/search/search',
  },
  {
    name: 'the right to search a field of a hit',
    file: 'subgraphs/serve/search/excerpt.ts',
    from: 'if (row.decision.hidden.has(field) || !isFindable(field)) continue;',
    to: 'if (row.decision.hidden.has(field)) continue;',
    project: 'parts',
    tests: 'test/subgraphs/serve/search/search',
  },
  {
    name: 'the words of a marked field in rows of its own keys',
    file: 'subgraphs/serve/search/rows.ts',
    from: 'new Set([name]);',
    to: 'new Set<string>();',
    project: 'parts',
    tests: 'test/subgraphs/serve/search/search',
  },
  {
    name: 'the limit of the phrases of a search',
    file: 'subgraphs/serve/search/search-page.ts',
    from: 'if (phrases.length > queryLimits.phrases)',
    to: 'if (phrases.length > 1000)',
    project: 'parts',
    tests: 'test/subgraphs/serve/search/search',
  },
];

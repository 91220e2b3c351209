/** A kind of hostile query. `body` returns the body of a request; each turn gives another document. */
export type Kind = { readonly name: string; readonly summary: string; body(turn: number): string };

const deep = 60;
const wide = 2500;

/** The kinds of hostile queries. The hub refuses each of them. */
export const kinds: readonly Kind[] = [
  {
    name: 'fragment-bomb',
    summary: '24 fragments that spread the next one twice',
    body: (turn) => {
      const fragments = Array.from({ length: 24 }, (_, at) => {
        const next = at === 23 ? 'name' : spreadTwice(at + 1);
        return `fragment F${at} on Vulnerability { ${next} }`;
      });
      return bodyOf(`query Q${turn} { vulnerability(id: "CVE-2025-1") { ...F0 } } ${fragments.join(' ')}`);
    },
  },
  {
    name: 'aliases',
    summary: `${wide} aliases of one root field`,
    body: (turn) =>
      bodyOf(`query Q${turn} { ${repeat(wide, (at) => `a${at}: memberState(code: "FR") { name }`)} }`),
  },
  {
    name: 'deep-nesting',
    summary: `${deep} levels of lists`,
    body: (turn) => {
      const open = 'advisories { nodes { vulnerabilities { '.repeat(deep / 3);
      return bodyOf(`query Q${turn} { ${open} id ${'} } }'.repeat(deep / 3)} }`);
    },
  },
  {
    name: 'large-variables',
    summary: '200 KB of variables of the wrong type',
    body: (turn) =>
      bodyOf(`query Q${turn}($n: Int) { advisories(first: $n) { nodes { id } } }`, {
        n: 'x'.repeat(200_000),
      }),
  },
  {
    name: 'directives',
    summary: '5,000 directives on one field',
    body: (turn) =>
      bodyOf(`query Q${turn} { memberState(code: "FR") { name ${'@include(if: true) '.repeat(5000)} } }`),
  },
  {
    name: 'operations',
    summary: '1,000 operations in one document',
    body: (turn) => bodyOf(repeat(1000, (at) => `query Q${turn}_${at} { memberState(code: "FR") { name } }`)),
  },
];

function spreadTwice(next: number): string {
  return (
    `a: advisories { nodes { vulnerabilities { ...F${next} } } } ` +
    `b: mispEvents { nodes { vulnerabilities { ...F${next} } } }`
  );
}

function repeat(times: number, one: (at: number) => string): string {
  return Array.from({ length: times }, (_, at) => one(at)).join(' ');
}

function bodyOf(query: string, variables: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ query, variables });
}

import { type ConstDirectiveNode, Kind, visit } from 'graphql';
import { type Subgraph, textOf } from './subgraph.ts';

/** Directives that only describe, or that the checks of what moves between subgraphs look at. */
const taken = new Set(
  [
    'link deprecated specifiedBy oneOf',
    'key shareable inaccessible tag cost listSize',
    'external requires provides override context fromContext',
  ].flatMap((names) => names.split(' ')),
);
const builtIn: readonly string[] = ['link', 'deprecated', 'specifiedBy', 'oneOf'];
const rootNames: Readonly<Record<string, string>> = {
  query: 'Query',
  mutation: 'Mutation',
  subscription: 'Subscription',
};
const federation = /^https:\/\/specs\.apollo\.dev\/federation\/v2\.\d+$/;

/**
 * Directives that would change what the policy means, one a line: one under another name, one of a subgraph's own, one
 * that says who may read (the policy stands beside the graph: composition merges directives by force), one that was
 * not imported, and root types under other names.
 */
export function findForeignDirectives({ document }: Subgraph): readonly string[] {
  const faults: string[] = [];
  const links: ConstDirectiveNode[] = [];
  const used = new Set<string>();
  visit(document, {
    DirectiveDefinition: ({ name }) => void faults.push(`@${name.value}: a directive of a subgraph's own`),
    OperationTypeDefinition: ({ type, operation }) => {
      if (type.name.value !== rootNames[operation])
        faults.push(`${type.name.value}: a root type under another name than its own`);
    },
    Directive: (directive) => {
      used.add(directive.name.value);
      if (directive.name.value === 'link') links.push(directive as ConstDirectiveNode);
    },
  });
  const imported = links.flatMap((link) => readLink(link, faults));
  for (const name of [...used, ...imported].filter((one, at, all) => all.indexOf(one) === at)) {
    if (!taken.has(name)) faults.push(`@${name}: a directive that the policy does not know`);
    else if (!builtIn.includes(name) && !imported.includes(name))
      faults.push(`@${name}: it is used and not imported from the federation`);
  }
  if (links.length === 0) faults.push('@link: the file does not link to the federation');
  return faults;
}

/** The directives that a link imports. */
function readLink(link: ConstDirectiveNode, faults: string[]): readonly string[] {
  const url = textOf(link, 'url') ?? '';
  if (!federation.test(url)) faults.push(`@link: expected the federation's own specification, got ${url}`);
  if (textOf(link, 'as') !== undefined)
    faults.push(`@link: the federation is renamed to ${textOf(link, 'as')}`);
  const list = link.arguments?.find(({ name }) => name.value === 'import')?.value;
  return (list?.kind === Kind.LIST ? list.values : []).flatMap((one) => {
    if (one.kind === Kind.STRING) return one.value.startsWith('@') ? [one.value.slice(1)] : [];
    if (one.kind !== Kind.OBJECT) return [];
    const said = one.fields.map(({ value }) => (value.kind === Kind.STRING ? value.value : ''));
    faults.push(`@link: a directive is renamed: ${said.join(' as ')}`);
    return [];
  });
}

import { type ConstDirectiveNode, Kind, visit } from 'graphql';
import { type Subgraph, textOf } from './subgraph.ts';

/** Directives that only describe, or that the other checks of this folder inspect. */
const known = new Set(
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
 * Returns a message for each directive that could change the meaning of the policy: a directive that is renamed, not
 * imported, or defined in the subgraph, and one that grants access. The policy is kept outside the graph, because
 * composition merges directives and the laxer one can win. Also reports root types that are renamed.
 */
export function findForeignDirectives({ document }: Subgraph): readonly string[] {
  const faults: string[] = [];
  const links: ConstDirectiveNode[] = [];
  const used = new Set<string>();
  visit(document, {
    DirectiveDefinition: ({ name }) =>
      void faults.push(`@${name.value}: a subgraph must not define a directive`),
    OperationTypeDefinition: ({ type, operation }) => {
      if (type.name.value !== rootNames[operation])
        faults.push(`${type.name.value}: a root type must be called Query, Mutation or Subscription`);
    },
    Directive: (directive) => {
      used.add(directive.name.value);
      if (directive.name.value === 'link') links.push(directive as ConstDirectiveNode);
    },
  });
  const imported = links.flatMap((link) => readLink(link, faults));
  for (const name of [...used, ...imported].filter((one, at, all) => all.indexOf(one) === at)) {
    if (!known.has(name)) faults.push(`@${name}: not an allowed directive`);
    else if (!builtIn.includes(name) && !imported.includes(name))
      faults.push(`@${name}: used, but not imported from the federation specification`);
  }
  if (links.length === 0) faults.push('@link: the file has no @link to the federation specification');
  return faults;
}

/** Returns the directives that a link imports. */
function readLink(link: ConstDirectiveNode, faults: string[]): readonly string[] {
  const url = textOf(link, 'url') ?? '';
  if (!federation.test(url)) faults.push(`@link: expected the federation specification, got ${url}`);
  if (textOf(link, 'as') !== undefined)
    faults.push(`@link: the federation must not be renamed, got ${textOf(link, 'as')}`);
  const list = link.arguments?.find(({ name }) => name.value === 'import')?.value;
  return (list?.kind === Kind.LIST ? list.values : []).flatMap((one) => {
    if (one.kind === Kind.STRING) return one.value.startsWith('@') ? [one.value.slice(1)] : [];
    if (one.kind !== Kind.OBJECT) return [];
    const names = one.fields.map(({ value }) => (value.kind === Kind.STRING ? value.value : ''));
    faults.push(`@link: a directive must not be renamed, got ${names.join(' as ')}`);
    return [];
  });
}

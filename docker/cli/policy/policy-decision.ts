import type { Command } from 'commander';
import { z } from 'zod';
import { type Asking, askHub } from '../ask-hub.ts';
import { homeFolder } from '../../trial/home.ts';

const help = `
The id is what the hub sent as x-correlation-id and under extensions. It is asked of the hub that runs, as an auditor,
whose own question stands in the trail like any other. What was refused before an operation was decided (401, 429, a
document that does not parse) leaves no entry.

Example:
  npx hub policy decision 6f0f6a3e-7d0c-4f7e-9a43-3b6b8c1f2d10`;

type Flags = {
  readonly as: string;
  readonly picture: string;
  readonly inquiry?: string;
  readonly json?: boolean;
};

/** Adds `hub policy decision`: why something was refused, by the correlation id that the reader was given. */
export function addDecision(policy: Command): void {
  policy
    .command('decision')
    .description('why something was refused in a request, and what would have had to be true')
    .argument('<correlation-id>')
    .option('--as <reader>', 'the auditor who asks', 'policy-auditor')
    .option('--picture <picture>', 'of the request: real, or exercise:trial-2026', 'exercise:trial-2026')
    .option('--inquiry <case>', 'the case number, for an inspector')
    .option('--json', 'the same as JSON')
    .addHelpText('after', help)
    .action(async (correlationId: string, { as, picture, inquiry, json = false }: Flags) => {
      const decision = await askDecision(
        homeFolder(process.env),
        { as, picture },
        { id: correlationId, inquiry: inquiry ?? null },
      );
      if (decision === null)
        throw new Error(
          `the trail holds no request ${correlationId} of ${picture}: try --picture with the other one, and mind that ` +
            'what was refused before an operation was decided (401, 429, a document that does not parse) leaves no entry',
        );
      process.stdout.write(json ? `${JSON.stringify(decision, null, 2)}\n` : tellDecision(decision));
    });
}

const texts = z.array(z.string());
const rule = z.object({ id: z.string(), text: z.string() });
const decisionShape = z.object({
  at: z.string(),
  organisation: z.string(),
  picture: z.string(),
  purpose: z.string().nullable(),
  policy: z.string(),
  note: z.string().nullable(),
  reader: z
    .object({
      communities: texts,
      memberState: z.string().nullable(),
      roles: texts,
      sharingGroups: texts,
      onScreen: z.boolean(),
      classes: texts.nullable(),
    })
    .nullable(),
  refused: z.array(
    z.object({
      coordinate: z.string(),
      ways: z
        .array(
          z.object({ rule, missing: z.array(z.object({ text: z.string() })), prohibitedBy: z.array(rule) }),
        )
        .nullable(),
    }),
  ),
});
type Decision = z.infer<typeof decisionShape>;

const question = `query Decision($id: String!, $inquiry: String) {
  decision(correlationId: $id, inquiry: $inquiry) {
    at organisation picture purpose policy note
    reader { communities memberState roles sharingGroups onScreen classes }
    refused {
      coordinate
      ways { rule { id text } missing { text } prohibitedBy { id text } }
    }
  }
}`;

const answerShape = z.object({ decision: decisionShape.nullable() });

async function askDecision(
  home: string,
  who: Asking,
  variables: { readonly id: string; readonly inquiry: string | null },
): Promise<Decision | null> {
  const asked = { query: question, variables };
  return (await askHub(home, who, asked, answerShape)).decision;
}

function tellDecision({
  at,
  organisation,
  picture,
  purpose,
  policy,
  reader,
  refused,
  note,
}: Decision): string {
  const attributes =
    reader === null
      ? []
      : [
          `  roles: ${orNone(reader.roles)}; classes: ${orNone(reader.classes ?? [])}`,
          `  communities: ${orNone(reader.communities)}; Member State: ${reader.memberState ?? 'none'}`,
          `  sharing groups: ${orNone(reader.sharingGroups)}; ${reader.onScreen ? '' : 'not '}on screen`,
        ];
  const lines = [
    `${at}: a reader of ${organisation}, in ${picture}, for ${purpose ?? 'no stated purpose'}, under ${policy}`,
    ...attributes,
    ...refused.flatMap(({ coordinate, ways }) => [`refused: ${coordinate}`, ...formatWays(ways)]),
    ...(note === null ? [] : [`note: ${note}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function formatWays(ways: Decision['refused'][number]['ways']): readonly string[] {
  if (ways === null) return [];
  if (ways.length === 0) return ['  no rule permits it to anybody'];
  return ways.flatMap((way) => [
    `  ${way.rule.id} ${way.rule.text}`,
    ...way.missing.map(({ text }) => `    missing: ${text}`),
    ...way.prohibitedBy.map(({ id, text }) => `    prohibited by ${id}: ${text}`),
  ]);
}

function orNone(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}

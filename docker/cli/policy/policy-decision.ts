import type { Command } from 'commander';
import { z } from 'zod';
import { type Asking, askHub } from '../ask-hub.ts';
import { homeFolder } from '../../trial/home.ts';

const help = `
The hub sends the correlation id in the header x-correlation-id and in the answer's extensions. This command asks the
running hub as an auditor; this question is recorded in the audit log too. A request that was rejected before the policy
decided about it (401, 429, a document that does not parse) has no entry.

Example:
  npx hub policy decision 6f0f6a3e-7d0c-4f7e-9a43-3b6b8c1f2d10`;

type Flags = {
  readonly as: string;
  readonly picture: string;
  readonly inquiry?: string;
  readonly json?: boolean;
};

/** Adds `hub policy decision`, which explains a refusal by the correlation id of the request. */
export function addDecision(policy: Command): void {
  policy
    .command('decision')
    .description('explain why a request was refused, and which conditions were not met')
    .argument('<correlation-id>')
    .option('--as <reader>', "the trial's reader who asks: an auditor", 'policy-auditor')
    .option(
      '--picture <picture>',
      'the picture of the request: real, or exercise:trial-2026',
      'exercise:trial-2026',
    )
    .option('--inquiry <case>', 'the case number of the inquiry; an inspector must give one')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (correlationId: string, { as, picture, inquiry, json = false }: Flags) => {
      const decision = await askDecision(
        homeFolder(process.env),
        { as, picture },
        { id: correlationId, inquiry: inquiry ?? null },
      );
      if (decision === null)
        throw new Error(
          `the audit log has no request ${correlationId} in ${picture}: check the id and --picture. A request that was ` +
            'rejected before the policy decided about it (401, 429, a document that does not parse) has no entry',
        );
      process.stdout.write(json ? `${JSON.stringify(decision, null, 2)}\n` : formatDecision(decision));
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

const query = `query Decision($id: String!, $inquiry: String) {
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
  asking: Asking,
  variables: { readonly id: string; readonly inquiry: string | null },
): Promise<Decision | null> {
  return (await askHub(home, asking, { query, variables }, answerShape)).decision;
}

function formatDecision({
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
    `${at}: a reader of ${organisation}, in ${picture}, with ${purpose === null ? 'no stated purpose' : `the purpose ${purpose}`}, under ${policy}`,
    ...attributes,
    ...refused.flatMap(({ coordinate, ways }) => [`refused: ${coordinate}`, ...formatWays(ways)]),
    ...(note === null ? [] : [`note: ${note}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function formatWays(ways: Decision['refused'][number]['ways']): readonly string[] {
  if (ways === null) return [];
  if (ways.length === 0) return ['  no rule permits it to any reader'];
  return ways.flatMap((way) => [
    `  ${way.rule.id} ${way.rule.text}`,
    ...way.missing.map(({ text }) => `    missing: ${text}`),
    ...way.prohibitedBy.map(({ id, text }) => `    prohibited by ${id}: ${text}`),
  ]);
}

function orNone(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}

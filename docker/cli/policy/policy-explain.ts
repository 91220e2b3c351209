import type { Command } from 'commander';
import { explainField } from '../../../schema/policy/explain/explain-field.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { findAction } from '../../../schema/policy/explain/question.ts';
import { show } from '../../../schema/policy/explain/show.ts';
import { formatField, formatRules, formatWho } from '../../../schema/policy/explain/format-explanation.ts';
import { who } from '../../../schema/policy/explain/who.ts';
import { homeFolder } from '../../trial/home.ts';
import { addDecision } from './policy-decision.ts';
import { readEnvelope, readerFromTrial } from './policy-record.ts';

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Adds the commands that explain the policy: `hub policy show`, `who`, `explain` and `decision`. */
export function addExplainCommands(policy: Command): void {
  addShow(policy);
  addWho(policy);
  addExplain(policy);
  addDecision(policy);
}

function addShow(policy: Command): void {
  policy
    .command('show')
    .description('print every rule that applies to a field, by action')
    .argument('<coordinate>', 'Type.field')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx hub policy show NotificationFile.entityName')
    .action((coordinate: string, { json }: Flags) => {
      const shown = show(readPolicy(), coordinate);
      write(json, shown, formatRules(shown));
    });
}

function addWho(policy: Command): void {
  policy
    .command('who')
    .description(
      'list the readers who can perform an action on a field, under which conditions, and those who never can',
    )
    .requiredOption(
      '--can <action>',
      'the action: read, search, aggregate, subscribe, export, change and others',
    )
    .argument('<coordinate>', 'Type.field')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx hub policy who --can read NotificationFile.entityName')
    .action((coordinate: string, { can, json }: Flags) => {
      const answer = who(readPolicy(), findAction(String(can)), coordinate);
      write(json, answer, formatWho(answer));
    });
}

const explainHelp = `
Reads the record's envelope from its community's store with that community's credentials; never reads the content.
Exit codes: 0 the reader may read the field, 2 the reader may not, 1 it failed.

Example:
  npx hub policy explain --as europol-analyst --purpose crime-prevention --record MispEvent:... --field info`;

function addExplain(policy: Command): void {
  policy
    .command('explain')
    .description('explain why a reader may read a field of a record, or which conditions are not met')
    .requiredOption('--as <reader>', "one of the trial's readers, as `hub token --help` lists them")
    .requiredOption('--record <id>', 'the id of the record, as Type:...')
    .requiredOption('--field <field>', 'a field of the record')
    .option('--purpose <purpose>', 'the purpose to state, such as incident-response; one at most')
    .option('--picture <picture>', 'real, or exercise:trial-2026', 'exercise:trial-2026')
    .option('--strong', 'as an interactive reader who logged in with the second factor (on screen)')
    .option('--json', 'print JSON')
    .addHelpText('after', explainHelp)
    .action(async ({ as, record, field, json, ...stated }: Flags) => {
      const home = homeFolder(process.env);
      const compiled = readPolicy();
      const [kind = ''] = String(record).split(':');
      show(compiled, `${kind}.${String(field)}`);
      const now = new Date();
      const readerAccess = compiled.accessOf(await readerFromTrial(home, String(as), stated, now), now);
      const envelope = await readEnvelope(home, compiled, String(record));
      const explained = explainField(compiled, readerAccess, kind, envelope, String(field));
      write(json, explained, formatField(explained));
      process.exitCode = explained.allowed ? 0 : 2;
    });
}

function write(json: unknown, value: unknown, text: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, withoutSets, 2)}\n` : text);
}

/** Writes sets as lists and maps as objects. */
function withoutSets(_name: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  return value instanceof Map ? Object.fromEntries(value) : value;
}

import type { Command } from 'commander';
import { explainField } from '../../../schema/policy/explain/explain-field.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { findAction } from '../../../schema/policy/explain/question.ts';
import { show } from '../../../schema/policy/explain/show.ts';
import { formatField, formatRules, formatWho } from '../../../schema/policy/explain/format-explanation.ts';
import { who } from '../../../schema/policy/explain/who.ts';
import { homeFolder } from '../../trial/home.ts';
import { addDecision } from './policy-decision.ts';
import { readEnvelope, readerAtHand } from './policy-record.ts';

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** The commands that ask the policy: `hub policy show`, `who`, `explain` and `decision`. */
export function addExplainCommands(policy: Command): void {
  addShow(policy);
  addWho(policy);
  addExplain(policy);
  addDecision(policy);
}

function addShow(policy: Command): void {
  policy
    .command('show')
    .description('every rule that speaks of a field, by action, in words')
    .argument('<coordinate>', 'Type.field')
    .option('--json', 'the same as JSON')
    .addHelpText('after', '\nExample:\n  npx hub policy show NotificationFile.entityName')
    .action((coordinate: string, { json }: Flags) => {
      const shown = show(readPolicy(), coordinate);
      write(json, shown, formatRules(shown));
    });
}

function addWho(policy: Command): void {
  policy
    .command('who')
    .description('which readers can do something to a field, under which conditions, and who never can')
    .requiredOption('--can <action>', 'read, search, aggregate, subscribe, export, change and others')
    .argument('<coordinate>', 'Type.field')
    .option('--json', 'the same as JSON')
    .addHelpText('after', '\nExample:\n  npx hub policy who --can read NotificationFile.entityName')
    .action((coordinate: string, { can, json }: Flags) => {
      const told = who(readPolicy(), findAction(String(can)), coordinate);
      write(json, told, formatWho(told));
    });
}

const explainHelp = `
It reads the record's envelope from its community's own store, with that community's credentials, and never its content.
It ends with 0 where the reader may read the field, with 2 where not.

Example:
  npx hub policy explain --as europol-analyst --purpose crime-prevention --record MispEvent:... --field info`;

function addExplain(policy: Command): void {
  policy
    .command('explain')
    .description('why a reader may read a field of a record, or what would have had to be true')
    .requiredOption('--as <reader>', "one of the trial's readers, as `hub token --help` lists them")
    .requiredOption('--record <id>', 'the id of the record: Type:...')
    .requiredOption('--field <field>', 'a field of it')
    .option('--purpose <purpose>', 'the one purpose stated, such as incident-response')
    .option('--picture <picture>', 'real, or exercise:trial-2026', 'exercise:trial-2026')
    .option('--strong', 'on screen, with the second factor')
    .option('--json', 'the same as JSON')
    .addHelpText('after', explainHelp)
    .action(async ({ as, record, field, json, ...said }: Flags) => {
      const home = homeFolder(process.env);
      const compiled = readPolicy();
      const [kind = ''] = String(record).split(':');
      show(compiled, `${kind}.${String(field)}`);
      const now = new Date();
      const readerAccess = compiled.accessOf(await readerAtHand(home, String(as), said, now), now);
      const envelope = await readEnvelope(home, compiled, String(record));
      const explained = explainField(compiled, readerAccess, kind, envelope, String(field));
      write(json, explained, formatField(explained));
      process.exitCode = explained.allowed ? 0 : 2;
    });
}

function write(json: unknown, value: unknown, text: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, withoutSets, 2)}\n` : text);
}

/** Sets and maps of a rule as JSON has them: lists and objects. */
function withoutSets(_name: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  return value instanceof Map ? Object.fromEntries(value) : value;
}

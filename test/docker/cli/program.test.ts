import { expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createProgram } from '../../../docker/cli/program.ts';

/** The commands that do something, with the words that lead to each. */
function leavesOf(command: Command, path = ''): readonly (readonly [string, Command])[] {
  const name = `${path}${command.name()}`;
  if (command.commands.length === 0) return [[name, command]];
  return command.commands.flatMap((one) => leavesOf(one, `${name} `));
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

test('builds every command without running one', () => {
  expect(leavesOf(createProgram()).map(([name]) => name)).toEqual([
    'hub start',
    'hub token',
    'hub import',
    'hub operate',
    'hub migrate',
    'hub policy check',
    'hub policy diff',
    'hub policy table',
    'hub policy show',
    'hub policy who',
    'hub policy explain',
    'hub policy decision',
    'hub reads',
    'hub trail verify',
    'hub trail attempts',
    'hub revoke',
    'hub webhooks list',
    'hub webhooks dead',
    'hub webhooks resend',
    'hub webhooks enable',
    'hub deploy init',
    'hub deploy rotate-hub-key',
  ]);
});

test.each(leavesOf(createProgram()))(
  '`%s --help` describes the command and gives an example',
  (name, command) => {
    expect(command.description()).not.toBe('');
    const words = name === 'hub start' ? 'npm start' : `npx ${name}\\b`;
    expect(helpOf(command)).toMatch(new RegExp(`\\nExamples?:\\n {2}${words}`));
    for (const { description } of command.options) expect(description).not.toBe('');
  },
);

test('the wrapper starts the command line and needs no flag of Node', () => {
  const wrapper = join(import.meta.dirname, '../../../docker/cli/hub.mjs');
  const { status, stdout } = spawnSync(process.execPath, [wrapper, 'token', '--help'], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: hub token')]);
});

test('ends without a stack trace when the reader of its output closes the pipe', () => {
  const wrapper = join(import.meta.dirname, '../../../docker/cli/hub.mjs');
  const command = `"${process.execPath}" "${wrapper}" policy table --format csv | head -n 1`;
  const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  expect(stdout.split('\n')).toHaveLength(2);
  expect(stderr).not.toMatch(/EPIPE|^ {4}at /m);
});

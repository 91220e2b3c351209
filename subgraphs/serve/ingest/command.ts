import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { purposes, type Purpose, tlpScale, type Tlp } from '../../../schema/record/vocabulary.ts';
import type { CommunityPart } from '../graph/community.ts';
import { formatEndings } from './files.ts';
import { readTlp } from '../record/marking.ts';
import type { Defaults, Source } from './sources/source.ts';

/** The options of an import. */
export type Flags = {
  readonly source?: string;
  readonly originator?: string;
  readonly provider?: string;
  readonly speaksFor?: readonly string[];
  readonly tlp?: Tlp;
  readonly audience?: readonly string[];
  readonly person?: readonly string[];
  readonly purpose?: readonly Purpose[];
  readonly exercise?: string;
  readonly aliases?: string;
  readonly rejects: string;
  readonly each?: string;
  readonly preview?: boolean;
};

/** One import of a command: paths of one source, and the options. */
export type Run = { readonly paths: readonly string[]; readonly flags: Flags };

const listOfRuns = z.array(z.array(z.string()).min(1)).min(1);

/**
 * Returns the imports of a command line: one, or those in the file of `--each`, which inherit the other options. Throws
 * if there are no paths, or if one import of the list is invalid, before any import starts. Exits for `--help` and for
 * usage errors, as commander does.
 */
export function readRuns(
  community: CommunityPart,
  sources: readonly Source[],
  argv: readonly string[],
): readonly Run[] {
  const command = describe(community, sources).parse(argv);
  const flags = command.opts<Flags>();
  if (flags.each === undefined) {
    if (command.args.length === 0) throw new Error('expected files or folders to import, got none');
    return [{ paths: command.args, flags }];
  }
  if (command.args.length > 0) throw new Error('expected no paths with --each: the file lists them');
  return readList(flags.each).map((args, index) => {
    const one = describe(community, sources)
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    try {
      one.parse([...args], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      throw new Error(`${flags.each}, import ${index + 1}: ${error.message}`, { cause: error });
    }
    const own = one.opts<Flags>();
    if (one.args.length === 0 || own.each !== undefined)
      throw new Error(`${flags.each}, import ${index + 1}: expected paths and no --each`);
    const named = Object.entries(own).filter(([name]) => one.getOptionValueSource(name) === 'cli');
    return { paths: one.args, flags: { ...flags, ...Object.fromEntries(named) } };
  });
}

function readList(file: string): readonly (readonly string[])[] {
  try {
    return listOfRuns.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT')
      throw new Error(`${file}: no such file`, { cause: error });
    throw new Error(`${file}: expected a JSON list of lists of arguments`, { cause: error });
  }
}

function describe(community: CommunityPart, sources: readonly Source[]): Command {
  const list = sources
    .map((source) => `  ${source.name.padEnd(18)}${source.title}: ${source.expects}`)
    .join('\n');
  return new Command(`hub import ${community.name}`)
    .description(`Imports files into ${community.name}'s store.`)
    .argument('[paths...]', `files, or folders of ${formatEndings(sources)} files`)
    .option('--source <name>', 'kind of the files (default: detected from the first bytes)')
    .option(
      '--originator <organisation>',
      'organisation that asserts the records; those of others are rejected',
    )
    .option(
      '--speaks-for <organisations...>',
      'the only originators that the files may name besides the default (default: all except other communities)',
    )
    .option('--provider <organisation>', 'organisation that delivered the files')
    .addOption(
      new Option('--tlp <label>', `marking of records without one: ${tlpScale.join(', ')}`).argParser(
        takeTlp,
      ),
    )
    .option('--audience <organisations...>', 'recipients above GREEN')
    .option('--person <subjects...>', 'named persons, for RED')
    .addOption(
      new Option('--purpose <purposes...>', 'purposes that the records may be used for').choices(purposes),
    )
    .option('--exercise <id>', 'exercise that the records belong to, such as exercise:trial-2026')
    .option('--aliases <file>', 'MISP threat-actor galaxy with the aliases of names, imported first')
    .option(
      '--each <file>',
      'JSON list of imports, each a list of these arguments; they run one after the other',
    )
    .option('--preview', 'write nothing; show the readers that the records would admit')
    .option(
      '--rejects <folder>',
      'folder for the list of rejected records, with position and reason',
      'rejects',
    )
    .addHelpText(
      'after',
      `\nSources:\n${list}\n\nExit codes: 0 all records imported, 1 failed, 2 some rejected, 3 a classified record found.\n` +
        `A second run writes only new and changed records. It is safe to stop the command at any time.\n\n` +
        `Example:\n  npx hub import ${community.name} --tlp GREEN path/to/file.json\n` +
        `  npx hub import ${community.name} --each nightly.json    # [["a.json"], ["b.json", "--tlp", "GREEN"]]`,
    );
}

function takeTlp(label: string): Tlp {
  try {
    return readTlp(label.replace('AMBER_STRICT', 'AMBER+STRICT'));
  } catch {
    throw new InvalidArgumentError(`Expected one of ${tlpScale.join(', ')}.`);
  }
}

/** Returns a source's defaults with the options of the command line. */
export function withFlags(defaults: Defaults, flags: Flags): Defaults {
  const { originator, provider, speaksFor, tlp, audience, person, purpose, exercise } = flags;
  return {
    ...defaults,
    ...(originator === undefined ? {} : { originator, pinnedOriginator: originator }),
    ...(provider === undefined ? {} : { provider }),
    ...(speaksFor === undefined ? {} : { speaksFor }),
    ...(exercise === undefined ? {} : { exercise }),
    ...(purpose === undefined ? {} : { purposes: purpose }),
    ...(tlp === undefined ? {} : { marking: { ...defaults.marking, tlp }, isTlpGiven: true }),
    audience: {
      ...defaults.audience,
      ...(audience === undefined ? {} : { organisations: audience }),
      ...(person === undefined ? {} : { persons: person }),
    },
  };
}

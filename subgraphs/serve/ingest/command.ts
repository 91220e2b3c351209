import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { purposes, type Purpose, tlpScale, type Tlp } from '../../../schema/record/vocabulary.ts';
import type { CommunityPart } from '../graph/community.ts';
import { sayEndings } from './files.ts';
import { readTlp } from '../record/marking.ts';
import type { Defaults, Source } from './sources/source.ts';

/** What an import is told beside its paths. */
export type Flags = {
  readonly source?: string;
  readonly originator?: string;
  readonly provider?: string;
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

/** One import of a command: paths of one source, and what is said of them. */
export type Run = { readonly paths: readonly string[]; readonly flags: Flags };

const listOfRuns = z.array(z.array(z.string()).min(1)).min(1);

/**
 * What a command line asks for: one import, or those that the file of `--each` lists, which follow its flags where they
 * say nothing else. Throws where it is neither, and for the first of the list that cannot be read: none is made then.
 * Exits with help or a usage error as commander does.
 */
export function readRuns(
  community: CommunityPart,
  sources: readonly Source[],
  argv: readonly string[],
): readonly Run[] {
  const command = describe(community, sources).parse(argv);
  const flags = command.opts<Flags>();
  if (flags.each === undefined) {
    if (command.args.length === 0) throw new Error('no file to import: name files or folders');
    return [{ paths: command.args, flags }];
  }
  if (command.args.length > 0) throw new Error('--each names the paths: give none beside it');
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
    const said = one.opts<Flags>();
    if (one.args.length === 0 || said.each !== undefined)
      throw new Error(`${flags.each}, import ${index + 1}: expected paths, and no --each`);
    const named = Object.entries(said).filter(([name]) => one.getOptionValueSource(name) === 'cli');
    return { paths: one.args, flags: { ...flags, ...Object.fromEntries(named) } };
  });
}

function readList(file: string): readonly (readonly string[])[] {
  try {
    return listOfRuns.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT')
      throw new Error(`${file}: there is no such file`, { cause: error });
    throw new Error(`${file}: expected a JSON list of lists of arguments`, { cause: error });
  }
}

function describe(community: CommunityPart, sources: readonly Source[]): Command {
  const list = sources
    .map((source) => `  ${source.name.padEnd(18)}${source.title}: ${source.expects}`)
    .join('\n');
  return new Command(`hub import ${community.name}`)
    .description(`Takes files into ${community.name}'s own store.`)
    .argument('[paths...]', `files, or folders of ${sayEndings(sources)} files`)
    .option('--source <name>', 'which kind of file it is (found out by its first bytes otherwise)')
    .option('--originator <organisation>', 'who asserts the records; one that says another is rejected')
    .option('--provider <organisation>', 'through whom the files came')
    .addOption(
      new Option('--tlp <label>', `marking of records that say none: ${tlpScale.join(', ')}`).argParser(
        takeTlp,
      ),
    )
    .option('--audience <organisations...>', 'recipients above GREEN')
    .option('--person <subjects...>', 'named persons, for RED')
    .addOption(new Option('--purpose <purposes...>', 'what they are given for').choices(purposes))
    .option('--exercise <id>', 'the exercise that the records belong to, such as exercise:trial-2026')
    .option('--aliases <file>', 'a MISP threat-actor galaxy to resolve names by, taken in first')
    .option(
      '--each <file>',
      'a JSON list of imports, each a list of such arguments: made one after the other',
    )
    .option('--preview', 'write nothing: tell to whom the records would open')
    .option('--rejects <folder>', 'where rejected records are listed by place and reason', 'rejects')
    .addHelpText(
      'after',
      `\nSources:\n${list}\n\nExit codes: 0 all in, 1 failed, 2 some rejected, 3 a classified record met.\n` +
        `Running it again writes only what is new or changed; it may be stopped at any moment.\n\n` +
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

/** A source's defaults as the command line changes them. */
export function withFlags(defaults: Defaults, flags: Flags): Defaults {
  const { originator, provider, tlp, audience, person, purpose, exercise } = flags;
  return {
    ...defaults,
    ...(originator === undefined ? {} : { originator, pinnedOriginator: originator }),
    ...(provider === undefined ? {} : { provider }),
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

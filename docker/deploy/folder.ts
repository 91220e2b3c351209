import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { communities } from '../../schema/record/vocabulary.ts';

/** The store of each community and the hub's, as the services that run and prepare them are called. */
export const owners = ['hub', ...communities] as const;
export type Owner = (typeof owners)[number];

/** A folder of the files of one deployment: what is there is kept as it is, what is missing is made. */
export class DeploymentFolder {
  readonly path: string;
  readonly made: string[] = [];

  /** Opens the folder, which only its owner can enter. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o700);
  }

  /**
   * The text of a file, which is made whole or not at all where it is not there. The folder shuts everybody out, so the
   * files in it can be read by all: each service runs as a user of its own, and is given its own files and no others.
   */
  async once(name: string, make: () => string | Promise<string>): Promise<string> {
    const file = join(this.path, name);
    if (existsSync(file)) return readFileSync(file, 'utf8');
    const text = await make();
    this.replace(name, text);
    this.made.push(name);
    return text;
  }

  /** Puts a file in the place of another one, by rename: whoever reads it meets the one or the other. */
  replace(name: string, text: string): void {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, text);
    // The office's keys are for people, never for a service.
    chmodSync(`${file}.new`, name.startsWith('office/') ? 0o400 : 0o444);
    renameSync(`${file}.new`, file);
  }

  /** The text of a file that must be there. Throws, in words for an operator. */
  read(name: string): string {
    const file = join(this.path, name);
    if (!existsSync(file)) throw new Error(`${file} is not there: run hub deploy init first`);
    return readFileSync(file, 'utf8');
  }
}

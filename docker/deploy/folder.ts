import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { communities } from '../../schema/record/vocabulary.ts';

/** The owners of stores: the hub and each community. `store-OWNER` and `setup-OWNER` are services. */
export const owners = ['hub', ...communities] as const;
export type Owner = (typeof owners)[number];

/** The folder of one deployment's files. Existing files are kept; missing ones are made. */
export class DeploymentFolder {
  readonly path: string;
  readonly made: string[] = [];

  /** Opens the folder; only its owner can enter it. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o700);
  }

  /**
   * Returns the text of a file; makes it atomically if it does not exist. The files are world-readable, because each service
   * runs as a different user and mounts only its own files. The folder itself (0700) keeps other users out.
   */
  async once(name: string, make: () => string | Promise<string>): Promise<string> {
    const file = join(this.path, name);
    if (existsSync(file)) return readFileSync(file, 'utf8');
    const text = await make();
    this.replace(name, text);
    this.made.push(name);
    return text;
  }

  /** Replaces a file by rename: a reader gets either the old or the new content. */
  replace(name: string, text: string): void {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, text);
    // No service reads the office's keys.
    chmodSync(`${file}.new`, name.startsWith('office/') ? 0o400 : 0o444);
    renameSync(`${file}.new`, file);
  }

  /** Returns whether a file exists. */
  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  /** Returns the text of a file. Throws if it does not exist. */
  read(name: string): string {
    const file = join(this.path, name);
    if (!existsSync(file)) throw new Error(`expected ${file}, found none: run \`hub deploy init\` first`);
    return readFileSync(file, 'utf8');
  }
}

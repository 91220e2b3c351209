import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietImports } from '../../../docker/cli/import.ts';

/** Imports one file after the other into a store that is killed: each is run again until it is all in. */
export class Imports {
  /** Files that are all in, and how often an import was broken off. */
  files = 0;
  brokenOff = 0;
  readonly records: number;
  readonly #home: string;
  readonly #uri: string;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(home: string, uri: string, records: number) {
    this.#home = home;
    this.#uri = uri;
    this.records = records;
    this.#running = this.#loop();
  }

  /** Ends when the file under way is all in. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const file = join(this.#home, 'kills.records.json');
      writeFileSync(file, fileOf(this.records, this.files));
      while (!(await this.#isIn(file))) this.brokenOff += 1;
      this.files += 1;
    }
  }

  async #isIn(file: string): Promise<boolean> {
    return await runQuietImports(this.#home, 'defence', this.#uri, [[file]]).then(
      () => true,
      () => false,
    );
  }
}

/** What an imported record says after so many files: another thing in each. */
export function importedJudgement(at: number, round: number): string {
  return `EXERCISE: imported ${at}, round ${round}`;
}

function fileOf(count: number, round: number): string {
  const records = Array.from({ length: count }, (_, at) => ({
    kind: 'DefenceAssessment',
    localId: `kills-${at}`,
    content: { subject: { vulnerability: 'CVE-2099-10002' }, judgement: importedJudgement(at, round) },
    marking: { tlp: 'GREEN' },
  }));
  return JSON.stringify({ format: 'jcu-records/1', records });
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietImports } from '../../../docker/cli/import.ts';

/** Imports one file after the other while the store is killed. Repeats each import until its file is complete. */
export class Imports {
  /** The numbers of complete files and of interrupted imports. */
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

  /** Stops when the current file is complete. */
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

/** Returns the content of an imported record after a number of files, which differs for each file. */
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

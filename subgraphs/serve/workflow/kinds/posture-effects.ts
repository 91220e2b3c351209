import { moveBySystem } from '../../../../schema/workflow/engine/system.ts';
import type { Content } from '../../record/content.ts';
import { recordsOf, schemaOf } from '../../store/collections.ts';
import type { Follow } from '../follow.ts';
import { bySystem } from '../move-steps.ts';
import { notCorrectable } from './posture-grounds.ts';
import { progressIn, writeMove } from '../progress-store.ts';

/** The moves of the system that an entry of a posture causes on the entry that it corrects. */
export const followsOfPostures: Readonly<Record<string, Follow>> = {
  'posture.record': async (store, at, made, session) => {
    const { supersedes } = at.content;
    if (typeof supersedes !== 'string') return;
    const stored = await progressIn(store).findOne({ _id: supersedes, workflow: 'posture' }, { session });
    const document = await recordsOf(store, 'Posture').findOne({ _id: supersedes }, { session });
    const record = document === null ? null : schemaOf(store, 'Posture').read(document);
    if (stored === null || record === null) throw notCorrectable();
    const content = record.content as Content;
    const known = { progress: stored.progress, fields: content };
    const progress = moveBySystem(at.of, 'supersede', known, made.recordedAt, at.endOf);
    // Of two corrections of one entry, the second one finds it superseded.
    if (progress === null) throw notCorrectable();
    const states = { from: stored.progress.state, to: progress.state };
    const move = { ...made, ...bySystem, ...states, record: supersedes, move: 'supersede' };
    const readers = record.envelope.audience.organisations;
    await writeMove(store, { ...at, content, readers }, move, { progress }, stored, session);
  },
};

import { MongoClient } from 'mongodb';
import { findReader } from '../../../docker/trial/issuer/readers.ts';
import { fetchToken } from '../../../docker/trial/issuer/token.ts';
import type { Trial } from '../../../docker/trial/trial.ts';
import type { Asker } from './client.ts';
import { groups } from './markings.ts';

/** A kind of reader for the measurements. */
export type BenchReader = {
  readonly name: string;
  readonly title: string;
  readonly as: string;
  readonly purpose?: string;
  /** The journeys of the reader; all if absent. */
  readonly journeys?: readonly string[];
};

const connectedAs = 'fr-csirt-analyst';
/** The number of sharing groups of the well-connected reader, who holds two keys and one for each group. */
const connectedGroups = 60;

export const readers: readonly BenchReader[] = [
  {
    name: 'broad',
    title: 'an analyst of CERT-EU with a purpose: CLEAR, GREEN, its own and what it is named for',
    as: 'cert-eu-analyst',
    purpose: 'incident-response',
  },
  { name: 'narrow', title: 'a private partner: CLEAR only', as: 'private-partner' },
  {
    name: 'connected',
    title: `an analyst of a CSIRT in ${connectedGroups} sharing groups, each a key held`,
    as: connectedAs,
    purpose: 'incident-response',
    journeys: [
      'join',
      'join-popular',
      'join-25',
      'join-25-popular',
      'first-cert-eu',
      'deep-cert-eu',
      'deep-tied',
    ],
  },
];

/** Adds the well-connected reader to its sharing groups. */
export async function seedGroups(trial: Trial): Promise<void> {
  const client = new MongoClient(trial.stores.uris.hub);
  try {
    const _id = findReader(connectedAs)?.subject ?? '';
    const sharingGroups = groups.slice(0, connectedGroups);
    await client
      .db()
      .collection<{ _id: string }>('memberships')
      .updateOne({ _id }, { $set: { sharingGroups } });
  } finally {
    await client.close();
  }
}

/** Returns the reader with a fresh token for the real picture. */
export async function askerOf(trial: Trial, reader: BenchReader): Promise<Asker> {
  const { as, purpose } = reader;
  const home = trial.home.folder;
  const { accessToken } = await fetchToken({ issuer: trial.issuer, home, as, purpose, picture: 'real' });
  return { url: trial.url, token: accessToken };
}

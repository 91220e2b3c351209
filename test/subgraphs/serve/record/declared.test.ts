import { expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { declared } from '../../../../subgraphs/serve/record/declared.ts';

/** The paths of a mongoose definition. */
const pathsOf = (definition: mongoose.SchemaDefinition) =>
  Object.keys(new mongoose.Schema(definition, { _id: false }).paths);

test('stores the fields of the input where a record type has one', () => {
  const { content, filters } = declared('enisa', 'QuarterlySummary', 'summaries', { filters: ['quarter'] });
  expect(pathsOf(content)).toContain('quarter');
  expect(filters).toEqual({ quarter: 'content.quarter' });
});

test('stores the fields of the object type where it has no input, without its id, envelope and lists of records', () => {
  const { content } = declared('cert-eu', 'MispEvent', 'events');
  expect(pathsOf(content)).toEqual([
    'uuid',
    'info',
    'date',
    'threatLevel',
    'analysis',
    'distribution',
    'tags',
    'techniques',
    'actors',
    'vulnerabilities',
  ]);
});

test('stores a reference as a key', () => {
  const { content } = declared('cert-eu', 'Sighting', 'sightings');
  expect([content['event'], content['indicator'], content['toIds']]).toEqual([String, String, Boolean]);
});

test('stores a search key and compares it in the filter', () => {
  const { content, filters } = declared('europol', 'RansomwareFamily', 'families', {
    filters: ['decryptorAvailable'],
    searchKeys: { name: 'nameKey' },
  });
  expect([content['name'], content['nameKey']]).toEqual([String, String]);
  expect(filters).toEqual({
    decryptorAvailable: 'content.decryptorAvailable',
    name: 'content.nameKey',
  });
});

const declare = (then: string) => () =>
  declared('joint-unit', 'ResponseTeam', 'teams', { timesInOrder: [['members.dutyFrom', then]] });

test('rejects times in order that the content does not have', () => {
  expect(declare('members.dutyTo')).not.toThrow();
  for (const path of ['members.dutyTil', 'members', 'dutyTo', 'name'])
    expect(declare(path)).toThrow(`timesInOrder of ResponseTeam: ${path} is not a time`);
});

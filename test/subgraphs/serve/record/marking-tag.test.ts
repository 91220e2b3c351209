import { describe, expect, test } from '@jest/globals';
import { readMarkingTag, strictestOf } from '../../../../subgraphs/serve/record/marking-tag.ts';

const reasonOf = (tag: string): unknown => {
  try {
    return readMarkingTag(tag);
  } catch (error) {
    return (error as { reason?: unknown }).reason;
  }
};

describe('a tag about TLP or PAP', () => {
  test.each([
    'tlp:red',
    'TLP:RED',
    'TLP-RED',
    'TLP RED',
    'TLP_RED',
    'tlp="red"',
    "tlp='red'",
    'tlp=\u201cred\u201d',
    'TLP：ＲＥＤ',
    'tlp\u200b:\u200bred',
    '\ufefft\u00adlp:red',
    'TLP:RED:',
    'TLPRED',
    '[TLP:RED]',
    'TLP 2.0: RED',
    'tlp2:red',
    'Traffic Light Protocol: Red',
    'traffic-light-protocol:red',
    'trafficlightprotocol=red',
    'iep:traffic-light-protocol="RED"',
    'iep2-policy:tlp="red"',
    'internal:note="TLP RED"',
    'тlp:rеd',
    'red tlp',
    'tlp colour red',
  ])('%s is RED', (tag) => expect(readMarkingTag(tag)).toEqual({ tlp: 'RED' }));

  test.each([
    ['tlp:amber+strict', { tlp: 'AMBER_STRICT' }],
    ['TLP AMBER STRICT', { tlp: 'AMBER_STRICT' }],
    ['tlp:amber_strict', { tlp: 'AMBER_STRICT' }],
    ['tlp:ámber', { tlp: 'AMBER' }],
    ['TLP: CLEAR', { tlp: 'CLEAR' }],
    ['tlp:white', { tlp: 'CLEAR', rawTlp: 'tlp:white' }],
    ['PAP:WHITE', { pap: 'CLEAR' }],
    ['pap-red', { pap: 'RED' }],
    ['Permissible Actions Protocol: AMBER', { pap: 'AMBER' }],
    ['local:pap="green"', { pap: 'GREEN' }],
  ])('%s', (tag, marking) => expect(readMarkingTag(tag)).toEqual(marking));

  test.each([
    'tlp:ex:chr',
    'tlp:',
    'TLP',
    'tlp:purple',
    'tlp:red or amber',
    'tlp:amber for CSIRTs',
    'PAP:PURPLE',
    'iep2-policy:tlp="must"',
  ])('refuses %s', (tag) => expect(reasonOf(tag)).toBe('WRONG_MARKING'));

  test('the message has at most 80 characters of the tag', () => {
    expect(() => readMarkingTag(`tlp:${'x'.repeat(500)}`)).toThrow(/^.{1,160}$/);
  });
});

test.each([
  '',
  'type:OSINT',
  'misp-galaxy:tool="PAP"',
  'misp-galaxy:threat-actor="Red Apollo"',
  'protocol:pap',
  'paper',
  'atlp',
  'colour:red',
  'http://x.example/?tlp',
])('the tag %j is not about a marking', (tag) =>
  expect(reasonOf(tag) ?? null).toEqual(tag.includes('?tlp') ? 'WRONG_MARKING' : null),
);

test('the strictest of several tags decides, each scale separately', () => {
  expect(
    strictestOf([
      { tlp: 'GREEN', pap: 'RED' },
      { tlp: 'CLEAR', rawTlp: 'tlp:white' },
    ]),
  ).toEqual({
    tlp: 'GREEN',
    pap: 'RED',
  });
});

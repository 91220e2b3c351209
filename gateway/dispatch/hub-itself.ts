import type { Reader } from '../../schema/protocol/reader.ts';

/** The hub itself: it has no access to any record. */
export const hub: Reader = {
  subject: '',
  organisation: '',
  communities: [],
  memberState: null,
  roles: [],
  sharingGroups: [],
  onwardShares: [],
  grants: [],
  agreements: [],
  offices: [],
  client: 'machine',
  purpose: null,
  picture: 'none',
  onScreen: false,
};

/** Returns the body of an attacker's request. Each turn gives another document. */
export type HostileRequest = (turn: number) => string;

const vulnerability = 'vulnerability(id: "CVE-2099-10001")';

/** The lists of a Member State. */
const lists = [
  'attributions',
  'capabilities',
  'coordinatedDisclosures',
  'craNotifications',
  'cyberIncidents',
  'defenceAssessments',
  'defenceUnits',
  'dutyContacts',
  'exploitation',
  'jointCaseRecords',
  'maliciousActivityCases',
  'mobilisations',
  'notificationFiles',
  'operations',
  'quarterlySummaries',
  'responsePlans',
  'situationReports',
  'unionIncidents',
];

/** The requests by the name of the attack. */
export const hostileRequests: Readonly<Record<string, HostileRequest>> = {
  'fragment-spreads': (turn) => (turn % 2 === 0 ? spreadsWithinLimits(turn) : tooManySpreads(turn)),
  totals: (turn) => {
    const totals = lists.map((name) => `${name} { total { value } }`).join(' ');
    return bodyOf(`query Totals${turn} { memberStates { code ${totals} } }`);
  },
  'large-documents': largeDocument,
  'many-large-documents': largeDocument,
  'unused-variables': (turn) => {
    const unused = Array.from({ length: 100 }, (_, at) => [`unused${at}`, 'x'.repeat(1000)]);
    const query = `query Unused${turn} { memberState(code: "FR") { name } }`;
    return bodyOf(query, Object.fromEntries(unused) as Readonly<Record<string, string>>);
  },
};

/** About 20 KB: 900 spreads of 190 fragments, which are 1,801 selections. */
function spreadsWithinLimits(turn: number): string {
  const spreads = Array.from({ length: 900 }, (_, at) => `...${nameAt(at)}`).join(' ');
  const fragments = Array.from(
    { length: 190 },
    (_, at) => `fragment ${nameAt(at)} on Vulnerability { name }`,
  );
  return bodyOf(`query Spreads${turn} { ${vulnerability} { ${spreads} } } ${fragments.join(' ')}`);
}

function nameAt(at: number): string {
  return `Fragment${at % 190}`;
}

/** 20 KB with 4,000 selections, twice as many as a document may have. */
function tooManySpreads(turn: number): string {
  const spreads = '...F '.repeat(4000);
  return bodyOf(
    `query Spreads${turn} { ${vulnerability} { ${spreads} } } fragment F on Vulnerability { name }`,
  );
}

/** 150 KB: 200 fields, each with an alias of 740 characters. */
function largeDocument(turn: number): string {
  const fields = Array.from({ length: 200 }, (_, at) => `${`a${turn}_${at}_`.padEnd(740, 'x')}: name`);
  return bodyOf(`{ ${vulnerability} { ${fields.join(' ')} } }`);
}

function bodyOf(query: string, variables: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ query, variables });
}

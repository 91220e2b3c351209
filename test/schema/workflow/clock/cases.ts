/** A period that was counted by hand from the articles, before the code was run. */
export type Case = {
  readonly clock: string;
  readonly variant?: string | undefined;
  readonly calendar: string;
  readonly zone?: string | undefined;
  readonly from: string;
  readonly due: string;
  readonly latest: string;
  readonly awareAt?: string | undefined;
  readonly statedEnd?: string | undefined;
  readonly rule?: string | undefined;
  readonly why: string;
};

/*
 * Times are local times of the addressee with their offset. `due` and `latest` are the ends; `=` means that both are the
 * same instant. A clock has its variant after a slash, a calendar its zone after a space.
 */

/** Periods in hours that Regulation 1182/71 counts: the hour of the event is not counted, and nothing moves them. */
const hours = `
  clock                          | calendar           | from                          | due                           | latest                 | with                    | why
  nis2-24                        | de                 | 2026-03-02T10:20+01:00        | 2026-03-03T10:20+01:00        | 2026-03-03T11:00+01:00 | rule regulation-1182-71 | the hour of the event is not counted
  nis2-24                        | de                 | 2026-03-02T10:00+01:00        | 2026-03-03T10:00+01:00        | 2026-03-03T11:00+01:00 |                         | an event on the hour falls in the hour that begins
  nis2-24                        | de                 | 2026-03-02T10:59:59.999+01:00 | 2026-03-03T10:59:59.999+01:00 | 2026-03-03T11:00+01:00 |                         | an event in the last millisecond of an hour
  nis2-24                        | de                 | 2026-03-06T17:45+01:00        | 2026-03-07T17:45+01:00        | 2026-03-07T18:00+01:00 |                         | runs through a Saturday
  nis2-24                        | fr                 | 2025-12-31T23:30+01:00        | 2026-01-01T23:30+01:00        | 2026-01-02T00:00+01:00 |                         | runs through New Year and ends at midnight
  nis2-24                        | de                 | 2026-03-28T10:20+01:00        | 2026-03-29T11:20+02:00        | 2026-03-29T12:00+02:00 |                         | real hours when summer time begins
  nis2-24                        | de                 | 2026-10-24T10:20+02:00        | 2026-10-25T09:20+01:00        | 2026-10-25T10:00+01:00 |                         | real hours when summer time ends
  nis2-24                        | de                 | 2026-10-25T02:30+02:00        | 2026-10-26T01:30+01:00        | 2026-10-26T02:00+01:00 |                         | starts in the first of the two hours from 2 to 3
  nis2-24                        | de                 | 2026-10-25T02:30+01:00        | 2026-10-26T02:30+01:00        | 2026-10-26T03:00+01:00 |                         | starts in the second of the two hours from 2 to 3
  nis2-24                        | de                 | 2026-03-29T01:59+01:00        | 2026-03-30T02:59+02:00        | 2026-03-30T03:00+02:00 |                         | starts in the hour before the hour that does not exist
  nis2-24                        | de                 | 2028-02-28T14:05+01:00        | 2028-02-29T14:05+01:00        | 2028-02-29T15:00+01:00 |                         | ends on 29 February
  nis2-72                        | de                 | 2026-04-02T16:10+02:00        | 2026-04-05T16:10+02:00        | 2026-04-05T17:00+02:00 |                         | ends on Easter Sunday and does not move
  nis2-72/trust-service-provider | de                 | 2026-04-02T16:10+02:00        | 2026-04-03T16:10+02:00        | 2026-04-03T17:00+02:00 |                         | has 24 hours for a trust service provider
  nis2-72                        | fi                 | 2026-06-18T09:15+03:00        | 2026-06-21T09:15+03:00        | 2026-06-21T10:00+03:00 |                         | runs through Midsummer and its Sunday
  nis2-72                        | pt Atlantic/Azores | 2026-03-27T23:30-01:00        | 2026-03-31T00:30+00:00        | 2026-03-31T01:00+00:00 |                         | counts real hours in the Azores, where summer time begins at midnight
  cra-24                         | gr                 | 2026-03-25T08:00:01+02:00     | 2026-03-26T08:00:01+02:00     | 2026-03-26T09:00+02:00 |                         | starts on a public holiday
  cra-72                         | ie                 | 2026-03-27T12:30+00:00        | 2026-03-30T13:30+01:00        | 2026-03-30T14:00+01:00 |                         | counts real hours when Irish summer time begins
  gdpr-72                        | it                 | 2026-05-01T18:40+02:00        | 2026-05-04T18:40+02:00        | 2026-05-04T19:00+02:00 |                         | starts on Labour Day and runs through a weekend
  gdpr-72/edps                   | eu                 | 2026-12-23T16:01+01:00        | 2026-12-26T16:01+01:00        | 2026-12-26T17:00+01:00 |                         | runs through the holidays of the institutions
  gdpr-72/led                    | es Atlantic/Canary | 2026-07-10T11:11+01:00        | 2026-07-13T11:11+01:00        | 2026-07-13T12:00+01:00 |                         | counts for a police authority in the Canary Islands
  cer-24                         | pl                 | 2026-11-10T07:59+01:00        | 2026-11-11T07:59+01:00        | 2026-11-11T08:00+01:00 |                         | ends on Independence Day
  reg-2841-24                    | eu                 | 2026-07-20T22:15+02:00        | 2026-07-21T22:15+02:00        | 2026-07-21T23:00+02:00 |                         | ends on the Belgian National Day
  reg-2841-72                    | eu                 | 2026-12-30T13:00+01:00        | 2027-01-02T13:00+01:00        | 2027-01-02T14:00+01:00 |                         | ends on a Saturday in the next year
  res-48                         | eu                 | 2026-06-05T17:30+02:00        | 2026-06-07T17:30+02:00        | 2026-06-07T18:00+02:00 |                         | ends on a Sunday
  res-48                         | eu Europe/Athens   | 2026-06-05T18:30+03:00        | 2026-06-07T18:30+03:00        | 2026-06-07T19:00+03:00 |                         | ends at the same instant in Athens
`;

/** DORA: four hours from the classification, 24 hours from awareness, and noon of the next working day. */
const dora = `
  clock                | calendar | from                   | due                    | latest                 | with                                                          | why
  dora-4               | lu       | 2026-03-03T09:40+01:00 | 2026-03-03T13:40+01:00 | 2026-03-03T14:00+01:00 | awareAt 2026-03-03T08:15+01:00                                | ends four hours after the classification
  dora-4               | lu       | 2026-03-03T08:30+01:00 | 2026-03-03T10:20+01:00 | 2026-03-03T11:00+01:00 | awareAt 2026-03-02T10:20+01:00                                | ends 24 hours after awareness if that is earlier
  dora-4               | lu       | 2026-03-03T15:10+01:00 | 2026-03-03T19:10+01:00 | 2026-03-03T20:00+01:00 | awareAt 2026-03-02T10:20+01:00                                | has four hours if it was classified after the 24 hours
  dora-4               | lu       | 2026-03-03T10:40+01:00 | 2026-03-03T10:40+01:00 | 2026-03-03T11:00+01:00 | awareAt 2026-03-02T10:20+01:00                                | is due at once if it was classified in the last of the 24 hours
  dora-4/weekend-rule  | at       | 2026-03-07T10:30+01:00 | 2026-03-09T12:00+01:00 | =                      | awareAt 2026-03-07T09:00+01:00, rule noon-of-next-working-day | ends at noon on Monday if it ends on a Saturday
  dora-4               | at       | 2026-03-07T10:30+01:00 | 2026-03-07T14:30+01:00 | 2026-03-07T15:00+01:00 | awareAt 2026-03-07T09:00+01:00                                | ends on a Saturday without the weekend rule
  dora-4/weekend-rule  | at       | 2026-03-06T21:30+01:00 | 2026-03-09T12:00+01:00 | =                      | awareAt 2026-03-06T20:00+01:00                                | moves if it ends after midnight on a Saturday
  dora-4/weekend-rule  | at       | 2026-03-06T19:30+01:00 | 2026-03-06T23:30+01:00 | 2026-03-07T00:00+01:00 | awareAt 2026-03-06T19:10+01:00                                | stays if its last hour is the last hour of Friday
  dora-72              | at       | 2026-03-05T09:20+01:00 | 2026-03-08T09:20+01:00 | 2026-03-08T10:00+01:00 |                                                               | ends on a Sunday without the weekend rule
  dora-72/weekend-rule | at       | 2026-03-05T09:20+01:00 | 2026-03-09T12:00+01:00 | =                      |                                                               | ends at noon on Monday if it ends on a Sunday
  dora-72/weekend-rule | de       | 2026-04-03T11:00+02:00 | 2026-04-07T12:00+02:00 | =                      |                                                               | ends at noon on Tuesday if it ends on Easter Monday
  dora-1m              | nl       | 2026-03-27T15:00+01:00 | 2026-04-28T12:00+02:00 | =                      | rule noon-of-next-working-day                                 | ends at noon after King's Day
  dora-1m              | fr       | 2026-02-10T15:00+01:00 | 2026-03-11T00:00+01:00 | =                      | rule regulation-1182-71                                       | ends with the day if it is a working day
  dora-1m              | lu       | 2026-01-31T15:00+01:00 | 2026-03-02T12:00+01:00 | =                      |                                                               | ends at noon on Monday if February ends on a Saturday
`;

/** Periods in days and months: they end with the last hour of a working day. `due` is 00:00 of the day after. */
const days = `
  clock            | calendar           | from                      | due                    | latest | with | why
  nis2-final       | de                 | 2026-01-31T09:00+01:00    | 2026-03-03T00:00+01:00 | =      |      | one month from 31 January: 28 February is a Saturday, so Monday
  nis2-final       | de                 | 2028-01-31T23:59+01:00    | 2028-03-01T00:00+01:00 | =      |      | one month from 31 January in a leap year
  nis2-final       | fr                 | 2024-01-31T12:00+01:00    | 2024-03-01T00:00+01:00 | =      |      | one month from 31 January in the leap year 2024
  nis2-final       | pl                 | 2026-03-31T10:00+02:00    | 2026-05-01T00:00+02:00 | =      |      | one month from 31 March is 30 April
  nis2-final       | de                 | 2026-02-28T10:00+01:00    | 2026-03-31T00:00+02:00 | =      |      | ends in summer time: 28 March is a Saturday, so Monday
  nis2-final       | de                 | 2026-04-01T10:00+02:00    | 2026-05-05T00:00+02:00 | =      |      | ends on Labour Day, a Friday, so Monday
  nis2-final       | dk                 | 2026-04-01T10:00+02:00    | 2026-05-02T00:00+02:00 | =      |      | does not move on 1 May in Denmark
  nis2-final       | se                 | 2026-05-19T10:00+02:00    | 2026-06-23T00:00+02:00 | =      |      | ends on Midsummer Eve, so Monday
  nis2-final       | bg                 | 2026-04-24T10:00+03:00    | 2026-05-27T00:00+03:00 | =      |      | ends on a Sunday holiday whose substitute is Monday, so Tuesday
  nis2-final       | gr                 | 2026-03-10T10:00+02:00    | 2026-04-15T00:00+03:00 | =      |      | ends on the orthodox Good Friday, so Tuesday
  nis2-final       | ro                 | 2026-05-01T10:00+03:00    | 2026-06-03T00:00+03:00 | =      |      | ends on the orthodox Whit Monday, so Tuesday
  nis2-after       | ie                 | 2026-09-26T10:00+01:00    | 2026-10-28T00:00+00:00 | =      |      | ends on the October Holiday, so Tuesday in winter time
  nis2-after       | pt Atlantic/Azores | 2026-06-30T23:30+00:00    | 2026-07-31T00:00+00:00 | =      |      | counts from the day in the Azores: 30 June
  nis2-after       | pt                 | 2026-07-01T00:30+01:00    | 2026-08-04T00:00+01:00 | =      |      | counts from the day in Lisbon at the same instant: 1 July
  nis2-plan        | ee                 | 2026-11-30T12:00+02:00    | 2027-03-02T00:00+02:00 | =      |      | three months from 30 November: 28 February is a Sunday, so Monday
  reg-2841-final   | eu                 | 2026-11-24T10:00+01:00    | 2027-01-05T00:00+01:00 | =      |      | ends in the year-end holidays of the institutions, so on 4 January
  reg-2841-after   | eu                 | 2026-04-14T10:00+02:00    | 2026-05-19T00:00+02:00 | =      |      | ends on Ascension Day, and the day after is free, so Monday
  cra-14d          | de                 | 2026-03-02T10:00+01:00    | 2026-03-17T00:00+01:00 | =      |      | ends on a working day
  cra-14d          | de                 | 2026-03-14T10:00+01:00    | 2026-03-31T00:00+02:00 | =      |      | ends on a Saturday, so Monday after the change to summer time
  cra-14d          | cz                 | 2026-06-22T10:00+02:00    | 2026-07-08T00:00+02:00 | =      |      | ends on the Jan Hus Day, so Tuesday
  cra-14d          | hu                 | 2028-02-15T10:00+01:00    | 2028-03-01T00:00+01:00 | =      |      | ends on 29 February
  cra-1m           | es                 | 2026-10-08T10:00+02:00    | 2026-11-10T00:00+01:00 | =      |      | ends on a Sunday, so Monday in winter time
  cer-1m           | it                 | 2026-09-04T10:00+02:00    | 2026-10-06T00:00+02:00 | =      |      | ends on a Sunday that is a holiday, so Monday
  cer-1m           | lt                 | 2026-10-02T10:00+03:00    | 2026-11-04T00:00+02:00 | =      |      | ends on All Souls' Day, so Tuesday in winter time
  res-report       | lu                 | 2026-06-30T18:00+02:00    | 2026-09-01T00:00+02:00 | =      |      | two months end on a Sunday, so Monday
  res-report       | at                 | 2025-12-31T18:00+01:00    | 2026-03-03T00:00+01:00 | =      |      | two months from 31 December: 28 February is a Saturday, so Monday
  nis2-quarter     | be                 | 2026-03-31T23:59:59+02:00 | 2026-05-01T00:00+02:00 | =      |      | counts from the last day of the quarter
  reg-2841-quarter | eu                 | 2026-06-30T23:59:59+02:00 | 2026-07-31T00:00+02:00 | =      |      | one month from 30 June is 30 July
  contact          | si                 | 2026-11-08T10:00+01:00    | 2027-02-10T00:00+01:00 | =      |      | ends on Preseren Day, so Tuesday
  agreement-return | hr                 | 2026-05-05T10:00+02:00    | 2026-06-06T00:00+02:00 | =      |      | ends on Corpus Christi, so Friday
  aar-report       | mt                 | 2026-01-30T17:00+01:00    | 2026-04-02T00:00+02:00 | =      |      | 60 days end on Freedom Day, so Wednesday
  lesson-accept    | lv                 | 2026-04-04T10:00+03:00    | 2026-05-06T00:00+03:00 | =      |      | 30 days end on a holiday, so Tuesday
`;

/** Periods in working days of the addressee. */
const workingDays = `
  clock            | calendar | from                   | due                    | latest | with | why
  rfi-routine      | de       | 2026-03-26T16:00+01:00 | 2026-04-03T00:00+02:00 | =      |      | counts five working days over a weekend
  rfi-routine      | de       | 2026-04-01T16:00+02:00 | 2026-04-11T00:00+02:00 | =      |      | does not count the four days of Easter
  recall           | fr       | 2026-05-07T16:00+02:00 | 2026-05-12T00:00+02:00 | =      |      | does not count Victory Day in France
  recall           | de       | 2026-05-07T16:00+02:00 | 2026-05-09T00:00+02:00 | =      |      | counts the same day in Germany
  silence/plan     | be       | 2026-07-20T16:00+02:00 | 2026-07-29T00:00+02:00 | =      |      | does not count the National Day for a plan
  emergency-report | ro       | 2026-11-27T10:00+02:00 | 2026-12-09T00:00+02:00 | =      |      | does not count two holidays in a row
  hit-consent      | cy       | 2026-04-09T10:00+03:00 | 2026-04-21T00:00+03:00 | =      |      | does not count the orthodox Easter
  training-record  | sk       | 2026-12-23T10:00+01:00 | 2027-01-05T00:00+01:00 | =      |      | continues in the next year
  feedback         | nl       | 2026-04-24T10:00+02:00 | 2026-05-13T00:00+02:00 | =      |      | does not count King's Day and Liberation Day
  hit-ask          | ee       | 2026-06-19T10:00+03:00 | 2026-06-23T00:00+03:00 | =      |      | ends on the Monday after a Friday
`;

/** Periods of practice: they count from the instant. */
const practice = `
  clock          | calendar | from                   | due                    | latest | with                                          | why
  rfi-flash      | de       | 2026-03-02T10:20+01:00 | 2026-03-02T11:20+01:00 | =      | rule plain                                    | counts from the instant
  rfi-flash      | de       | 2026-03-02T10:20+01:00 | 2026-03-02T10:50+01:00 | =      | statedEnd 2026-03-02T10:50+01:00, rule stated | ends when the asker says
  rfi-immediate  | pl       | 2026-03-02T22:30+01:00 | 2026-03-03T02:30+01:00 | =      |                                               | runs through midnight
  rfi-priority   | de       | 2026-03-28T10:20+01:00 | 2026-03-29T11:20+02:00 | =      |                                               | counts real hours when summer time begins
  rfi-close      | be       | 2026-06-01T12:00+02:00 | 2026-06-02T12:00+02:00 | =      |                                               | closes a day after the answers
  hold-answer    | nl       | 2026-06-06T23:15+02:00 | 2026-06-07T01:15+02:00 | =      |                                               | has two hours at night
  hold           | nl       | 2026-06-05T12:00+02:00 | 2026-06-08T12:00+02:00 | =      | statedEnd 2026-06-08T12:00+02:00, rule stated | ends as agreed, at most 72 hours later
  hold-break     | nl       | 2026-06-05T23:45+02:00 | 2026-06-06T00:15+02:00 | =      |                                               | counts minutes
  silence        | eu       | 2026-06-05T12:00+02:00 | 2026-06-07T12:00+02:00 | =      |                                               | has 48 hours
  silence/crisis | eu       | 2026-06-05T12:00+02:00 | 2026-06-05T14:00+02:00 | =      |                                               | has two hours in a crisis
  silence/short  | eu       | 2026-06-05T12:00+02:00 | 2026-06-06T12:00+02:00 | =      |                                               | has 24 hours for a short text
  recall-urgent  | de       | 2025-12-31T22:00+01:00 | 2026-01-01T02:00+01:00 | =      |                                               | has four hours on New Year
  book-offer     | de       | 2026-10-25T01:30+02:00 | 2026-10-25T04:30+01:00 | =      |                                               | counts real hours when summer time ends
  book-rest      | de       | 2026-06-05T12:00+02:00 | 2026-06-07T12:00+02:00 | =      |                                               | has 48 hours
  mob-incomplete | eu       | 2026-06-05T12:00+02:00 | 2026-06-05T16:00+02:00 | =      |                                               | has four hours
  tell-ack       | fi       | 2026-06-05T22:00+03:00 | 2026-06-06T02:00+03:00 | =      |                                               | has four hours
  handover       | eu       | 2026-06-05T23:50+02:00 | 2026-06-06T00:05+02:00 | =      |                                               | has 15 minutes at midnight
  emergency      | ro       | 2026-03-28T12:00+02:00 | 2026-03-29T13:00+03:00 | =      |                                               | has 24 real hours when summer time begins
  crrt-72        | lt       | 2026-06-05T12:00+03:00 | 2026-06-08T12:00+03:00 | =      |                                               | has 72 hours
  case-review    | eu       | 2026-06-05T20:00+02:00 | 2026-06-06T08:00+02:00 | =      |                                               | has 12 hours
  case-review-monitoring | eu | 2026-06-05T20:00+02:00 | 2026-06-13T00:00+02:00 | =  |        | has 7 days, also if the last one is a Friday before a weekend
  capability-confirm | eu | 2026-03-02T10:00+01:00 | 2027-03-03T00:00+01:00 | =  |        | has 12 months
  case-join      | bg       | 2026-06-05T20:00+03:00 | 2026-06-06T20:00+03:00 | =      |                                               | has 24 hours
  aar-debrief    | pt       | 2026-06-05T18:00+01:00 | 2026-06-07T18:00+01:00 | =      |                                               | has 48 hours
  cra-withhold   | fr       | 2026-06-05T12:00+02:00 | 2026-06-20T12:00+02:00 | =      | statedEnd 2026-06-20T12:00+02:00              | ends when the CSIRT stated
  lesson         | fr       | 2026-06-05T12:00+02:00 | 2027-01-31T12:00+01:00 | =      | statedEnd 2027-01-31T12:00+01:00              | ends when the owner stated
`;

/** Every case with a due time. */
export const cases: readonly Case[] = [hours, dora, days, workingDays, practice].flatMap(casesOf);

/** Clocks without a due time. `due` is the instant of the reminder. */
export const reminders: readonly Case[] = casesOf(`
  clock      | calendar | from                   | due                    | latest | with | why
  nis2-reply | de       | 2026-03-02T10:20+01:00 | 2026-03-03T10:20+01:00 | =      |      | reminds after 24 hours
  nis2-tell  | de       | 2026-03-02T10:20+01:00 | 2026-03-02T22:20+01:00 | =      |      | reminds after 12 hours
`);

function casesOf(table: string): readonly Case[] {
  const [, ...rows] = table.trim().split('\n');
  return rows.map((row) => {
    const [name = '', place = '', from = '', due = '', latest = '', terms = '', why = ''] = row
      .split('|')
      .map((cell) => cell.trim());
    const [clock = '', variant] = name.split('/');
    const [calendar = '', zone] = place.split(' ');
    const named = Object.fromEntries(terms.split(', ').map((term) => term.split(' ')));
    return {
      clock,
      variant,
      calendar,
      zone,
      from,
      due,
      latest: latest === '=' ? due : latest,
      ...named,
      why,
    };
  });
}

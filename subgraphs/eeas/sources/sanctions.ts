import { z } from 'zod';
import type { PersonalData, Time } from '../../../schema/record/envelope.ts';
import { contractOf, namedIn } from '../../serve/record/contract.ts';
import { orWarn } from '../../serve/ingest/sources/fields.ts';
import type { Edition, MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';

const texts = z.array(z.string()).optional();
const entity = z.looseObject({
  logicalId: z.tuple([z.string()]),
  euReferenceNumber: texts,
  designationDate: texts,
  designationDetails: texts,
  remark: z.array(z.union([z.string(), z.looseObject({ text: texts })])).optional(),
  regulation: z
    .array(
      z.looseObject({ regulationType: texts, publicationDate: texts, numberTitle: texts, programme: texts }),
    )
    .optional(),
  subjectType: z.tuple([z.looseObject({ code: texts, classificationCode: texts })]),
  nameAlias: z
    .array(
      z.looseObject({
        firstName: texts,
        middleName: texts,
        lastName: texts,
        wholeName: texts,
        function: texts,
        nameLanguage: texts,
        strong: texts,
      }),
    )
    .min(1),
  citizenship: z.array(z.looseObject({ countryIso2Code: texts })).optional(),
  birthdate: z
    .array(
      z.looseObject({
        circa: texts,
        birthdate: texts,
        year: texts,
        monthOfYear: texts,
        yearRangeFrom: texts,
        yearRangeTo: texts,
        city: texts,
        region: texts,
        place: texts,
        countryIso2Code: texts,
      }),
    )
    .optional(),
  identification: z
    .array(
      z.looseObject({
        identificationTypeCode: texts,
        number: texts,
        issuedBy: texts,
        countryIso2Code: texts,
      }),
    )
    .optional(),
  address: z
    .array(z.looseObject({ street: texts, city: texts, region: texts, place: texts, countryIso2Code: texts }))
    .optional(),
});

/** One entity of the Union's consolidated list of financial sanctions. */
export type SanctionEntity = z.infer<typeof entity>;

/**
 * The Union's consolidated list of financial sanctions. The Council is the originator of each listing and the Commission
 * its provider. Rejects a subject that is neither a person nor an entity, or has no name (WRONG_SHAPE).
 */
export const sanctions: Source<SanctionEntity> = {
  name: 'eu-sanctions',
  title: "the Union's consolidated list of financial sanctions",
  expects: 'an XML file whose root is "export", with elements "sanctionEntity"',
  locate: { at: 'element', name: 'sanctionEntity' },
  endings: ['.xml'],
  recognise: (head) => /<(?:\w{1,40}:)?export\b/.test(head) && /<(?:\w{1,40}:)?sanctionEntity\b/.test(head),
  shape: entity,
  tolerates: { strict: ['logicalId', 'subjectType', 'nameAlias'] },
  edition: editionOf,
  map: (raw, context) => [toListing(raw, context)],
  defaults: publicDefaults('council', 'commission'),
  resolves: true,
  mapping: 2,
};

/** Reads the version of the list: the time at which the Commission generated it, on the root element. */
function editionOf(outside: string): Edition | null {
  const text = /<(?:\w{1,40}:)?export\b[^>]{0,2000}?\bgenerationDate\s*=\s*["']([^"']{1,40})["']/.exec(
    outside,
  )?.[1];
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : { document: 'eu-consolidated-list', revision: [at] };
}

function toListing(raw: SanctionEntity, context: MapContext): Mapped {
  const subjectType = readSubject(raw);
  const listedAt = toTime(raw.designationDate, 'designationDate', context);
  const names = raw.nameAlias.map(toName);
  const content = {
    euReference: first(raw.euReferenceNumber),
    logicalId: raw.logicalId[0].trim(),
    ...toActs(raw, context),
    subjectType,
    names,
    birth: (raw.birthdate ?? []).flatMap((one, at) => toBirth(one, `birthdate.${at}`, context) ?? []),
    citizenship: (raw.citizenship ?? []).flatMap((one) => toCountry(one.countryIso2Code) ?? []),
    identification: (raw.identification ?? []).map(toIdentification),
    addresses: (raw.address ?? []).map(toAddress),
    function: names.find((name) => name.function !== null)?.function ?? null,
    statementOfReasons: toText(first(raw.designationDetails)),
    remark: toText(remarkOf(raw)),
    // The list gives neither the measures nor the incidents behind a listing.
    measures: [],
    listedAt,
    delistedAt: null,
    reviewDueAt: null,
    linkedIncidents: [],
    linkedActor: subjectType === 'ENTITY' ? findActor(names, context) : null,
    courtCase: null,
  };
  return {
    kind: 'SanctionsListing',
    localId: content.logicalId,
    content,
    sortAt: listedAt?.utc ?? null,
    says: {
      reportedAt: listedAt,
      personalData: subjectType === 'PERSON' ? listedPerson : null,
    },
    names: namedIn(contractOf('eeas'), { type: 'SanctionsListing' }, content, []).names,
  };
}

/** The personal data in the listing of a natural person. The list is public by law. */
const listedPerson: PersonalData = {
  present: true,
  categories: ['name', 'birth', 'citizenship', 'identification', 'address'],
  controller: 'commission',
  legalBasis: null,
  reviewAt: null,
  retainUntil: null,
  restricted: false,
};

function remarkOf({ remark = [] }: SanctionEntity): string | null {
  const found = remark
    .map((one) => (typeof one === 'string' ? one : (one.text?.[0] ?? '')))
    .map((text) => text.trim());
  return first([found.filter((text) => text !== '').join('\n')]);
}

function readSubject({ subjectType: [{ code, classificationCode }] }: SanctionEntity): 'PERSON' | 'ENTITY' {
  const type = (first(code) ?? first(classificationCode) ?? '').toLowerCase();
  if (type === 'person' || type === 'p') return 'PERSON';
  if (type === 'enterprise' || type === 'entity' || type === 'e') return 'ENTITY';
  throw new RejectError('WRONG_SHAPE', 'subjectType.code: expected person or enterprise');
}

/** Reads the legal acts. `2019/555 (OJ L97)` is an act and its reference in the Official Journal. */
function toActs({ regulation = [] }: SanctionEntity, context: MapContext) {
  const acts = regulation.map((one, index) => {
    const [, number = '', journal] = /^([^(]*)(?:\((OJ [^)]*)\))?/.exec(first(one.numberTitle) ?? '') ?? [];
    const at = toTime(one.publicationDate, `regulation.${index}.publicationDate`, context);
    return { number: number.trim(), journal: journal ?? null, type: first(one.regulationType), at };
  });
  const programmes = [...new Set(regulation.flatMap((one) => first(one.programme) ?? []))];
  const amending = acts.findLast((act) => act.type === 'amendment');
  return {
    programme: programmes[0] ?? null,
    programmes,
    legalBasis: [...new Set(acts.map((act) => act.number).filter((number) => number !== ''))],
    amendingAct: amending?.number || null,
    ojReference: acts.at(-1)?.journal ?? null,
    amendedAt: amending?.at ?? null,
  };
}

function toName(alias: SanctionEntity['nameAlias'][number]) {
  const parts = [alias.firstName, alias.middleName, alias.lastName].flatMap((part) => first(part) ?? []);
  const whole = first(alias.wholeName) ?? parts.join(' ');
  if (whole === '') throw new RejectError('WRONG_SHAPE', 'nameAlias.wholeName: expected a name');
  return {
    whole,
    strong: first(alias.strong) === null ? null : first(alias.strong) === 'true',
    language: first(alias.nameLanguage),
    script: null,
    function: first(alias.function),
  };
}

/** Reads a birth. Only the year of an approximate date (`circa`) is kept. Null if nothing is known. */
function toBirth(birth: NonNullable<SanctionEntity['birthdate']>[number], path: string, context: MapContext) {
  const isApproximate = first(birth.circa) === 'true';
  const [month, year] = [first(birth.monthOfYear), first(birth.year)];
  const written = month !== null && year !== null ? `${year}-${month.padStart(2, '0')}` : year;
  const [from, to] = [birth.yearRangeFrom, birth.yearRangeTo].map((one) => toYear(one));
  const known = {
    date:
      (isApproximate ? null : toTime(birth.birthdate, `${path}.birthdate`, context)) ??
      toTime(
        written === null ? undefined : [isApproximate ? (year ?? '') : written],
        `${path}.year`,
        context,
      ),
    yearFrom: from ?? null,
    yearTo: to ?? null,
    place: [birth.place, birth.city, birth.region].map(first).find((name) => name !== null) ?? null,
    country: toCountry(birth.countryIso2Code),
  };
  return Object.values(known).some((value) => value !== null) ? known : null;
}

function toYear(values: readonly string[] | undefined): number | null {
  const year = Number(first(values) ?? Number.NaN);
  return Number.isInteger(year) && year > 1000 && year < 3000 ? year : null;
}

function toIdentification(one: NonNullable<SanctionEntity['identification']>[number]) {
  return {
    kind: first(one.identificationTypeCode),
    number: first(one.number),
    issuedBy: first(one.issuedBy) ?? toCountry(one.countryIso2Code),
  };
}

function toAddress(one: NonNullable<SanctionEntity['address']>[number]) {
  return {
    street: first(one.street),
    city: first(one.city),
    place: [one.place, one.region].flatMap((part) => first(part) ?? []).join(', ') || null,
    country: toCountry(one.countryIso2Code),
  };
}

/** Finds the actor of the strong names in the alias tables. Null if they refer to none or to several. */
function findActor(names: readonly ReturnType<typeof toName>[], { resolveActor }: MapContext): string | null {
  const keys = names
    .filter((name) => name.strong !== false)
    .flatMap((name) => resolveActor(name.whole) ?? [])
    .filter((key) => !key.startsWith('ThreatActor:name:'));
  return new Set(keys).size === 1 ? (keys[0] ?? null) : null;
}

/** Returns the first value. Null if it is empty or a dash, which the list writes for unknown values. */
function first(values: readonly string[] | undefined): string | null {
  const value = values?.[0]?.trim() ?? '';
  return value === '' || value === '-' ? null : value;
}

/** Returns the country code. The list writes `00` for an unknown country. */
function toCountry(code: readonly string[] | undefined): string | null {
  const value = first(code);
  return value === '00' ? null : value;
}

function toTime(values: readonly string[] | undefined, path: string, context: MapContext): Time | null {
  const value = first(values);
  return value === null ? null : orWarn(context, path, value, () => parseTime(value));
}

function toText(value: string | null): { readonly value: string; readonly lang: string } | null {
  return value === null ? null : { value, lang: 'en' };
}

import { z } from 'zod';
import type { PersonalData, Time } from '../../../schema/record/envelope.ts';
import { contractOf, namedIn } from '../../serve/record/contract.ts';
import type { MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';

const words = z.array(z.string()).optional();
const entity = z.looseObject({
  logicalId: z.tuple([z.string()]),
  euReferenceNumber: words,
  designationDate: words,
  designationDetails: words,
  regulation: z
    .array(
      z.looseObject({ regulationType: words, publicationDate: words, numberTitle: words, programme: words }),
    )
    .optional(),
  subjectType: z.tuple([z.looseObject({ code: words, classificationCode: words })]),
  nameAlias: z
    .array(
      z.looseObject({
        firstName: words,
        middleName: words,
        lastName: words,
        wholeName: words,
        function: words,
        nameLanguage: words,
        strong: words,
      }),
    )
    .min(1),
  citizenship: z.array(z.looseObject({ countryIso2Code: words })).optional(),
  birthdate: z
    .array(
      z.looseObject({
        circa: words,
        birthdate: words,
        year: words,
        city: words,
        region: words,
        place: words,
        countryIso2Code: words,
      }),
    )
    .optional(),
  identification: z
    .array(
      z.looseObject({
        identificationTypeCode: words,
        number: words,
        issuedBy: words,
        countryIso2Code: words,
      }),
    )
    .optional(),
  address: z
    .array(z.looseObject({ street: words, city: words, region: words, place: words, countryIso2Code: words }))
    .optional(),
});

/** One entity of the Union's consolidated list of financial sanctions, as its attributes and elements. */
export type SanctionEntity = z.infer<typeof entity>;

/**
 * The consolidated list: each listing is the Council's, kept and published by the Commission. A subject that is neither
 * a person nor an entity, and one without a name, is refused (WRONG_SHAPE); so is a date that does not exist.
 */
export const sanctions: Source<SanctionEntity> = {
  name: 'eu-sanctions',
  title: "the Union's consolidated list of financial sanctions",
  expects: 'an XML file whose root is "export", with elements "sanctionEntity"',
  locate: { at: 'element', name: 'sanctionEntity' },
  endings: ['.xml'],
  recognise: (head) => /<(?:\w{1,40}:)?export\b/.test(head) && /<(?:\w{1,40}:)?sanctionEntity\b/.test(head),
  shape: entity,
  map: (raw, context) => [toListing(raw, context)],
  defaults: publicDefaults('council', 'commission'),
  resolves: true,
  mapping: 1,
};

function toListing(raw: SanctionEntity, context: MapContext): Mapped {
  const subjectType = readSubject(raw);
  const listedAt = toTime(raw.designationDate);
  const names = raw.nameAlias.map(toName);
  const content = {
    euReference: first(raw.euReferenceNumber),
    logicalId: raw.logicalId[0].trim(),
    ...toActs(raw),
    subjectType,
    names,
    birth: (raw.birthdate ?? []).map(toBirth),
    citizenship: (raw.citizenship ?? []).flatMap((one) => toCountry(one.countryIso2Code) ?? []),
    identification: (raw.identification ?? []).map(toIdentification),
    addresses: (raw.address ?? []).map(toAddress),
    function: names.find((name) => name.function !== null)?.function ?? null,
    statementOfReasons: toText(first(raw.designationDetails)),
    // The list says neither which measures apply nor what a listing rests on but its acts.
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
      personalData: subjectType === 'PERSON' ? ofAPerson : null,
    },
    names: namedIn(contractOf('eeas'), { type: 'SanctionsListing' }, content, []).names,
  };
}

/** What is published of natural persons who are listed: the list itself is public by law. */
const ofAPerson: PersonalData = {
  present: true,
  categories: ['name', 'birth', 'citizenship', 'identification', 'address'],
  controller: 'commission',
  legalBasis: null,
  reviewAt: null,
  retainUntil: null,
  restricted: false,
};

function readSubject({ subjectType: [{ code, classificationCode }] }: SanctionEntity): 'PERSON' | 'ENTITY' {
  const said = (first(code) ?? first(classificationCode) ?? '').toLowerCase();
  if (said === 'person' || said === 'p') return 'PERSON';
  if (said === 'enterprise' || said === 'entity' || said === 'e') return 'ENTITY';
  throw new RejectError('WRONG_SHAPE', 'subjectType.code: expected person or enterprise');
}

/** The acts that the list names: `2019/555 (OJ L97)` is an act and its place in the Official Journal. */
function toActs({ regulation = [] }: SanctionEntity) {
  const acts = regulation.map((one) => {
    const [, number = '', journal] = /^([^(]*)(?:\((OJ [^)]*)\))?/.exec(first(one.numberTitle) ?? '') ?? [];
    const at = toTime(one.publicationDate);
    return { number: number.trim(), journal: journal ?? null, type: first(one.regulationType), at };
  });
  const amending = acts.findLast((act) => act.type === 'amendment');
  return {
    programme: regulation.map((one) => first(one.programme)).find((name) => name !== null) ?? null,
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

/** A day that the list itself calls an approximate one is no more than its year. */
function toBirth(birth: NonNullable<SanctionEntity['birthdate']>[number]) {
  const isAbout = first(birth.circa) === 'true';
  return {
    date: (isAbout ? null : toTime(birth.birthdate)) ?? toTime(birth.year),
    place: [birth.place, birth.city, birth.region].map(first).find((name) => name !== null) ?? null,
    country: toCountry(birth.countryIso2Code),
  };
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

/** The one actor that the alias tables know a strong name of; none where the names lead to several. */
function findActor(names: readonly ReturnType<typeof toName>[], { resolveActor }: MapContext): string | null {
  const keys = names
    .filter((name) => name.strong !== false)
    .flatMap((name) => resolveActor(name.whole) ?? [])
    .filter((key) => !key.startsWith('ThreatActor:name:'));
  return new Set(keys).size === 1 ? (keys[0] ?? null) : null;
}

/** The list writes nothing, or a dash, where it does not know. */
function first(values: readonly string[] | undefined): string | null {
  const value = values?.[0]?.trim() ?? '';
  return value === '' || value === '-' ? null : value;
}

/** `00` is the list's word for a country that is not known. */
function toCountry(code: readonly string[] | undefined): string | null {
  const value = first(code);
  return value === '00' ? null : value;
}

function toTime(values: readonly string[] | undefined): Time | null {
  const value = first(values);
  return value === null ? null : parseTime(value);
}

function toText(value: string | null): { readonly value: string; readonly lang: string } | null {
  return value === null ? null : { value, lang: 'en' };
}

/** Makes a fictitious listing in the format of the Union's list, with further attributes and elements. */
export function listing(id: string, { attributes = '', inside = '', type = 'enterprise' } = {}): string {
  return `
  <sanctionEntity designationDate="2026-09-14" designationDetails="" unitedNationId="" euReferenceNumber="EU.${id}.1"
      logicalId="${id}" ${attributes}>
    <regulation regulationType="amendment" organisationType="council" publicationDate="2026-09-15"
        numberTitle="2026/9 (OJ L99)" programme="CYB" logicalId="1${id}">
      <publicationUrl>https://exercise.invalid/?a=1&amp;b=2</publicationUrl>
    </regulation>
    <subjectType code="${type}" classificationCode="${type === 'person' ? 'P' : 'E'}"/>
    <nameAlias firstName="" lastName="" wholeName="EXERCISE ${id}" function="" nameLanguage="EN" strong="true"/>
    ${inside}
  </sanctionEntity>`;
}

/** Makes a list of listings. */
export function listOf(listings: readonly string[], before = ''): string {
  const root = '<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-10-01T00:00:00Z">';
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${before}${root}${listings.join('')}\n</export>\n`;
}

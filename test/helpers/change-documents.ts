/** Changes by hand as clients send them: the operations of one community. */
export const create = `mutation Create($input: CreateDefenceAssessmentInput!) {
  createDefenceAssessment(input: $input) {
    record { id judgement subject { vulnerability { id } } envelope { version marking { tlp } originator { id } } }
    userErrors { code path message }
  }
}`;
export const update = `mutation Update($input: UpdateDefenceAssessmentInput!) {
  updateDefenceAssessment(input: $input) { record { id judgement envelope { version } } userErrors { code path } }
}`;
export const mark = `mutation Mark($input: MarkRecordInput!) { markDefenceRecord(input: $input) { id version userErrors { code } } }`;
export const link = `mutation Link($input: LinkRecordInput!) { linkDefenceRecord(input: $input) { id version userErrors { code } } }`;
export const retract = `mutation Retract($input: RetractRecordInput!) { retractDefenceRecord(input: $input) { id version userErrors { code } } }`;

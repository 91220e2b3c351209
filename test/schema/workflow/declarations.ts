/** A small complete declaration, as text. Tests break one line of it. */
export const light = `
format: jcu-workflow/1
section: W99
title: Traffic light
is: A light that an owner switches.
kind: Agreement
subject: record
relations:
  owner: { is: The owner of the light. }
  neighbour: { is: A person who lives next to it. }
  helper: { is: A helper of the owner who lives next to it., field: crew, with: neighbour }
states:
  red: { initial: true, is: Nobody goes. }
  green: { is: Everybody goes. }
  late: { is: Red for too long., computed: { from: [red], at: dueAt } }
  broken: { final: true, is: It no longer works. }
masks:
  - { from: neighbour, states: [broken], as: dark, is: The neighbour sees a dark light., at: dueAt, unless: shown }
fields:
  colour: { type: choice, choices: [old, new], is: The generation of the light. }
facts:
  dueAt: { type: instant, is: The time by which it must be green. }
  shown: { type: boolean, is: Whether neighbours see it. }
  crew: { type: organisations, is: Those who helped. }
  chief: { type: organisation, is: The one that helped last. }
moves:
  go:
    id: light.go
    from: [red]
    to: green
    by: [{ roles: [duty-officer], relation: owner }]
    input:
      dueAt: { type: instant, after: dueAt, is: The next time. }
    before: dueAt
    clock: switch
    basis: practice
  stop:
    id: light.stop
    from: [green]
    to: red
    by: [{ office: keeper, relation: owner }]
    when: { colour: [new] }
    sets: { crew: [{ add: mover }, { remove: chief }], chief: { set: mover }, dueAt: { clock: switch }, shown: true }
    basis: practice
  fail:
    id: light.fail
    from: any
    to: broken
    by: system
    basis: practice
  report:
    id: light.report
    from: [broken]
    by: [{ relation: neighbour }]
    basis: practice
`;

/** Offices and clocks for it. */
export const others = {
  'offices.yaml': `
format: jcu-offices/1
offices:
  keeper: { title: Keeper, is: Keeps lights., roles: [duty-officer], appointedBy: The owner, basis: practice }
`,
  'clocks.yaml': `
format: jcu-clocks/1
clocks:
  switch: {}
`,
} as const;

/** The tables that describe it. */
export const table = `
## Lights

### W99 Traffic light
States: \`red (i)\` (nobody goes), \`green\`, \`late (t)\`, \`broken (f)\`.

| move | from -> to | who | must state | by when | what follows | basis |
|---|---|---|---|---|---|---|
| light.go | red -> green | owner (K27) | next time | - | - | practice |
| light.stop | green -> red | owner | - | - | - | practice |
| light.fail | * -> broken | system | - | - | - | practice |
| light.report | broken (stays) | neighbour | - | - | - | practice |
`;

import { createHash } from 'node:crypto';
import type { PolicySource, Rule } from '../language/rules.ts';
import { countRows, type Table } from './table.ts';

/**
 * Formats tables as one self-contained HTML page for reading, searching and printing. It loads no script, font or image; its
 * own script only hides rows without the words that are searched for, and no other script can run. `reader` is the name of
 * the reader whose access the tables show, if they show one reader's.
 */
export function toHtml(tables: readonly Table[], source: PolicySource, reader?: string): string {
  const whose = reader === undefined ? 'by reader and record' : `of ${reader} by record`;
  const title = `Access ${whose}: joint baseline, version ${source.version}`;
  const used = new Set(tables.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.flat())));
  const rules = source.rules.filter(({ id, effect }) => used.has(id) || effect === 'prohibit');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${tables.length} tables, ${countRows(tables)} rows. Each cell names the rules that allow access; a dash means refused.
Access that is in no table, row or column is refused. Unless stated otherwise, a record is in the reader’s own picture,
validly marked and not classified. “opens” is the stricter of the TLP colour and the reach of the audience. A reader in
several relations has the access of all of them; “nobody in particular” is a reader in no relation that a rule names.</p>
<p><label>Search <input type="search" id="search" placeholder="words, such as: read sightings"></label> <output id="found"></output></p>
<nav><ol>${tables.map((table, at) => `<li><a href="#t${at + 1}">${escapeHtml(nameOf(table))}</a></li>`).join('')}</ol></nav>
${tables.map((table, at) => drawTable(table, at + 1)).join('\n')}
<h2 id="rules">The rules</h2>
<dl>${rules.map(drawRule).join('')}</dl>
<script>${script}</script>
</body>
</html>
`;
}

function nameOf({ may, groups, kinds }: Table): string {
  const several =
    kinds.length > 4 ? `${kinds.slice(0, 3).join(', ')} and ${kinds.length - 3} more` : kinds.join(', ');
  return `${may.join(', ')} the ${groups.join(', ')} of ${several}`;
}

function drawTable(table: Table, number: number): string {
  const { may, groups, kinds, never, columns, rows } = table;
  const heads = columns.map(
    (readers) => `<th scope="col">${readers.map((one) => `<p>${drawReaders(one)}</p>`).join('')}</th>`,
  );
  const nobody = never.length === 0 ? '' : `<p>Never by ${escapeHtml(never.join(', '))}.</p>`;
  return `<section id="t${number}">
<h2>${number}. ${escapeHtml(may.join(', '))} the ${escapeHtml(groups.join(', '))}</h2>
<p class="kinds">${escapeHtml(kinds.join(', '))}</p>${nobody}
<table><thead><tr><th scope="col">Records</th>${heads.join('')}</tr></thead>
<tbody>${rows.map(({ records, cells }) => drawRow(records, cells)).join('\n')}</tbody></table>
</section>`;
}

function drawRow(records: readonly string[], cells: readonly (readonly string[])[]): string {
  const heads = records.map((one) => `<p>${escapeHtml(one)}</p>`).join('');
  const decided = cells.map((rules) =>
    rules.length === 0
      ? '<td class="no" aria-label="refused">–</td>'
      : `<td class="yes">${rules.map((id) => `<a href="#${escapeHtml(id)}">${escapeHtml(id)}</a>`).join(' ')}</td>`,
  );
  return `<tr><th scope="row">${heads}</th>${decided.join('')}</tr>`;
}

/** Puts the classes on one line and the relation on the next. */
function drawReaders(text: string): string {
  const [who = '', ...relation] = text.split(', being ');
  return `${escapeHtml(who)}<br><em>${escapeHtml(relation.join(', being '))}</em>`;
}

function drawRule({ id, effect, because, source }: Rule): string {
  const verb = effect === 'permit' ? 'permits' : 'prohibits';
  return `<dt id="${escapeHtml(id)}">${escapeHtml(id)} ${verb}</dt><dd>${escapeHtml(because)} <small>${escapeHtml(source)}</small></dd>`;
}

/** Escapes text for HTML content and attribute values. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Shows the rows that have all words of the search in the row or in the headings of its table. */
const script = `
const search = document.getElementById('search');
const sections = [...document.querySelectorAll('section')].map((section) => ({
  section,
  head: [...section.querySelectorAll('h2, .kinds, thead th')].map((one) => one.textContent).join(' ').toLowerCase(),
  rows: [...section.querySelectorAll('tbody tr')].map((row) => ({ row, text: row.textContent.toLowerCase() })),
}));
search.addEventListener('input', () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
  let found = 0;
  for (const { section, head, rows } of sections) {
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word) || head.includes(word));
      if (!row.hidden) shown += 1;
    }
    section.hidden = shown === 0;
    found += shown;
  }
  document.getElementById('found').textContent = words.length === 0 ? '' : found + ' rows';
});
`;
const scriptHash = createHash('sha256').update(script).digest('base64');

const style = `
body{font:15px/1.45 system-ui,sans-serif;color:#1b1b1b;margin:2rem auto;padding:0 1.5rem;max-width:90rem}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.2rem 0 .2rem}
p{max-width:60rem;margin:.3rem 0}.kinds{color:#444}a{color:#0b4f8a}
nav ol{columns:2;column-gap:3rem;padding-left:1.6rem;font-size:.9rem}nav li{break-inside:avoid;margin:.15rem 0}
table{border-collapse:collapse;margin:.6rem 0;font-size:.85rem}
th,td{border:1px solid #c4c4c4;padding:.4rem .55rem;vertical-align:top;text-align:left}
thead th{background:#eef1f4;font-weight:600;min-width:7.5rem;max-width:15rem}thead th em{font-weight:400}
tbody th{font-weight:400;max-width:34rem;min-width:18rem}th p{margin:0}th p+p{border-top:1px dotted #999;margin-top:.3rem;padding-top:.3rem}
.yes{background:#e3f2e1}.yes a{color:#14501c;font-weight:600;text-decoration:none;white-space:nowrap}.no{color:#767676;text-align:center}
dl{font-size:.9rem;max-width:60rem}dt{font-weight:600;margin-top:.5rem}dd{margin:0 0 0 1.5rem}small{color:#555}
@media print{body{margin:0;padding:0;font-size:10px;max-width:none}nav{display:none}section{break-inside:avoid-page}
thead{display:table-header-group}tr{break-inside:avoid}.yes{-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{size:A4 landscape;margin:12mm}}
`;

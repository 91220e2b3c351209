import { createHash } from 'node:crypto';

/** The content of the login page. `refused` tells that the last try failed. */
export type LoginView = {
  readonly client: string;
  readonly purpose: string;
  readonly picture: string;
  readonly strong: boolean;
  readonly names: readonly string[];
  readonly secretsPath: string;
  readonly refused: boolean;
};

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; background: Canvas; color: CanvasText; }
main { box-sizing: border-box; width: min(26rem, 100vw); padding: 2rem; }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p { margin: .25rem 0 1rem; }
label { display: block; margin-top: .9rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .55rem; font: inherit; border: 1px solid GrayText; border-radius: .3rem; }
button { margin-top: 1.3rem; padding: .6rem 1.2rem; font: inherit; border: 1px solid #003399; border-radius: .3rem; background: #003399; color: #fff; }
button.plain { background: transparent; color: inherit; border-color: GrayText; }
:focus-visible { outline: 3px solid #ffcc00; outline-offset: 2px; }
.mark { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; border-radius: .3rem; font-size: .85rem; }
.refused { padding: .6rem; border-left: .3rem solid #c00; }
small { display: block; margin-top: 1.5rem; overflow-wrap: anywhere; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * Returns the headers of the issuer's pages: no scripts, no frames, one style by its hash. `target` is the origin that a
 * login redirects to: browsers apply `form-action` to the redirect after a form too.
 */
export function securityHeaders(target = ''): Record<string, string> {
  return {
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self' ${target}; base-uri 'none'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  };
}

/** Renders the login form, which works without scripts. */
export function loginPage(view: LoginView): string {
  const names = view.names.map((name) => `<option value="${escape(name)}">`).join('');
  return page(
    'Log in to the trial',
    `<p><span class="mark">EXERCISE</span> The people here are fictional.</p>
<p>The ${escape(view.client)} requests a token: ${escape(view.purpose)}, ${escape(view.picture)}.</p>
${view.refused ? '<p class="refused" role="alert">User, password or second factor is wrong.</p>' : ''}
<form method="post" autocomplete="off">
<label>User <input name="user" list="names" required autofocus></label>
<datalist id="names">${names}</datalist>
<label>Password <input name="password" type="password" required></label>
<label>Second factor${view.strong ? '' : ' (optional)'}
<input name="code" inputmode="numeric"${view.strong ? ' required' : ''}></label>
<button>Log in</button> <button class="plain" name="leave" value="yes" formnovalidate>Cancel</button>
</form>
<small>The passwords and second factors of this trial are in ${escape(view.secretsPath)}.</small>`,
  );
}

/** Renders a page that says why a request failed. */
export function errorPage(error: string, description: string): string {
  return page('The request failed', `<p class="refused">${escape(error)}</p><p>${escape(description)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

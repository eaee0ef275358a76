// Looks at pages as people do: light and dark, phone and desk. Fails on any accessibility violation, sideways
// scroll, console error or failed request.
//
//   node tests/browser/pages.mjs BASE_URL OUT_DIR [PATHS_FILE]
//
// PATHS_FILE has one path a line, after the status it should have where that is not 200 (`404 /releases/none`); `#`
// starts a comment. Without it, `/` alone is looked at. To sign in first, set
// PAGES_USER and PAGES_PASSWORD (and PAGES_SIGN_IN where the form is not at /sign-in). PAGES_CHROMIUM names another
// browser than /usr/bin/chromium.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';

const [base, out, pathsFile] = process.argv.slice(2);
if (!base || !out) {
  console.error('usage: node tests/browser/pages.mjs BASE_URL OUT_DIR [PATHS_FILE]');
  process.exit(2);
}
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const VIEWS = [
  { name: 'light-390', colorScheme: 'light', width: 390, height: 844 },
  { name: 'dark-390', colorScheme: 'dark', width: 390, height: 844 },
  { name: 'light-1440', colorScheme: 'light', width: 1440, height: 900 },
  { name: 'dark-1440', colorScheme: 'dark', width: 1440, height: 900 },
];
const env = process.env;
const lines = (file) => readFileSync(file, 'utf8').split('\n').map((l) => l.trim()).filter((l) => l && !l.startsWith('#'));
const paths = pathsFile ? lines(pathsFile) : ['/'];
mkdirSync(out, { recursive: true });

let passed = 0;
let failed = 0;
const say = (ok, what, problems) => {
  ok ? passed++ : failed++;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`);
  for (const problem of problems) console.log(`     ${problem}`);
};

async function signIn(context) {
  const page = await context.newPage();
  await page.goto(new URL(env.PAGES_SIGN_IN ?? '/sign-in', base).href);
  await page.fill('input[name=user]', env.PAGES_USER);
  await page.fill('input[name=password]', env.PAGES_PASSWORD ?? '');
  await Promise.all([page.waitForURL((url) => !url.pathname.endsWith('/sign-in'), { timeout: 10_000 }), page.keyboard.press('Enter')]);
  await page.close();
}

// An element that reaches past the right edge, to name the culprit and not only the symptom.
const overflow = () => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1);
  return wide.slice(-3).map((e) => `scrolls sideways: <${e.tagName.toLowerCase()} class="${e.getAttribute('class') ?? ''}">`);
};

async function look(context, line, view) {
  const [, wanted = '200', path] = line.match(/^(?:(\d{3})\s+)?(\S+)$/);
  const address = new URL(path, base);
  const page = await context.newPage();
  const problems = [];
  page.on('console', (m) => m.type() === 'error' && m.location().url !== address.href && problems.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => problems.push(`page error: ${e.message}`));
  page.on('requestfailed', (r) => problems.push(`request failed: ${r.url()}`));
  page.on('request', (r) => new URL(r.url()).origin === new URL(base).origin || r.url().startsWith('data:') || problems.push(`asks elsewhere: ${r.url()}`));
  const response = await page.goto(address.href, { waitUntil: 'load' });
  if (response.status() !== Number(wanted)) problems.push(`status ${response.status()}, not ${wanted}`);
  const ended = new URL(page.url());
  if (ended.pathname !== address.pathname) problems.push(`led to ${ended.pathname}`);
  const name = path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 80) || 'root';
  await page.screenshot({ path: join(out, `${name}-${view.name}.png`), fullPage: true });
  problems.push(...(await page.evaluate(overflow)));
  // What is folded away must be as good as the rest.
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  problems.push(...(await page.evaluate(overflow)));
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  for (const v of violations) {
    problems.push(`axe ${v.id}: ${v.help}`, ...v.nodes.slice(0, 3).map((n) => `  ${n.target.join(' ')}: ${n.any[0]?.message ?? n.html.slice(0, 120)}`));
  }
  say(problems.length === 0, `${path} ${view.name}`, problems);
  // Addresses that nobody knows before: the documents of a release.
  const found = await page.$$eval(`main a[href*="/evidence/"]`, (links) => links.map((a) => a.getAttribute('href')));
  await page.close();
  return found.filter((href) => /^(\/gate)?\/releases\//.test(href));
}

const browser = await chromium.launch({
  executablePath: env.PAGES_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  let storageState;
  if (env.PAGES_USER) {
    const context = await browser.newContext();
    try {
      await signIn(context);
      storageState = await context.storageState();
      say(true, 'sign in', []);
    } catch (error) {
      say(false, 'sign in', [error.message.split('\n')[0]]);
    }
    await context.close();
  }
  for (const view of VIEWS) {
    const viewport = { width: view.width, height: view.height };
    const context = await browser.newContext({ viewport, colorScheme: view.colorScheme, storageState });
    const next = [...paths];
    let followed = 0;
    for (const path of next) {
      try {
        const found = await look(context, path, view);
        for (const href of found.slice(0, env.PAGES_USER && followed < 2 ? 1 : 0)) {
          followed += 1;
          next.push(href);
        }
      } catch (error) {
        say(false, `${path} ${view.name}`, [error.message.split('\n')[0]]);
      }
    }
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

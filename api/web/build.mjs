// Bundles src/pages/*/main.tsx into a folder that the gateway serves: `node build.mjs [--out DIR] [--report]`.
//
// assets/ has scripts, styles and pictures under names that carry their content's hash, and their .br and .gz; beside it one HTML
// file a page, and pages.json. What Preact and lib/ are is one script that all pages share. New files are written first, then the
// pages that refer to them, and what nothing refers to any more is removed last: a folder can be rebuilt while it is served.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { pageTable, pages } from './pages.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const hlsVersion = createRequire(import.meta.url)('hls.js/package.json').version;

// hls.js is bundled from its sources with the features that Lectern's streams use. Its ready-made "light" build cannot play
// sound that is a rendition of its own, and the full one is a third larger.
const hlsFeatures = {
  __VERSION__: JSON.stringify(hlsVersion),
  __USE_ALT_AUDIO__: 'true',
  __USE_MEDIA_CAPABILITIES__: 'true',
  __USE_SUBTITLES__: 'false',
  __USE_CMCD__: 'false',
  __USE_CONTENT_STEERING__: 'false',
  __USE_EME_DRM__: 'false',
  __USE_IFRAMES__: 'false',
  __USE_INTERSTITIALS__: 'false',
  __USE_M2TS_ADVANCED_CODECS__: 'false',
  __USE_VARIABLE_SUBSTITUTION__: 'false',
  __IN_WORKER__: 'false',
  __HLS_WORKER_BUNDLE__: 'undefined',
};

// Lectern's media are fragmented MP4 without encryption, so that these modules never run: each finds that nothing is for it.
const unusedOfHls = {
  name: 'unused-of-hls',
  setup(build) {
    const filter = /hls\.js\/src\/(demux\/(tsdemuxer|audio\/(aacdemuxer|mp3demuxer))|remux\/mp4-generator|crypt\/aes-decryptor)\.ts$/;
    const contents = 'export default class { static probe() { return false; } }; export const removePadding = (data) => data;';
    build.onLoad({ filter }, () => ({ contents, loader: 'ts' }));
  },
};

const entryOf = (page) => page.entry ?? `src/pages/${page.name}/main.tsx`;

async function bundle() {
  const built = pages.filter((page) => existsSync(path.join(here, entryOf(page))));
  const entryPoints = [
    ...built.map((page) => ({ in: entryOf(page), out: page.name })),
    { in: 'src/lib/base.css', out: 'base' },
    { in: 'src/lib/icon.svg', out: 'icon' },
  ];
  const result = await build({
    absWorkingDir: here,
    entryPoints,
    outdir: '/assets',
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    alias: { 'hls.js': path.join(here, 'node_modules/hls.js/src/hls.ts') },
    loader: { '.svg': 'copy' },
    entryNames: '[name]-[hash]',
    chunkNames: 'shared-[hash]',
    plugins: [unusedOfHls],
    define: { ...hlsFeatures, 'process.env.NODE_ENV': '"production"' },
    metafile: true,
  });
  return { built, result };
}

// URL path of an output by the file that it was made from, and by that which esbuild calls it.
function addresses(metafile) {
  const byEntry = new Map();
  const outputs = new Map();
  for (const [file, output] of Object.entries(metafile.outputs)) {
    const url = `/assets/${path.basename(file)}`;
    outputs.set(file, { ...output, url });
    const asset = Object.keys(output.inputs)[0];
    if (output.entryPoint) byEntry.set(output.entryPoint, outputs.get(file));
    else if (asset?.endsWith('.svg')) byEntry.set(asset, outputs.get(file));
  }
  return { byEntry, outputs };
}

// Scripts that an entry imports before it runs, directly or not.
function importsOf(output, outputs, seen = new Set()) {
  for (const { path: file, kind } of output.imports) {
    if (kind !== 'import-statement' || seen.has(file)) continue;
    seen.add(file);
    importsOf(outputs.get(file), outputs, seen);
  }
  return seen;
}

function stylesOf(page, entry, { byEntry, outputs }) {
  const own = entry.cssBundle ? [outputs.get(entry.cssBundle).url] : [];
  return page.template ? own : [byEntry.get('src/lib/base.css').url, ...own];
}

function htmlOf(page, template, { byEntry, outputs }) {
  const entry = byEntry.get(entryOf(page));
  const styles = stylesOf(page, entry, { byEntry, outputs });
  const preloads = [...importsOf(entry, outputs)].map((file) => outputs.get(file).url);
  const head = [
    ...styles.map((url) => `<link rel="stylesheet" href="${url}">`),
    ...preloads.map((url) => `<link rel="modulepreload" href="${url}">`),
    `<script type="module" src="${entry.url}"></script>`,
  ];
  return template.replace('<!--head-->', head.join('\n    ')).replace('<!--icon-->', byEntry.get('src/lib/icon.svg').url);
}

function compressed(content) {
  const level = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  return [
    ['.br', brotliCompressSync(content, level)],
    ['.gz', gzipSync(content, { level: 9 })],
  ];
}

async function replaceFile(file, content) {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

// Everything in `folder` and `folder`/assets that this build did not make.
async function removeOld(folder, made) {
  for (const sub of ['', 'assets']) {
    for (const entry of await readdir(path.join(folder, sub), { withFileTypes: true })) {
      const name = path.join(sub, entry.name);
      if (entry.isFile() && !made.has(name)) await rm(path.join(folder, name), { force: true });
    }
  }
}

// Gzip sizes of what each page loads, as its budget counts them.
function sizesOf(page, { byEntry, outputs }, sizes) {
  const entry = byEntry.get(entryOf(page));
  const sum = (urls) => urls.reduce((total, url) => total + sizes.get(url), 0);
  const scripts = [entry.url, ...[...importsOf(entry, outputs)].map((file) => outputs.get(file).url)];
  return { script: sum(scripts), style: sum(stylesOf(page, entry, { byEntry, outputs })) };
}

// Builds into `folder`; answers {page name: {script, style}}, gzip bytes.
export async function buildPages(folder) {
  const { built, result } = await bundle();
  const known = addresses(result.metafile);
  await mkdir(path.join(folder, 'assets'), { recursive: true });
  const made = new Set();
  const sizes = new Map();
  const write = async (name, content, replace) => {
    made.add(name);
    const file = path.join(folder, name);
    if (replace) await replaceFile(file, content);
    else if (!existsSync(file)) await replaceFile(file, content);
  };
  for (const output of result.outputFiles) {
    const name = `assets/${path.basename(output.path)}`;
    for (const [suffix, content] of compressed(output.contents)) {
      await write(name + suffix, content, false);
      if (suffix === '.gz') sizes.set(`/${name}`, content.length);
    }
    await write(name, output.contents, false);
  }
  for (const page of built) {
    const template = await readFile(path.join(here, page.template ?? 'src/lib/page.html'), 'utf8');
    await write(`${page.name}.html`, htmlOf(page, template, known), true);
  }
  const files = new Set(built.map((page) => `${page.name}.html`));
  await write(
    'pages.json',
    JSON.stringify(
      pageTable().filter((entry) => files.has(entry.file)),
      null,
      1,
    ),
    true,
  );
  await removeOld(folder, made);
  return Object.fromEntries(built.map((page) => [page.name, sizesOf(page, known, sizes)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = process.argv.indexOf('--out');
  const folder = path.resolve(out > 0 ? process.argv[out + 1] : path.join(here, 'dist'));
  const sizes = await buildPages(folder);
  if (process.argv.includes('--report')) console.log(JSON.stringify(sizes));
  else
    for (const [page, { script, style }] of Object.entries(sizes))
      console.log(`${page}: script ${script}, style ${style} bytes (gzip)`);
}

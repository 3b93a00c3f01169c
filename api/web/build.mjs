// Bundles src/ into dist/: scripts and styles under names that carry their content's hash, and pages that refer to them.
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const pages = ['watch'];
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

await rm('dist', { recursive: true, force: true });
await mkdir('dist/assets', { recursive: true });

const result = await build({
  entryPoints: pages.flatMap((page) => [`src/${page}.ts`, `src/${page}.css`]),
  outdir: 'dist/assets',
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  define: hlsFeatures,
  metafile: true,
});

const hashed = new Map(
  Object.entries(result.metafile.outputs).map(([file, output]) => [
    path.basename(output.entryPoint ?? ''),
    `/assets/${path.basename(file)}`,
  ]),
);

for (const page of pages) {
  const html = await readFile(`src/${page}.html`, 'utf8');
  await writeFile(`dist/${page}.html`, html.replace(/\{\{([\w.]+)\}\}/g, (_, name) => {
    const file = hashed.get(name);
    if (!file) throw new Error(`src/${page}.html names ${name}, which was not built`);
    return file;
  }));
}

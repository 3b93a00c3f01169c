// Bundles a module of the pages for node, so that its rules are tested without a browser.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const web = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../api/web');
const { build } = createRequire(path.join(web, 'package.json'))('esbuild');

export async function load(file) {
  const result = await build({ absWorkingDir: web, entryPoints: [file], bundle: true, format: 'esm', target: 'es2022', write: false, platform: 'neutral' });
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].text).toString('base64')}`);
}

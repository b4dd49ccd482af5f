// How the programs and the library were built, because what links to the library has to be built so, too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const source = fileURLToPath(new URL('../..', import.meta.url));
export const build = process.env.TELEKV_BUILD;
if (!build) throw new Error('set TELEKV_BUILD to the folder of the build');

const cache = readFileSync(join(build, 'CMakeCache.txt'), 'utf8');
const builtWith = (name) => cache.match(new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm'))[1];
const sanitize = builtWith('TELEKV_SANITIZE');

/// What CMake takes from the environment for a project's first configuration.
export const compilerSettings = {
  CXX: builtWith('CMAKE_CXX_COMPILER'),
  CXXFLAGS: `-Wall -Wextra -Werror ${sanitize && `-fsanitize=${sanitize}`}`,
  CMAKE_BUILD_TYPE: builtWith('CMAKE_BUILD_TYPE'),
  CMAKE_GENERATOR: 'Ninja',
};

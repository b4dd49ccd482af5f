// The built telekv command as the tests run it, and what downloads the chat for it.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { botId, goodToken } from './clicker.mjs';
import { download } from './harness.mjs';

export class Telekv {
  constructor(place, environment) {
    Object.assign(this, { place, environment });
  }

  /// Runs to the end: {code, output, error}. `changes` to the environment; undefined removes.
  async run(args, { input, changes = {} } = {}) {
    const wanted = { ...this.environment, ...changes };
    const env = Object.fromEntries(
      Object.entries(wanted).filter(([, value]) => value !== undefined),
    );
    const program = this.place.start('telekv', args, { env, input });
    const { code } = await program.exit();
    return { code, output: program.output, error: program.error };
  }

  /// The same, which must succeed, with its report.
  async report(args, options) {
    const { code, output, error } = await this.run([...args, '--json'], options);
    if (code !== 0) throw new Error(`telekv ${args.join(' ')} ended with ${code}: ${error}`);
    return JSON.parse(output);
  }

  /// The users of the chat, as the old bot kept them.
  async users() {
    const { code, output, error } = await this.run(['export', '--chat', '--format', 'json']);
    if (code !== 0) throw new Error(`the export ended with ${code}: ${error}`);
    return JSON.parse(output);
  }
}

/// Every document of the vault's chat as a file, as the operator's client would save them.
export async function downloadChat(emulator, operator, folder) {
  const { messages } = await emulator.chat(botId, operator.id);
  for (const { message_id, document } of messages.filter((message) => message.document)) {
    const bytes = await download(emulator, goodToken, document.file_id);
    await writeFile(join(folder, `${message_id}-${document.file_name}`), bytes);
  }
  return (await readdir(folder)).map((name) => join(folder, name)).sort();
}
